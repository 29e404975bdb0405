"""Fixity (RET-6): packages are read whole and compared with what is known of them, the oldest check first.

Each store is read in turn so that every package is read within the policy's days: a share a day, in slices, and more
where it has fallen behind. What a place does not give out now says nothing of its packages: that is "not run", which is
an alarm when it lasts. No connection to the database is held while hashing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Min, Q, QuerySet, Sum
from django.utils.translation import gettext_noop

from occ.people.actors import Actor
from occ.people.models import Site, User
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import JAKARTA, local_day, start_of_day
from retention.backing import keys
from retention.backing.frames import HEAD, Broken, Opener, length_in
from retention.backing.keys import KeyWrong
from retention.choices import CheckKind, FindingKind, Result
from retention.models import Batch, Check, Copy, Finding, Pack, Packed, Record, Store
from retention.policies import FIXITY_DAYS
from retention.services.bags import TAGS, bag_key, let_go
from retention.services.findings import Seen, findings_gone, findings_keep, findings_over
from retention.services.pulse import SILENT, beating
from retention.storing import CHUNK, PlaceAway, Shelf, Unreadable, opened
from retention.workflow import CHECKER

GROUP = 8
THREADS = 2
SLICE = timedelta(minutes=4)
FRESH = timedelta(days=1)  # read more recently than that, it is not read for the share of the day
OF_A_PACK = (FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING)
NOTHING = gettext_noop("Nothing was read: no store in use has a copy.")
LOCK = 0x0CC_21  # of advisory locks: one for each bag's readings, which find the same about its keys
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Tap:
    """A record whose key must open the first of its frames."""

    record: int
    name: str
    offset: int
    wrapped: bytes


@dataclass
class Reading:
    """One copy to be read, and what came of it: `kind` None where it is in order, `away` where nothing is known."""

    copy: Copy
    shelf: Shelf
    by: bytes | None  # what wraps the keys; None where that key cannot be read
    taps: list[Tap]
    kind: FindingKind | None = None
    detail: str = ""
    away: str = ""
    shut: list[Tap] = field(default_factory=list)  # that their keys do not open

    @property
    def proves(self) -> bool:
        """Whether a record opened: then the bag's key is the right one. Tag files have a key of their own."""
        opened_some = self.kind is None and self.by is not None and len(self.shut) < len(self.taps)
        return opened_some and self.copy.pack.number > 0

    @property
    def locked(self) -> bool:
        """Whether there is something that a key should open, and none to open it."""
        return self.by is None and bool(self.taps)

    def read(self) -> None:
        pack, said, size = self.copy.pack, hashlib.sha256(), 0
        looker = Looker(self)
        try:
            for piece in self.shelf.read(pack.name, CHUNK):
                said.update(piece)
                size += len(piece)
                looker.look(piece)
        except PlaceAway as away:
            self.away = str(away)
        except FileNotFoundError:
            self.kind = FindingKind.PACK_MISSING
        except Unreadable as error:
            self.kind, self.detail = FindingKind.DAMAGED, str(error)
        else:
            if size != pack.size:
                self.kind = FindingKind.SIZE
                self.detail = kept(gettext_noop("%(size)s bytes and not %(known)s"), size=size, known=pack.size)
            elif said.hexdigest() != pack.sha256:
                self.kind, self.detail = FindingKind.DAMAGED, kept(gettext_noop("Its SHA-256 is another one."))
            else:
                self.shut = looker.shut


