"""A batch is backed up (RET-5): package after package, each counting only once every store gave it back unchanged.

What is in the database is what is done: a package is committed in one short transaction after it was written, read back
and compared. Whatever is killed leaves at most objects that no row names, and the batch's next run removes those. One
run at a time has a batch (`run`, a conditional update); one that was silent for SILENT has died and is taken over, and
whatever it still tries to commit is refused. No connection to the database is held while bytes are worked on.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg2.extras import execute_values

from occ.texts import kept
from retention.backing.keys import KeyWrong
from retention.backing.packing import (
    PACK_FILES,
    Halted,
    Made,
    Member,
    Stopped,
    Trouble,
    Wanted,
    pack_make,
    place_says,
)
from retention.choices import BAG_BYTES, BagStatus, BatchStatus, ProblemKind, RecordState
from retention.models import Bag, Batch, Copy, Pack, Packed, Problem, Record, Source, Store
from retention.services.bags import bag_finish, bag_key, bag_open, let_go, orphans_remove
from retention.services.batches import batch_complete, batch_stop, stopped_tell
from retention.storing import PlaceAway, Shelf, opened

# About so large a package becomes; a larger record is a package of its own.
PACK_BYTES = settings.RETENTION_PACK_MIB * 2**20
SILENT = timedelta(minutes=2)
HEARD_EVERY = timedelta(seconds=15)
SLICE = timedelta(minutes=5)
# Hashing, compression and encryption let go of the interpreter: a thread per core, but no more than memory allows.
THREADS = min(4, os.cpu_count() or 1)
# A bag may hold 50 000 files; its manifests are made in memory, so it gets fewer.
BAG_FILES = 24_000
SOME = 500
WAITS = [timedelta(minutes=m) for m in (1, 5, 15, 60)]  # after the first, second, … stop
Clock = Callable[[], datetime]


class Outcome(StrEnum):
    BUSY = "busy"  # not due, or another run has it
    MORE = "more"  # the slice is over, the batch is not
    WAITS = "waits"  # a place is away or full: tried again later
    INCOMPLETE = "incomplete"
    COMPLETE = "complete"


def spool_folder() -> Path:
    return Path(settings.VAR) / "retention-spool"


def batches_due(now: datetime) -> QuerySet[Batch]:
    """Being backed up, their time come, and nobody alive at it."""
    dead = Q(run=None) | Q(heard_at__lt=now - SILENT)
    return Batch.objects.filter(dead, Q(next_at=None) | Q(next_at__lte=now), status=BatchStatus.RUNNING)


def batch_back_up(*, batch_id: int, clock: Clock, lasting: timedelta = SLICE) -> Outcome:
    """Work on the batch for about that long, if it is due and nobody else does."""
    now, run_id = clock(), uuid.uuid4()
    if not batches_due(now).filter(pk=batch_id).update(run=run_id, heard_at=now):
        return Outcome.BUSY
    run = Run(batch_id, run_id, clock, ends_at=now + lasting)
    try:
        outcome = run.work()
    except Stopped as stopped:
        outcome = run.wait_for(str(stopped))
    except Halted:
        outcome = Outcome.BUSY
    except BaseException:
        with contextlib.suppress(DatabaseError):  # silent for long enough it is taken over all the same
            run.leave()
        raise
    return outcome


@dataclass
class Run:
    """One worker at one batch."""

    batch_id: int
    run_id: uuid.UUID
    clock: Clock
    ends_at: datetime
    heard_at: datetime | None = None
    shelves: dict[int, Shelf] = field(default_factory=dict)  # of sources
    stores: list[Store] = field(default_factory=list)
    copies: list[Shelf] = field(default_factory=list)  # of stores
    bag: Bag | None = None
    key: bytes = b""
    planned: tuple[int, int] = (0, 0)  # files and bytes in the bag, with those on their way
    number: int = 0

    def work(self) -> Outcome:
        self.stores = list(Store.objects.active().select_related("credential").order_by("pk"))
        if not self.stores:
            raise Stopped(_("There is no store in use."))
        self.copies = [opened(one) for one in self.stores]
        self._tidy()
        while True:
            if not self._pass():
                self.leave()
                return Outcome.MORE
            self._close_bag()
            with transaction.atomic():
                batch = self._mine()
                if not self._open_records().exists():
                    break
        return self._end(batch)

    def _tidy(self) -> None:
        """What a run that was killed left in the stores."""
        for bag in list(Bag.objects.filter(batch=self.batch_id, status=BagStatus.BUILDING)):
            named = set(Pack.objects.filter(bag=bag).values_list("name", flat=True))
            let_go()
            for shelf in self.copies:
                try:
                    orphans_remove(shelf, bag.identifier, named)
                except PlaceAway as away:
                    raise Stopped(place_says(shelf, str(away))) from away

    def _open_records(self) -> QuerySet[Record]:
        """Still to be backed up and not tried in this attempt."""
        tried = Problem.objects.filter(batch=self.batch_id, settled_at=None, tried=True)
        rows = Record.objects.filter(batch=self.batch_id, state=RecordState.CATALOGUED)
        return rows.exclude(pk__in=tried.values("record"))

    def _pass(self) -> bool:
        """Give out every open record once; False when the slice's time was over first."""
        flying: deque[Future[Made]] = deque()
        time_left = True
        with ThreadPoolExecutor(THREADS, thread_name_prefix="packing") as pool:
            try:
                for wanted in self._packages():
                    if wanted[0].size > BAG_BYTES:
                        self._commit(Made(0, troubles=[too_large(wanted[0])]))
                        continue
                    if not self._fits(wanted):
                        self._land(flying)
                        self._close_bag()
                        self._fits(wanted)
                    flying.append(pool.submit(self._make, wanted, self.number))
                    if len(flying) > THREADS:
                        self._take(flying)
                    if self.clock() >= self.ends_at:
                        time_left = False
                        break
            except Stopped:
                self._land(flying, whatever=True)
                raise
            except BaseException:
                for one in flying:
                    one.cancel()
                raise
            self._land(flying)
        return time_left

    def _land(self, flying: deque[Future[Made]], *, whatever: bool = False) -> None:
        """Wait for all that are on their way; `whatever`: the run stops anyway, what is done counts."""
        while flying:
            try:
                self._take(flying)
            except Stopped:
                if not whatever:
                    raise

    def _packages(self) -> Iterator[list[Wanted]]:
        """The open records in the order of their keys, as many at a time as make a package."""
        some: list[Wanted] = []
        total = 0
        for one in self._records():
            if some and (total + one.size > PACK_BYTES or len(some) >= PACK_FILES):
                yield some
                some, total = [], 0
            some.append(one)
            total += one.size
        if some:
            yield some

    def _records(self) -> Iterator[Wanted]:
        last, fields = 0, ("pk", "source_id", "path", "size", "fingerprint", "sha256")
        while True:
            rows = list(self._open_records().filter(pk__gt=last).order_by("pk").only(*fields)[:SOME])
            wanted = [self._wanted(row) for row in rows]
            let_go()
            if not wanted:
                return
            last = wanted[-1].pk
            yield from wanted

    def _wanted(self, row: Record) -> Wanted:
        if row.source_id not in self.shelves:
            self.shelves[row.source_id] = opened(Source.objects.select_related("credential").get(pk=row.source_id))
        shelf = self.shelves[row.source_id]
        return Wanted(
            row.pk, shelf, row.path, payload_name(row.pk, row.path), row.size, row.fingerprint, row.sha256
        )  # fmt: skip

    def _fits(self, wanted: list[Wanted]) -> bool:
        """Reserve room in the bag, opening one where there is none."""
        if self.bag is None:
            self._open_bag()
        files, size = self.planned
        files, size = files + len(wanted), size + sum(one.size for one in wanted)
        if self.planned[0] and (files > BAG_FILES or size > BAG_BYTES):
            return False
        self.planned = files, size
        self.number += 1
        return True

    def _make(self, wanted: list[Wanted], number: int) -> Made:
        assert self.bag is not None
        return pack_make(
            wanted, number=number, bag=self.bag.identifier, key=self.key, stores=self.copies, folder=spool_folder()
        )

    def _take(self, flying: deque[Future[Made]]) -> None:
        """Wait for the first that is ready, and commit it; meanwhile say that this run lives."""
        while True:
            done, _later = wait(flying, timeout=2, return_when=FIRST_COMPLETED)
            if done:
                break
            self._beat()
        one = next(future for future in flying if future in done)
        flying.remove(one)
        made, named = one.result(), False
        try:
            named = self._commit(made)
        finally:
            let_go()
            if made.name and not named:  # nobody will ever name it
                with contextlib.suppress(PlaceAway):
                    for shelf in self.copies:
                        shelf.delete(made.name)

    def _beat(self) -> None:
        """Raises Halted when another run has the batch."""
        now = self.clock()
        if self.heard_at is None or now - self.heard_at >= HEARD_EVERY:
            mine = Batch.objects.filter(pk=self.batch_id, run=self.run_id, status=BatchStatus.RUNNING)
            if not mine.update(heard_at=now):
                raise Halted
            self.heard_at = now
            let_go()

    def _mine(self) -> Batch:
        """The batch, locked. Raises Halted when another run has it."""
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=self.batch_id, run=self.run_id).first()
        if batch is None or batch.status != BatchStatus.RUNNING:
            raise Halted
        return batch

    @transaction.atomic
    def _commit(self, made: Made) -> bool:
        """The package counts from here on, if it is one. What was waived, or taken as another file, meanwhile stays in
        it without a key; what was in the way of such a record is in nobody's way.
        """
        now, batch, bag = self.clock(), self._mine(), self.bag
        open_now = Record.objects.select_for_update(no_key=True).filter(
            pk__in=[*(one.pk for one in made.members), *(one.pk for one in made.troubles)],
            batch=batch,
            state=RecordState.CATALOGUED,
        )
        good = {one.pk: one for one in open_now.order_by("pk").only("fingerprint", "size", "sha256")}
        members = [one for one in made.members if one.pk in good and is_file_of(good[one.pk], one)]
        if members and bag is not None:
            pack = Pack.objects.create(
                bag=bag, number=made.number, name=made.name, size=made.size, sha256=made.sha256, written_at=now
            )
            Copy.objects.bulk_create(
                Copy(pack=pack, store=one, version=made.versions[one.pk], checked_at=now) for one in self.stores
            )
            Packed.objects.bulk_create(
                Packed(
                    record_id=one.pk, pack=pack, name=one.name, offset=one.offset, length=one.length, size=one.size,
                    sha256=one.sha256, sha512=one.sha512, key=one.key,
                )
                for one in members
            )  # fmt: skip
            records_backed_up([(one.pk, one.sha256, one.fingerprint) for one in members])
            size = sum(one.size for one in members)
            Bag.objects.filter(pk=bag.pk).update(files=F("files") + len(members), bytes=F("bytes") + size)
            solved = Problem.objects.filter(record__in=[one.pk for one in members], settled_at=None)
            solved.update(settled_at=now, settled_note=kept(gettext_noop("Backed up on a later try.")))
        for trouble in made.troubles:
            if trouble.pk not in good or good[trouble.pk].fingerprint != trouble.fingerprint:
                continue
            fields = {"kind": trouble.kind, "detail": trouble.detail, "tried_at": now, "tried": True}
            if not Problem.objects.filter(record=trouble.pk, settled_at=None).update(**fields):
                Problem.objects.create(batch=batch, record_id=trouble.pk, found_at=now, **fields)
        problems = Problem.objects.filter(batch=batch, settled_at=None).count()
        Batch.objects.filter(pk=batch.pk).update(
            done_count=F("done_count") + len(members), problems_count=problems, heard_at=now, stops=0, error=""
        )
        self.heard_at = now
        return bool(members)

    def _open_bag(self) -> None:
        with transaction.atomic():
            self._mine()
            self.bag = bag_open(batch_id=self.batch_id, now=self.clock())
        try:
            self.key = bag_key(self.bag.pk)
        except KeyWrong as wrong:
            raise Stopped(_("The key of bag %(bag)s cannot be read.") % {"bag": self.bag}) from wrong
        self.planned = self.bag.files, self.bag.bytes
        last = Pack.objects.filter(bag=self.bag).order_by("-number").values_list("number", flat=True).first()
        self.number = last or 0
        let_go()

    def _close_bag(self) -> None:
        if self.bag is None:  # a run before this one may have left it open
            self.bag = Bag.objects.filter(batch=self.batch_id, status=BagStatus.BUILDING).first()
        if self.bag is not None:
            try:
                bag_finish(
                    bag=self.bag, stores=self.stores, shelves=self.copies, folder=spool_folder(), mine=self._mine,
                    now=self.clock(),
                )  # fmt: skip
            except KeyWrong as wrong:
                raise Stopped(_("The key of bag %(bag)s cannot be read.") % {"bag": self.bag}) from wrong
        self.bag, self.key = None, b""

    @transaction.atomic
    def _end(self, batch: Batch) -> Outcome:
        now = self.clock()
        self._mine()
        if Problem.objects.filter(batch=batch, settled_at=None).exists():
            batch_stop(batch_id=batch.pk, now=now)
            return Outcome.INCOMPLETE
        batch_complete(batch_id=batch.pk, now=now)
        return Outcome.COMPLETE

    def wait_for(self, reason: str) -> Outcome:
        """Let go of the batch and say why; it is tried again after a growing wait."""
        now = self.clock()
        with transaction.atomic():
            batch = Batch.objects.select_for_update(no_key=True).select_related("site").get(pk=self.batch_id)
            if batch.run == self.run_id:
                after = WAITS[min(batch.stops, len(WAITS) - 1)]
                fields = {"run": None, "stops": batch.stops + 1, "error": reason[:300], "next_at": now + after}
                Batch.objects.filter(pk=batch.pk).update(**fields)
                stopped_tell(batch, reason[:300], now=now)
        return Outcome.WAITS

    def leave(self) -> None:
        Batch.objects.filter(pk=self.batch_id, run=self.run_id).update(run=None)


