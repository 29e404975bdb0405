"""What each store holds against what it should hold, daily, by its list, and a share of its journals (RET-6); and the
alarm over checks that were not run. The sources' lists are read by their scans."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import Site
from occ.people.scope import first_site
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day
from retention.choices import BagStatus, CheckKind, FindingKind, Result
from retention.models import Bag, Check, Copy, Finding, LostPacked, Pack, Packed, Store
from retention.policies import DRILL_LATE_DAYS, FIXITY_DAYS
from retention.services.bags import let_go
from retention.services.filling import journals_fill
from retention.services.findings import Seen, findings_gone, findings_keep
from retention.services.journal import journals_keep
from retention.services.journal_checks import Looked, journals_look, journals_tell
from retention.services.places import shown
from retention.services.pulse import SILENT, beating
from retention.services.verifying import Clock, live_copies, oldest_check
from retention.storing import Object, PlaceAway, Shelf, opened
from retention.workflow import CHECKER

SOME = 2_000
EVERY = timedelta(hours=24)
LATE = timedelta(hours=48)
GROWN = timedelta(days=1)  # a younger object may be one that is being written


def listing_run(*, clock: Clock) -> int:
    """List every store whose list was last read a day ago, unless another run is at it; how many."""
    count = 0
    for store in Store.objects.active().select_related("credential").order_by("pk"):
        last = last_check(CheckKind.LISTING, store)
        if last is not None and clock() - last < EVERY:
            continue
        try:
            check = store_list(store=store, actor=CHECKER, clock=clock)
        except WrongState:
            continue
        if check.result != Result.NOT_RUN:
            with suppress(PlaceAway):  # it went between the two: the next list sees to it
                journals_fill(store=store, clock=clock)
                journals_keep(store)  # what no other store has
            count += 1
    return count


def last_check(kind: CheckKind, store: Store | None = None) -> datetime | None:
    """When the last one began that was run; of drills, one whose batch was drawn and not chosen by somebody."""
    rows = Check.objects.filter(kind=kind).exclude(result=Result.NOT_RUN)
    if kind == CheckKind.DRILL:
        rows = rows.exclude(seed="")
    if store is not None:
        rows = rows.filter(store=store)
    return rows.order_by("-started_at").values_list("started_at", flat=True).first()


def store_list(*, store: Store, actor: Actor, clock: Clock) -> Check:
    """Read the store's list: packages missing or of another size, and objects that no package names.

    Raises WrongState where another run reads it.
    """
    began, run = clock(), uuid.uuid4()
    check = _claimed(store, run, actor, began)
    with beating(check.pk, run):
        _read(store, check, run, actor, clock)
    check.refresh_from_db()
    return check


@transaction.atomic
def _claimed(store: Store, run: uuid.UUID, actor: Actor, now: datetime) -> Check:
    """The list that is read now, this run's; what a dead one left is begun anew. Raises WrongState."""
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    check = Check.objects.filter(kind=CheckKind.LISTING, store=store, ended_at=None).order_by("-pk").first()
    if check is None:
        check = Check(kind=CheckKind.LISTING, store=store)
    elif check.heard_at is not None and now - check.heard_at < SILENT:
        raise WrongState(_("The list of this store is being read already."), code="under_way")
    check.run, check.heard_at, check.started_at, check.by = run, now, now, str(actor)[:150]
    check.save(update_fields=["run", "heard_at", "started_at", "by"] if check.pk else None)
    return check


def _read(store: Store, check: Check, run: uuid.UUID, actor: Actor, clock: Clock) -> None:
    began = check.started_at
    live = dict(live_copies().filter(store=store).values_list("pack_id", "pack__size"))
    let_go()
    count = total = 0
    foreign: list[Object] = []
    wrong: list[int] = []
    left: list[int] = []
    try:
        shelf = opened(store)
        objects = shelf.objects("bags")
        while some := [replace(one, name=shown(one.name)) for one in islice(objects, SOME)]:
            known = dict(Pack.objects.filter(name__in=[one.name for one in some]).values_list("name", "pk"))
            let_go()
            for one in some:
                count, total = count + 1, total + one.size
                pk = known.get(one.name)
                if pk is None:
                    foreign.append(one)
                elif pk not in live:
                    left.append(pk)
                elif live.pop(pk) != one.size:
                    wrong.append(pk)
        swept = _sweep(store, shelf, left)
        before = Check.objects.filter(kind=CheckKind.LISTING, store=store).exclude(result=Result.NOT_RUN)
        looked = journals_look(shelf=shelf, before=before.order_by("-started_at").first(), now=began)
    except PlaceAway as away:
        _end(check, run, clock(), result=Result.NOT_RUN, note=str(away)[:300])
        return
    old = [one for one in foreign if one.changed_at is None or began - one.changed_at >= GROWN]
    # A package that was written since the listing began is not in it, and not among the live ones either.
    if swept:
        data = {"store": store.code, "packages": swept}
        record(actor=actor, action="store.leftovers_removed", subject=store, data=data, now=clock())
    with transaction.atomic():
        if Check.objects.select_for_update(no_key=True).filter(pk=check.pk, run=run).exists():  # else it is another's
            failures = _keep(store, list(live), wrong, old, looked, clock())
            _end(
                check, run, clock(), objects_count=count, bytes_count=total, failures=failures,
                result=Result.FAILED if failures else Result.OK, details={"journal": looked.last},
            )  # fmt: skip