class Looker:
    """Looks at the first frame of each record as the package passes."""

    def __init__(self, reading: Reading) -> None:
        self.by, self.taps = reading.by, deque(reading.taps)
        self.identifier = reading.copy.pack.bag.identifier
        self.tags = reading.copy.pack.number == 0
        self.window, self.start, self.shut = bytearray(), 0, list[Tap]()

    def look(self, piece: bytes) -> None:
        if self.by is None or not self.taps:
            return
        self.window += piece
        while self.taps and (frame := self._frame(self.taps[0].offset - self.start)) is not None:
            tap = self.taps.popleft()
            try:
                name = f"{self.identifier}/{tap.name}"
                wrapped = frame if self.tags else tap.wrapped
                own = keys.unwrap(wrapped, by=self.by, name=name)
                if not self.tags:
                    Opener(own).frame(frame[: HEAD.size], frame[HEAD.size :])
            except (KeyWrong, Broken):
                self.shut.append(tap)
        drop = min(self.taps[0].offset - self.start, len(self.window)) if self.taps else len(self.window)
        del self.window[:drop]
        self.start += drop

    def _frame(self, at: int) -> bytes | None:
        """The frame there, or the wrapped key of tag files; None where it has not passed yet."""
        if self.tags:
            end = at + keys.WRAPPED
        elif at + HEAD.size > len(self.window):
            return None
        else:
            try:
                end = at + HEAD.size + length_in(bytes(self.window[at : at + HEAD.size]))
            except Broken:
                end = at + HEAD.size
        return bytes(self.window[at:end]) if end <= len(self.window) else None


@dataclass
class Read:
    """Sums over copies."""

    objects: int = 0
    bytes: int = 0
    failures: int = 0
    away: str = ""


def copies_verify(copies: Sequence[int], *, clock: Clock, asked_by: str = "") -> Read:
    """Read those copies, keep what was found, and say how many; a store that is away is told and left.

    `asked_by`: who asked for it, in words, for the histories of what it settles.
    """
    done = Read()
    for i in range(0, len(copies), GROUP):
        readings = _readings(copies[i : i + GROUP])
        let_go()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="fixity") as pool:
            list(pool.map(Reading.read, readings))
        for one in readings:
            if one.away:
                done.away = f"{one.copy.store}: {one.away}"
                continue
            _keep(one, clock(), asked_by)
            done.objects += 1
            done.bytes += one.copy.pack.size
            done.failures += one.kind is not None or bool(one.shut) or one.locked
        let_go()
        if done.away:
            break
    return done


def _readings(pks: Sequence[int]) -> list[Reading]:
    rows = Copy.objects.filter(pk__in=pks, gone_at=None).defer("pack__bag__key")
    rows = rows.select_related("pack__bag__batch__site", "store__credential").order_by("checked_at", "pk")
    by_bag: dict[int, bytes | None] = {}
    shelves: dict[int, Shelf] = {}
    found = []
    for copy in rows:
        bag = copy.pack.bag
        if bag.pk not in by_bag:
            by_bag[bag.pk] = _key_or_none(bag.pk)
        shelf = shelves.setdefault(copy.store_id, opened(copy.store))
        found.append(Reading(copy, shelf, by_bag[bag.pk], _taps(copy)))
    return found


def _taps(copy: Copy) -> list[Tap]:
    if copy.pack.number == 0:  # of a bag in which nothing is left to be read, nobody needs them
        needed = Packed.objects.filter(pack__bag=copy.pack.bag_id, key__isnull=False).exists()
        return [Tap(0, "tags", len(TAGS), b"")] if needed else []
    rows = Packed.objects.filter(pack=copy.pack_id, key__isnull=False).order_by("offset")
    return [
        Tap(pk, name, at, bytes(key or b""))
        for pk, name, at, key in rows.values_list("record_id", "name", "offset", "key")
    ]


def _key_or_none(bag_id: int) -> bytes | None:
    try:
        return bag_key(bag_id)
    except KeyWrong:
        return None


@transaction.atomic
def _keep(one: Reading, now: datetime, asked_by: str = "") -> None:
    copy, pack = one.copy, one.copy.pack
    site, bag = pack.bag.batch.site, pack.bag
    wrong = one.kind is not None or bool(one.shut) or one.locked
    result = Result.FAILED if wrong else Result.OK
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, bag.pk])
    if not Copy.objects.filter(pk=copy.pk, gone_at=None).update(checked_at=now, result=result):
        return  # destroyed meanwhile
    settled = [kind for kind in OF_A_PACK if kind != one.kind]
    findings_gone(kinds=settled, place=copy.store, names=[pack.name], asked_by=asked_by, now=now)
    if one.kind is not None:
        seen = [Seen(pack.name, site, one.detail, bag)]
        findings_keep(kind=one.kind, place=copy.store, seen=seen, complete=False, now=now)
        return
    seen = _keys_seen(one, site)
    known = Finding.objects.open().filter(kind=FindingKind.KEY_MISSING, bag=bag)
    of_pack = known.filter(Q(record__packed__pack=pack) | Q(record=None)).exclude(name__in=[key.name for key in seen])
    shut = any(key.name == bag.identifier for key in seen)  # then nothing can be said of its records' keys
    if over := [key.pk for key in of_pack if not shut and _is_over(key, one)]:
        findings_over(rows=Finding.objects.filter(pk__in=over), asked_by=asked_by, now=now)
    if seen:
        findings_keep(kind=FindingKind.KEY_MISSING, place=None, seen=seen, complete=False, now=now)


