"""A damaged copy is written anew from another store's good one, read back, and its findings are settled (RET-6)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.people.scope import has_role
from retention.backing.packing import Stopped, spooled, written
from retention.choices import FindingKind, Result
from retention.models import Copy, Finding, Pack
from retention.personal import KEEPERS
from retention.services.backups import spool_folder
from retention.services.bags import let_go
from retention.services.filling import fetched
from retention.services.findings import finding_resolve
from retention.services.sending import send
from retention.storing import opened

MENDABLE = (FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING)


class NoGoodCopy(Refused):
    code = "no_good_copy"
    status = 409


def finding_repair_ask(*, finding_id: int, actor: User, now: datetime) -> None:
    """Have it done in the background. Raises NotAllowed, WrongState."""
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
        try:
            versions = written(spool, pack.name, [opened(store)])
        except Stopped as stopped:
            raise Invalid(str(stopped)) from stopped
    with transaction.atomic():
        Copy.objects.filter(pack=pack, store=store).update(version=versions[store.pk], checked_at=now, result=Result.OK)
        shown = _("Written anew from %(store)s and read back; SHA-256 %(sha256)s.")
        evidence = {"text": shown % {"store": good.store, "sha256": pack.sha256}}
        wrong = Finding.objects.open().filter(store=store, name=pack.name, kind__in=MENDABLE)
        for pk in list(wrong.values_list("pk", flat=True)):
            finding_resolve(finding_id=pk, evidence=evidence, actor=actor, now=now)
        data = {"store": store.code, "package": pack.name, "from": good.store.code, "sha256": pack.sha256}
        record(actor=actor, action="retention.copy_repaired", subject=finding, data=data, now=now, site=finding.site)
    finding.refresh_from_db()
    return finding


def finding_repair_failed(*, finding_id: int, why: str) -> None:
    """What the page shows of a repair in the background that did not work."""
    Finding.objects.filter(pk=finding_id).update(
        detail=(_("It could not be written anew: %(why)s") % {"why": why})[:300]
    )