def _end(check: Check, run: uuid.UUID, now: datetime, **said: Any) -> None:
    Check.objects.filter(pk=check.pk, run=run).update(run=None, ended_at=now, **said)


def _sweep(store: Store, shelf: Shelf, packs: list[int]) -> list[str]:
    """Delete packages of which nothing can be read any more, and no row says that they lie here: a repair or a copying
    was killed while their last record went. Their names. Raises PlaceAway.
    """
    live = Exists(Copy.objects.filter(pack=OuterRef("pk"), store=store, gone_at=None))
    rows = Pack.objects.filter(~live, pk__in=packs, number__gt=0)
    for some in (Packed.objects, LostPacked.objects):
        rows = rows.exclude(Exists(some.filter(pack=OuterRef("pk"), key__isnull=False)))
    names = list(rows.values_list("name", flat=True))
    let_go()
    for name in names:
        shelf.delete(name)
    return names


def _keep(
    store: Store, missing: list[int], wrong: list[int], foreign: list[Object], looked: Looked, now: datetime
) -> int:  # fmt: skip
    """What was found; how much is wrong."""
    gone = Copy.objects.filter(store=store, pack__in=missing, gone_at=None)  # not those destroyed meanwhile
    missing = list(gone.values_list("pack_id", flat=True))
    seen = _seen(missing)
    for kind, pks in ((FindingKind.PACK_MISSING, missing), (FindingKind.SIZE, wrong)):
        if pks:
            found = seen if kind == FindingKind.PACK_MISSING else _seen(pks)
            findings_keep(kind=kind, place=store, seen=found, complete=False, now=now)
            Copy.objects.filter(store=store, pack__in=pks).update(result=Result.FAILED)
    site = first_site()
    strangers = [Seen(one.name, site, kept(gettext_noop("%(n)s bytes"), n=one.size)) for one in foreign] if site else []
    findings_keep(kind=FindingKind.FOREIGN_PACK, place=store, seen=strangers, complete=False, now=now)
    told = Finding.objects.open().filter(store=store, kind=FindingKind.FOREIGN_PACK, name__startswith="bags/")
    gone_now = set(told.values_list("name", flat=True)).difference(one.name for one in strangers)
    findings_gone(kinds=[FindingKind.FOREIGN_PACK], place=store, names=gone_now, now=now)
    journals_tell(store=store, looked=looked, site=site, now=now)
    return len(missing) + len(wrong) + len(strangers) + looked.failures


def _seen(packs: Iterable[int]) -> list[Seen]:
    rows = Pack.objects.filter(pk__in=list(packs)).select_related("bag__batch__site").defer("bag__key")
    return [Seen(one.name, one.bag.batch.site, "", one.bag) for one in rows]


def alarms(*, now: datetime) -> int:
    """A finding for each check that should have been run and was not; those that were run since are gone. How many."""
    site, count = first_site(), 0
    if site is None:
        return 0
    days = policy_value(FIXITY_DAYS, at=now)
    for store in Store.objects.active().order_by("pk"):
        late: dict[str, tuple[CheckKind, str]] = {}
        oldest = oldest_check(store)
        if oldest is not None and now - oldest > timedelta(days=days):
            late["fixity"] = (
                CheckKind.FIXITY,
                kept(gettext_noop("A package was last read on %(at)s."), at=f"{local_day(oldest, site.zone):%Y-%m-%d}"),
            )
        if oldest is not None and _silent(store, now):
            late["listing"] = CheckKind.LISTING, kept(gettext_noop("Its list was not read for two days."))
        if _drill_late(store, now):
            late["drill"] = CheckKind.DRILL, kept(gettext_noop("No restore drill was made in time."))
        count += _alarm(store, site, late, now)
    return count


def _silent(store: Store, now: datetime) -> bool:
    since = last_check(CheckKind.LISTING, store)
    if since is None:
        since = live_copies().filter(store=store).order_by("pk").values_list("pack__written_at", flat=True).first()
    return since is not None and now - since > LATE


def _drill_late(store: Store, now: datetime) -> bool:
    """Told at the first store in use: a drill is of a batch, not of a store."""
    if store != Store.objects.active().order_by("pk").first():
        return False
    since = last_check(CheckKind.DRILL)
    if since is None:
        since = Bag.objects.filter(status=BagStatus.COMPLETE).order_by("completed_at").values_list(
            "completed_at", flat=True
        ).first()  # fmt: skip
    return since is not None and now - since > timedelta(days=policy_value(DRILL_LATE_DAYS, at=now))


@transaction.atomic
def _alarm(store: Store, site: Site, late: dict[str, tuple[CheckKind, str]], now: datetime) -> int:
    seen = [Seen(name, site, detail) for name, (_kind, detail) in late.items()]
    new = findings_keep(kind=FindingKind.NOT_RUN, place=store, seen=seen, complete=True, now=now)
    for one in new:
        kind, detail = late[one.name]
        Check.objects.create(
            kind=kind, store=store, started_at=now, ended_at=now, result=Result.NOT_RUN, note=detail, by=str(CHECKER)
        )
    return len(new)