def _keys_seen(one: Reading, site: Site) -> list[Seen]:
    """What is wrong with keys, each once whatever it shuts: the bag's, or those of single records."""
    pack, bag = one.copy.pack, one.copy.pack.bag
    if one.locked or (len(one.shut) == len(one.taps) > 0 and _opens_any(one) is False):
        words = gettext_noop("The bag's key opens none of its records: %(n)s packages.")
        if one.locked:
            words = gettext_noop("The bag's key cannot be read: %(n)s packages.")
        count = Pack.objects.filter(bag=bag, copies__gone_at=None).distinct().count()
        return [Seen(bag.identifier, site, kept(words, n=count), bag)]
    if not one.shut:
        return []
    records = Record.objects.in_bulk([tap.record for tap in one.shut if tap.record])
    detail = kept(gettext_noop("The key does not open it, in package %(pack)s."), pack=pack.name)
    return [Seen(f"{bag.identifier}#{tap.name}", site, detail, bag, records.get(tap.record)) for tap in one.shut]


def _is_over(finding: Finding, one: Reading) -> bool:
    """Whether this reading shows that the key is in order, or that nothing needs it any more."""
    bag = one.copy.pack.bag
    if finding.name == bag.identifier:
        return _opens_any(one) is not False
    return finding.record_id is not None or one.copy.pack.number == 0  # of one record; of the tag files


def _opens_any(one: Reading) -> bool | None:
    """Whether the bag's key opens any of its records: this reading shows it, else all of their keys are tried.

    None where there are none left.
    """
    if one.proves:
        return True
    bag = one.copy.pack.bag
    rows = Packed.objects.filter(pack__bag=bag, key__isnull=False).order_by()
    if one.by is None:
        return False if rows.exists() else None
    found = None
    for name, key in rows.values_list("name", "key").iterator(chunk_size=2_000):
        try:
            keys.unwrap(bytes(key or b""), by=one.by, name=f"{bag.identifier}/{name}")
        except KeyWrong:
            found = False
        else:
            return True
    return found


def live_copies() -> QuerySet[Copy]:
    return Copy.objects.filter(gone_at=None, store__active=True)


def batch_verify(*, batch_id: int, actor: Actor, clock: Clock) -> Check:
    """Read every copy of every package of the batch."""
    began = clock()
    batch = Batch.objects.get(pk=batch_id)
    pks = list(live_copies().filter(pack__bag__batch=batch).order_by("checked_at", "pk").values_list("pk", flat=True))
    return _checked(pks, began, clock, actor, batch=batch)


def store_verify(*, store: Store, actor: Actor, clock: Clock) -> Check:
    """Read all of a store, whenever it was read last."""
    pks = list(live_copies().filter(store=store).order_by("checked_at", "pk").values_list("pk", flat=True))
    return _checked(pks, clock(), clock, actor, store=store)


def packs_verify(*, packs: Sequence[int], actor: Actor, clock: Clock) -> Check:
    """Read every copy of those packages; the check says of which batch they are, where they are of one."""
    pks = list(live_copies().filter(pack__in=packs).order_by("checked_at", "pk").values_list("pk", flat=True))
    batches = list(Batch.objects.filter(bags__packs__in=packs).distinct()[:2])
    return _checked(pks, clock(), clock, actor, batch=batches[0] if len(batches) == 1 else None)