def is_file_of(record: Record, one: Member) -> bool:
    """Whether the catalogue still has the bytes that were packed."""
    return record.size == one.size and record.sha256 in ("", one.sha256)


def too_large(one: Wanted) -> Trouble:
    return Trouble(
        one.pk, one.fingerprint, ProblemKind.UNREADABLE, kept(gettext_noop("It is larger than a bag may be."))
    )


def payload_name(pk: int, path: str) -> str:
    """In the bag: safe ASCII made of the record's key, with the file's ending."""
    ending = path.rpartition("/")[2].rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""
    plain = ending.isascii() and ending.isalnum() and len(ending) <= 8 and not ending.isdecimal()
    safe = ending if plain else "bin"  # digits are part of a number, perhaps a customer's
    return f"data/{pk}.{safe}"


def records_backed_up(rows: list[tuple[int, str, str]]) -> None:
    """State, SHA-256 and fingerprint of locked records, in one statement."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        execute_values(
            cursor.cursor,
            "UPDATE retention_record r SET state = 'backed_up', sha256 = v.sha256,"
            " fingerprint = v.fingerprint FROM (VALUES %s) AS v (id, sha256, fingerprint) WHERE r.id = v.id",
            rows, template="(%s::bigint, %s, %s)", page_size=len(rows),
        )  # fmt: skip
