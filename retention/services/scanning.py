"""A source read and compared with the catalogue (RET-1, RET-6): what is new, changed, gone, or not understood.

Invariants: a second scan adds nothing twice; a source that cannot be read, or lists nothing though it had files, is
away, and then nothing is said to be gone, and nothing of a disk below it that is not mounted; what is backed up keeps
the fingerprint it was backed up with; one scan of a source at a time (advisory lock of the session), and whatever kills
it, the next one begins anew without harm.

The list goes into a temporary table and the database compares: memory does not grow with the files, and no
transaction is open while the source is talked to.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic

from celery import current_app
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from retention.choices import FindingKind
from retention.marks import path_shown, without
from retention.models import Finding, Record, Scan, Source
from retention.personal import KEEPERS
from retention.services import cataloguing
from retention.services.cataloguing import Agents, Outcome, records_add
from retention.services.facts import Facts, understood
from retention.services.findings import Seen, findings_gone, findings_keep
from retention.services.listing import Listing
from retention.services.matching import Matcher
from retention.storing import PlaceAway, Unreadable, opened

logger = logging.getLogger(__name__)
CATALOGUER = SystemActor("catalogue")
LOCK = 0x0CC5CA
SHOWN = 50  # refusals that the scan itself names
# Findings of one kind that a source has, each with its duty and ladder: a wrong pattern is one matter, not a million.
MOST = 500
# A source that was away is tried again after this, and not with each beat.
AGAIN = timedelta(hours=1)


def may_scan(user: User, source: Source) -> bool:
    return has_role(user, KEEPERS, site=source.site)


def sources_due(*, now: datetime) -> list[int]:
    """Sources in use whose time has come, but for those that were tried within the last hour."""
    due = []
    for source in Source.objects.active().order_by("scanned_at", "pk"):
        every = timedelta(hours=source.scan_every_hours)
        if source.scanned_at is not None and source.scanned_at + every > now:
            continue
        if not source.scans.filter(started_at__gt=now - AGAIN, started_at__lte=now).exists():
            due.append(source.pk)
    return due


def scan_enqueue(source_id: int, user_id: int | None = None) -> bool:
    """Have a worker read it; whether the broker took that. Else beat does it later."""
    try:
        current_app.send_task("retention.tasks.scan", args=[source_id, user_id])
    except OperationalError:
        logger.warning("scan not enqueued", extra={"data": {"source": source_id}})
        return False
    return True


def source_scan(*, source_id: int, actor: Actor, now: datetime) -> Scan:
    """Read the source's list and bring the catalogue up to it; the scan's row says what was found.

    Raises NotAllowed, WrongState (not in use; another scan of it runs). Not to be called inside a transaction.
    """
    source = Source.objects.select_related("site", "credential").get(pk=source_id)
    if isinstance(actor, User) and not may_scan(actor, source):
        raise NotAllowed
    if not source.active:
        raise WrongState(_("This source is not in use."))
    with _alone(source):
        source.scans.filter(ended_at=None).update(ended_at=now, error=kept(gettext_noop("Broken off.")))
        scan = Scan.objects.create(source=source, started_at=now, by=str(actor)[:150])
        began = monotonic()
        try:
            _Scanning(source, scan, now).run()
        except (PlaceAway, Invalid) as refusal:
            scan.error = str(refusal)[:300]
        scan.ended_at = now + timedelta(seconds=monotonic() - began)
        _end(scan, actor)
    return scan


@contextmanager
def _alone(source: Source) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, source.pk])
        if not cursor.fetchone()[0]:
            raise WrongState(_("A scan of this source is running."))
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:  # it goes with the session too
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, source.pk])


COUNTS = ("files", "added", "known", "changed", "gone", "refused")


@transaction.atomic
def _end(scan: Scan, actor: Actor) -> None:
    scan.save(update_fields=["ended_at", "error", "refusals", *COUNTS])
    if not scan.error:
        Source.objects.filter(pk=scan.source_id).update(scanned_at=scan.started_at)
        findings_gone(kinds=[FindingKind.NOT_RUN], place=scan.source, names=["scan"], now=scan.started_at)
    data = {"scan": scan.pk, "error": scan.error} | {name: getattr(scan, name) for name in COUNTS}
    record(actor=actor, action="source.scanned", subject=scan.source, data=data, now=scan.started_at,
           site=scan.source.site)  # fmt: skip


class _Scanning:
    """One scan, step by step."""

    def __init__(self, source: Source, scan: Scan, now: datetime) -> None:
        self.source, self.scan, self.now = source, scan, now
        self.shelf, self.agents = opened(source), Agents()
        self.away: list[str] = []  # directories whose disks are not mounted

    def run(self) -> None:
        with Listing(self.source, now=self.now) as listing:
            mounted = self.shelf.mounts()
            for count in listing.read(self.shelf):
                Scan.objects.filter(pk=self.scan.pk).update(files=count)
            if self.source.sidecar:
                listing.leave_out_sidecars()
            self.scan.files = listing.count()
            had = Record.objects.kept().filter(source=self.source, gone_at=None)
            if not self.scan.files and had.exists() and not self.shelf.signed():
                raise PlaceAway(_("It lists nothing although it had files: it is taken to be away."))
            self._disks(listing, mounted)
            self.scan.known = listing.known()
            self._add(listing)
            self._compare(listing)
            self._tell(listing)

    def _disks(self, listing: Listing, before: set[str]) -> None:
        """Remember the disks below the source, and say which are not there (also one that came or went meanwhile).

        One that is no disk any more, all of its files lying in the directory itself, is forgotten.
        """
        after = self.shelf.mounts()
        known = set(self.source.mounts) | before | after
        if not known:
            return
        counts = {mount: listing.left_out(mount) for mount in known - (before & after)}
        moved = {mount for mount, (there, left) in counts.items() if there and not left and mount not in before | after}
        self.away = sorted(counts.keys() - moved)
        if (mounts := sorted(known - moved)) != self.source.mounts:
            Source.objects.filter(pk=self.source.pk).update(mounts=mounts)
        words = gettext_noop("The disk there is not mounted: whether its %(count)s files are there is not known.")
        names = {mount: f"disk: {path_shown(self.source.code, mount)}" for mount in known}
        seen = [
            Seen(names[mount], self.source.site, kept(words, count=counts[mount][1]))
            for mount in self.away if counts[mount][1]
        ]  # fmt: skip
        if seen:
            findings_keep(kind=FindingKind.NOT_RUN, place=self.source, seen=seen, complete=False, now=self.now)
        well = set(names.values()) - {one.name for one in seen}
        findings_gone(kinds=[FindingKind.NOT_RUN], place=self.source, names=well, now=self.now)

    # What is new -----------------------------------------------------------------------------------------------------

    def _add(self, listing: Listing) -> None:
        code = self.source.code
        with Matcher(self.source.pattern) as matcher:
            for some in listing.new():
                refused: dict[str, tuple[FindingKind, str, str]] = {}
                facts = []
                for read in understood(self.source, self.shelf, matcher, some, now=self.now):
                    if read.facts is None:
                        refused[read.path] = (FindingKind.UNKNOWN_FILE, read.why, path_shown(code, read.path))
                    else:
                        facts.append(read.facts)
                outcomes = records_add(
                    source=self.source, facts=facts, now=self.now, agents=self.agents, read=self._sha256
                )  # fmt: skip
                moved = []
                for one, outcome in zip(facts, outcomes, strict=True):
                    name = path_shown(code, one.path, one.customer)
                    if outcome.what == cataloguing.CREATED:
                        self.scan.added += 1
                    elif outcome.code == cataloguing.ID_TAKEN:
                        moved.append((one, outcome))
                    elif outcome.code == cataloguing.DESTROYED:
                        refused[one.path] = (FindingKind.REAPPEARED, outcome.message, name)
                    elif outcome.what == cataloguing.REFUSED:
                        refused[one.path] = (FindingKind.UNKNOWN_FILE, outcome.message, name)
                for one, outcome in moved:
                    if not self._move(listing, one, outcome):
                        name = path_shown(code, one.path, one.customer)
                        refused[one.path] = (FindingKind.UNKNOWN_FILE, outcome.message, name)
                listing.refuse(refused)

    def _sha256(self, one: Facts) -> str:
        digest = hashlib.sha256()
        try:
            for piece in self.shelf.read(one.path):
                digest.update(piece)
        except (FileNotFoundError, Unreadable):
            return ""
        return digest.hexdigest()

    def _move(self, listing: Listing, one: Facts, outcome: Outcome) -> bool:
        """Whether it is the file of a record under a new path: the same ID and size, and nothing at the old path."""
        with transaction.atomic():
            row = (
                Record.objects.kept()
                .select_for_update(of=("self",), no_key=True)
                .filter(pk=outcome.pk or 0, size=one.size)
                .first()
            )
            if row is None or (row.started_at, row.ended_at) != (one.started_at, one.ended_at) or listing.has(row.path):
                return False
            if any(row.path.startswith(f"{mount}/") for mount in self.away):
                return False
            data = {"was": without(row.path, one.customer), "is": without(one.path, one.customer)}
            row.path = one.path
            row.save(update_fields=["path"])
            record(actor=CATALOGUER, action="record.moved", subject=row, data=data, now=self.now, site=self.source.site)
        self.scan.changed += 1
        return True

    # What is known ---------------------------------------------------------------------------------------------------

    def _compare(self, listing: Listing) -> None:
        for pks in listing.renewed():  # not backed up yet: the catalogue follows the file
            self.scan.changed += listing.renew(pks)
        listing.note_changed()
        listing.note_reappeared()
        self.scan.gone += listing.mark_gone(self.now, self.away)
        listing.mark_back()

    def _tell(self, listing: Listing) -> None:
        """Open, keep and close findings; the first refusals stand in the scan too."""
        self.scan.refusals = [{"path": path, "why": why} for path, why in listing.refusals(SHOWN)]
        self.scan.refused = listing.wrong_count(FindingKind.UNKNOWN_FILE) + listing.wrong_count(FindingKind.REAPPEARED)
        self.scan.changed += listing.wrong_count(FindingKind.FILE_CHANGED)
        for kind in (FindingKind.UNKNOWN_FILE, FindingKind.REAPPEARED, FindingKind.FILE_CHANGED, FindingKind.FILE_GONE):
            open_now = set(Finding.objects.open().filter(source=self.source, kind=kind).values_list("name", flat=True))
            wrong = listing.wrong(kind, open_now, MOST)
            records = Record.objects.in_bulk([pk for _path, _detail, pk, _name in wrong if pk])
            seen = [self._seen(path, detail, records.get(pk) if pk else None, name) for path, detail, pk, name in wrong]
            if over := open_now - {one.name for one in seen}:
                findings_gone(kinds=[kind], place=self.source, names=over, now=self.now)
            if seen:
                findings_keep(kind=kind, place=self.source, seen=seen, complete=False, now=self.now)

    def _seen(self, path: str, detail: str, record: Record | None, name: str | None) -> Seen:
        """A finding's name is kept for good, so no customer's number is part of it."""
        if name is None:
            name = path_shown(self.source.code, path, record.customer if record else "")
        return Seen(name, self.source.site, detail, record=record)


def scans_overdue(*, now: datetime) -> int:
    """A source that has not been read for twice its time is a finding too; how many there are."""
    count = 0
    for source in Source.objects.active().select_related("site"):
        first = source.history.order_by("history_date").first()
        since = source.scanned_at or (first.history_date if first else now)
        if now - since > 2 * timedelta(hours=source.scan_every_hours):
            words = kept(gettext_noop("It has not been read since then; its last scan says why."))
            findings_keep(
                kind=FindingKind.NOT_RUN, place=source, seen=[Seen("scan", source.site, words)], complete=False, now=now
            )
            count += 1
    return count
