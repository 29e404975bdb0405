"""A store gets what the others have (RET-2): packages written before it was there, or while it was away.

What it lacks is said by the database alone: a package without a row for it. Each is read whole from a copy that proves
to be good, written, read back and compared, and only then counts; whatever is killed leaves at most an object that no
row names, which the next run compares instead of writing it once more. One run at a time has a store (its check's
`run`); what nobody has a good copy of is a finding, and its fellows go on.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import User
from occ.texts import kept
from retention.backing.packing import Halted, Spool, Stopped, compare, place_says, spooled, written
from retention.choices import BagStatus, CheckKind, FindingKind, Result
from retention.models import Check, Copy, Finding, Journal, Pack, Packed, Store
from retention.services.backups import spool_folder
from retention.services.bags import held, let_go
from retention.services.findings import Seen, findings_gone, findings_keep
from retention.services.places import may_edit_stores
from retention.services.pulse import SILENT, beating
from retention.services.sending import send
from retention.services.verifying import Clock
from retention.storing import CHUNK, PlaceAway, Shelf, Unreadable, opened
from retention.workflow import CHECKER

SLICE = timedelta(minutes=4)
# What could not be copied is tried again after this.
AGAIN = timedelta(hours=6)
SOME = 50


@dataclass(frozen=True)
class Filling:
    """How far a store is: packages and bytes that it should hold, and those that it lacks."""

    packages: int
    missing: int
    missing_bytes: int
    check: Check | None  # the copying that is under way, or was the last

    @property
    def there(self) -> int:
        return self.packages - self.missing

    @property
    def at_work(self) -> bool:
        return self.check is not None and self.check.ended_at is None


def wanted() -> QuerySet[Pack]:
    """Packages that every store in use should hold: of which something can be read, and the tag files beside them."""
    readable = Packed.objects.filter(pack=OuterRef("pk"), key__isnull=False)
    live = Copy.objects.filter(pack=OuterRef("pk"), gone_at=None)
    return Pack.objects.filter(Exists(live), Q(number=0) | Exists(readable)).exclude(bag__status=BagStatus.GONE)


def lacking(store: Store) -> QuerySet[Pack]:
    return wanted().filter(~Exists(Copy.objects.filter(pack=OuterRef("pk"), store=store)))


def filling_of(store: Store) -> Filling:
    lacks = lacking(store).aggregate(n=Count("pk"), size=Sum("size"))
    check = Check.objects.filter(kind=CheckKind.COPYING, store=store).order_by("-pk").first()
    return Filling(wanted().count(), lacks["n"], lacks["size"] or 0, check)


def store_fill_ask(*, store_id: int, actor: User, now: datetime) -> None:
    """Have it done now, also what could not be copied before. Raises NotAllowed, WrongState."""
    if not may_edit_stores(actor):
        raise NotAllowed
    store = Store.objects.get(pk=store_id)
    if not store.active:
        raise WrongState(_("This store is not in use."))
    if not lacking(store).exists():
        raise WrongState(_("It lacks nothing."))
    record(actor=actor, action="store.fill_asked", subject=store, data={"store": store.code}, now=now)
    if not send("fill", store.pk, True):
        raise WrongState(_("The background is away: try again in some minutes."))


def fill_run(*, clock: Clock, lasting: timedelta = SLICE) -> int:
    """Beat: go on with every store that lacks something; how many packages were copied in this slice."""
    ends_at = clock() + lasting
    stores = Store.objects.active().select_related("credential").order_by("pk")
    return sum(store_fill(store=store, clock=clock, ends_at=ends_at) for store in stores)


def store_fill(*, store: Store, clock: Clock, ends_at: datetime, again: bool = False, actor: Actor = CHECKER) -> int:
    """Copy into the store what it lacks, until then; how many packages. `again`: also what failed a while ago."""
    count, tried, run, since = 0, 0, uuid.uuid4(), clock() if again else clock() - AGAIN
    if not _waiting(store, since).exists():
        return 0
    check = _claimed(store, run, actor, clock())
    if check is None:
        return 0
    shelf, away, done = opened(store), "", False
    try:
        while clock() < ends_at or tried == 0:
            some = list(_waiting(store, since).select_related("bag__batch__site").defer("bag__key")[:SOME])
            done = not some
            if done:
                journals_fill(store=store, clock=clock)
                break
            with beating(check.pk, run):
                for pack in some:
                    tried += 1
                    count += _copy(pack, shelf, check, run, clock)
                    if clock() >= ends_at:
                        break
    except Halted:
        return count
    except (Stopped, PlaceAway, Unreadable) as stopped:
        away = str(stopped)
    _leave(store, check, run, clock(), away=away, done=done, actor=actor)
    return count


def _waiting(store: Store, since: datetime) -> QuerySet[Pack]:
    """What it lacks, but for what could not be copied when it was tried since then."""
    failed = Finding.objects.open().filter(store=store, kind=FindingKind.NOT_COPIED, seen_at__gte=since)
    return lacking(store).filter(~Exists(failed.filter(name=OuterRef("name")))).order_by("pk")


@transaction.atomic
def _claimed(store: Store, run: uuid.UUID, actor: Actor, now: datetime) -> Check | None:
    """The store's copying, this run's; None where another run is at it."""
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    check = Check.objects.filter(kind=CheckKind.COPYING, store=store, ended_at=None).order_by("-pk").first()
    if check is None:
        return Check.objects.create(
            kind=CheckKind.COPYING, store=store, started_at=now, by=str(actor)[:150], run=run, heard_at=now
        )
    if check.run is not None and check.heard_at is not None and now - check.heard_at < SILENT:
        return None
    check.run, check.heard_at, check.note = run, now, ""
    check.save(update_fields=["run", "heard_at", "note"])
    return check


def _copy(pack: Pack, shelf: Shelf, check: Check, run: uuid.UUID, clock: Clock) -> bool:
    """One package, if somebody has it right. Raises Stopped, PlaceAway (this store), Halted."""
    store = shelf.place
    others = Copy.objects.filter(pack=pack, gone_at=None).exclude(store=store.pk).select_related("store__credential")
    others_now = list(others.order_by("-store__active", "pk"))
    let_go()
    with spooled(spool_folder()) as spool:
        why: list[str] = []
        good = next((copy for copy in others_now if fetched(copy, pack, spool, why)), None)
        version = "" if good is None else _placed(pack, shelf, spool)
    with transaction.atomic():
        now = clock()
        if not Check.objects.filter(pk=check.pk, run=run).update(heard_at=now):
            raise Halted
        if good is None:
            detail = kept(gettext_noop("No other store has a good copy of it.")) + " " + "; ".join(why)
            seen = [Seen(pack.name, pack.bag.batch.site, detail, pack.bag)]
            findings_keep(kind=FindingKind.NOT_COPIED, place=_store(shelf), seen=seen, complete=False, now=now)
            Check.objects.filter(pk=check.pk).update(failures=F("failures") + 1)
            return False
        still = held(pack)
        if still:
            Copy.objects.get_or_create(pack=pack, store_id=store.pk, defaults={"version": version, "checked_at": now})
            kinds = [FindingKind.NOT_COPIED, FindingKind.FOREIGN_PACK]
            findings_gone(kinds=kinds, place=_store(shelf), names=[pack.name], now=now)
            Check.objects.filter(pk=check.pk).update(
                objects_count=F("objects_count") + 1, bytes_count=F("bytes_count") + pack.size
            )
    if not still:  # destroyed while it was copied
        shelf.delete(pack.name)
    return still


def _store(shelf: Shelf) -> Store:
    assert isinstance(shelf.place, Store)
    return shelf.place


def _placed(pack: Pack, shelf: Shelf, spool: Spool) -> str:
    """The package in the store, byte by byte as in the spool; its version. Raises Stopped, PlaceAway, Unreadable."""
    try:
        found = shelf.head(pack.name)
    except FileNotFoundError:
        found = None
    if found is not None:  # a run that was killed left it, and nobody names it
        with suppress(Stopped, FileNotFoundError, Unreadable):
            compare(shelf, pack.name, spool)
            return shelf.version(pack.name)
        shelf.delete(pack.name)
    return written(spool, pack.name, [shelf])[shelf.place.pk]


def fetched(copy: Copy, pack: Pack, spool: Spool, why: list[str] | None = None) -> bool:
    """Whether the copy is good; it is in the spool then. `why` gets what is wrong with it."""
    spool.back_to((0, hashlib.sha256()))
    reason = _("what was read is not what was backed up.")
    try:
        for piece in opened(copy.store).read(pack.name, CHUNK):
            spool.write(piece)
    except (PlaceAway, FileNotFoundError, Unreadable) as error:
        reason = str(error)
    else:
        if spool.size == pack.size and spool.sha.hexdigest() == pack.sha256:
            return True
    if why is not None:
        why.append(f"{copy.store}: {reason}")
    return False


def _leave(
    store: Store, check: Check, run: uuid.UUID, now: datetime, *, away: str, done: bool, actor: Actor
) -> None:  # fmt: skip
    """Let go of it; a copying that came to its end says how it went, one that stopped goes on with the next beat."""
    check.refresh_from_db()
    kept: dict[str, object] = {"run": None, "heard_at": now, "note": away[:300]}
    if done:
        kept |= {"ended_at": now, "result": Result.FAILED if check.failures else Result.OK}
    with transaction.atomic():
        if not Check.objects.filter(pk=check.pk, run=run).update(**kept) or not done:
            return
        data = {"store": store.code, "packages": check.objects_count, "bytes": check.bytes_count,
                "failures": check.failures}  # fmt: skip
        record(actor=actor, action="store.filled", subject=store, data=data, now=now)


# Journals -------------------------------------------------------------------------------------------------------------


def journals_fill(*, store: Store, clock: Clock) -> int:
    """The journals of what was destroyed that the store lacks, by its list; how many. Raises PlaceAway."""
    known = dict(Journal.objects.values_list("name", "sha256"))
    if not known:
        return 0
    shelf = opened(store)
    there = {one.name for one in shelf.objects("tombstones")}
    missing = sorted(known.keys() - there)
    others = list(Store.objects.exclude(pk=store.pk).select_related("credential").order_by("-active", "pk"))
    count = sum(_journal(name, known[name], shelf, others) for name in missing)
    if count:
        data = {"store": store.code, "journals": count}
        record(actor=CHECKER, action="store.journals_filled", subject=store, data=data, now=clock())
    return count


def _journal(name: str, sha256: str, shelf: Shelf, others: Sequence[Store]) -> bool:
    content = journal_fetched(name, sha256, others)
    if content is not None:
        journal_written(name, content, shelf)
    return content is not None


def journal_fetched(name: str, sha256: str, others: Sequence[Store]) -> bytes | None:
    for other in others:
        try:
            content = b"".join(opened(other).read(name))
        except (PlaceAway, FileNotFoundError, Unreadable):
            continue
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
    return None


def journal_written(name: str, content: bytes, shelf: Shelf) -> None:
    """Raises PlaceAway, FileNotFoundError, Unreadable."""
    shelf.put(name, content)
    if b"".join(shelf.read(name)) != content:
        raise PlaceAway(place_says(shelf, _("what was read back is not what was written.")))
