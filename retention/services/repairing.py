"""A damaged copy is written anew from another store's good one, read back, and its findings are settled (RET-6).

Invariant: what was destroyed while it was written is deleted again; what a killed one leaves goes with the store's next
list.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from retention.backing.packing import Stopped, spooled, written
from retention.choices import FindingKind, Result
from retention.models import Copy, Finding, Journal, Pack, Store
from retention.personal import KEEPERS
from retention.services.backups import spool_folder
from retention.services.bags import held, let_go
from retention.services.filling import fetched, journal_fetched, journal_written
from retention.services.findings import finding_mend
from retention.services.journal import journal_content
from retention.services.sending import send
from retention.storing import PlaceAway, Unreadable, opened

MENDABLE = (FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING)


class NoGoodCopy(Refused):
    code = "no_good_copy"
    status = 409


def finding_repair_ask(*, finding_id: int, actor: User, now: datetime) -> None:
    """Have it done in the background, where `finding_claimed` sees to it that it is done once at a time.

    Raises NotAllowed, WrongState.
    """
    _mendable(finding_id, actor)
    if not send("repair", finding_id, actor.pk):
        raise WrongState(_("The background is away: try again in some minutes."))


def _mendable(finding_id: int, actor: User) -> Finding:
    finding = Finding.objects.select_related("site", "store__credential").get(pk=finding_id)
    if not has_role(actor, KEEPERS, site=finding.site):
        raise NotAllowed
    if not finding.is_open or finding.kind not in MENDABLE or finding.store is None:
        raise WrongState(_("There is nothing to be written anew here."))
    return finding


def finding_repair(*, finding_id: int, actor: User, now: datetime) -> Finding:
    """Write the copy anew. Raises NotAllowed, WrongState, Invalid (the store does not take it), NoGoodCopy."""
    finding = _mendable(finding_id, actor)
    store = finding.store
    assert store is not None
    page = Journal.objects.filter(name=finding.name).select_related("proposal__site", "proposal__approval").first()
    if page is not None:
        return _journal(page, finding, store, actor, now)
    pack = Pack.objects.filter(name=finding.name).first()
    if pack is None or not Copy.objects.filter(pack=pack, store=store, gone_at=None).exists():
        raise WrongState(_("There is nothing to be written anew here."))
    others = Copy.objects.filter(pack=pack, gone_at=None).exclude(store=store).select_related("store__credential")
    others_now = list(others.order_by("-store__active", "pk"))
    let_go()
    with spooled(spool_folder()) as spool:
        good = next((copy for copy in others_now if fetched(copy, pack, spool)), None)
        if good is None:
            raise NoGoodCopy(_("No other store has a good copy of it."))
        shelf = opened(store)
        try:
            versions = written(spool, pack.name, [shelf])
        except Stopped as stopped:
            raise Invalid(str(stopped)) from stopped
    with transaction.atomic():
        new = {"version": versions[store.pk], "checked_at": now, "result": Result.OK}
        kept = held(pack) and Copy.objects.filter(pack=pack, store=store, gone_at=None).update(**new)
        if kept:
            _settle(finding, store, pack.name, pack.sha256, str(good.store), good.store.code, actor, now)
    if not kept:
        shelf.delete(pack.name)
        raise WrongState(_("It was destroyed meanwhile: nothing is left to be written anew."))
    finding.refresh_from_db()
    return finding


def _settle(
    finding: Finding, store: Store, name: str, sha256: str, shown: str, code: str, actor: User, now: datetime
) -> None:  # fmt: skip
    """`shown`, `code`: whence it came."""
    words = gettext_noop("Written anew from %(store)s and read back; SHA-256 %(sha256)s.")
    evidence = {"text": kept(words, store=shown, sha256=sha256), "asked_by": str(actor)}
    wrong = Finding.objects.open().filter(store=store, name=name, kind__in=MENDABLE)
    for pk in list(wrong.values_list("pk", flat=True)):
        finding_mend(finding_id=pk, evidence=evidence, now=now)
    data = {"store": store.code, "package": name, "from": code, "sha256": sha256}
    record(actor=actor, action="retention.copy_repaired", subject=finding, data=data, now=now, site=finding.site)


def _journal(page: Journal, finding: Finding, store: Store, actor: User, now: datetime) -> Finding:
    """A journal of what was destroyed: from another store, or as the tombstones have it."""
    others = list(Store.objects.exclude(pk=store.pk).select_related("credential").order_by("-active", "pk"))
    content, shown, code = journal_fetched(page.name, page.sha256, others), _("another store"), "store"
    if content is None:
        content, shown, code = journal_content(page), _("the tombstones"), "tombstones"
    if hashlib.sha256(content).hexdigest() != page.sha256:
        raise NoGoodCopy(_("No other store has a good copy of it."))
    try:
        journal_written(page.name, content, opened(store))
    except (PlaceAway, FileNotFoundError, Unreadable) as error:
        raise Invalid(str(error)) from error
    with transaction.atomic():
        _settle(finding, store, page.name, page.sha256, shown, code, actor, now)
    finding.refresh_from_db()
    return finding


def finding_repair_failed(*, finding_id: int, why: str) -> None:
    """What the page shows of a repair in the background that did not work; not of one that is settled by now."""
    Finding.objects.open().filter(pk=finding_id).update(
        detail=kept(gettext_noop("It could not be written anew: %(why)s"), why=str(why)[:160])[:300]
    )