def _checked(pks: list[int], began: datetime, clock: Clock, actor: Actor, **of: Any) -> Check:
    asked_by = str(actor) if isinstance(actor, User) else ""
    done = copies_verify(pks, clock=clock, asked_by=asked_by)
    note = done.away[:300] or ("" if done.objects or "store" in of else kept(NOTHING))  # a store may be empty
    return Check.objects.create(
        kind=CheckKind.FIXITY, started_at=began, ended_at=clock(), result=_result(done.failures, note),
        objects_count=done.objects, bytes_count=done.bytes, failures=done.failures, note=note,
        by=str(actor)[:150], **of,
    )  # fmt: skip


def _result(failures: int, away: str) -> Result:
    return Result.FAILED if failures else Result.NOT_RUN if away else Result.OK


def fixity_run(*, clock: Clock, lasting: timedelta = SLICE) -> int:
    """The share of the day, of every store; how many packages were read in this slice."""
    ends_at = clock() + lasting
    return sum(_store_share(store, clock, ends_at) for store in Store.objects.active().order_by("pk"))


def fixity_due(store: Store, now: datetime) -> list[int]:
    """What of the store is to be read now, the oldest check first: all that falls behind, else the day's share."""
    days = policy_value(FIXITY_DAYS, at=now)
    rows = live_copies().filter(store=store)
    behind = rows.filter(checked_at__lt=now - timedelta(days=days * 0.9))
    pks = list(behind.order_by("checked_at", "pk").values_list("pk", flat=True)[:GROUP])
    if pks:
        return pks
    total = rows.aggregate(size=Sum("pack__size"))["size"] or 0
    today = start_of_day(local_day(now, JAKARTA), JAKARTA)
    shares = Check.objects.filter(kind=CheckKind.FIXITY, store=store, batch=None, started_at__gte=today)
    read = shares.aggregate(size=Sum("bytes_count"))["size"] or 0
    if read * days >= total:
        return []
    old = rows.filter(checked_at__lt=now - FRESH).order_by("checked_at", "pk")
    return list(old.values_list("pk", flat=True)[:1])


def _store_share(store: Store, clock: Clock, ends_at: datetime) -> int:
    count, run, check = 0, uuid.uuid4(), None
    while clock() < ends_at or count == 0:
        pks = fixity_due(store, clock())
        if not pks:
            break
        check = check or _claimed(store, run, clock())
        if check is None:
            return 0
        with beating(check.pk, run):
            done = copies_verify(pks, clock=clock)
        mine = Check.objects.filter(pk=check.pk, run=run)
        mine.update(
            objects_count=F("objects_count") + done.objects, bytes_count=F("bytes_count") + done.bytes,
            failures=F("failures") + done.failures, heard_at=clock(), note=done.away[:300],
        )  # fmt: skip
        count += done.objects
        if done.away:
            break
    if check is not None:
        check_end(check.pk, run, clock())
    return count


def check_end(check_id: int, run: uuid.UUID, now: datetime) -> None:
    """What it says by its failures and its note, unless another run has it by now; reading nothing proves nothing."""
    check = Check.objects.get(pk=check_id)
    note = check.note or ("" if check.objects_count else kept(NOTHING))
    result = _result(check.failures, note)
    Check.objects.filter(pk=check_id, run=run).update(run=None, ended_at=now, result=result, note=note)


def _claimed(store: Store, run: uuid.UUID, now: datetime) -> Check | None:
    """The store's check of the day, this run's; None where another run has it."""
    today = start_of_day(local_day(now, JAKARTA), JAKARTA)
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        rows = Check.objects.filter(
            kind=CheckKind.FIXITY, store=store, batch=None, by=str(CHECKER), started_at__gte=today
        )
        check = rows.order_by("-pk").first()
        if check is None:
            check = Check(kind=CheckKind.FIXITY, store=store, started_at=now, by=str(CHECKER))
        elif check.run is not None and check.heard_at is not None and now - check.heard_at < SILENT:
            return None
        check.run, check.heard_at = run, now
        check.save(update_fields=["run", "heard_at"] if check.pk else None)
    return check


def oldest_check(store: Store) -> datetime | None:
    found: datetime | None = live_copies().filter(store=store).aggregate(at=Min("checked_at"))["at"]
    return found
