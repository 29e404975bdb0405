"""Looking again, right before a deletion: at holds, at the backup, and whether a line is still the record it names."""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from occ.texts import kept
from retention.choices import FindingKind, ItemState, RecordState, Result
from retention.models import Copy, Hold, Item, Proposal, Record
from retention.services.ages import past, rules_of
from retention.services.facts import ENDING
from retention.services.findings import Seen, findings_keep
from retention.services.lines import FIELDS, line_of
from retention.storing import Known, Shelf, Unreadable, opened

if TYPE_CHECKING:
    from retention.services.disposing import Run

# So many files are looked for before a source that lacks one is taken to be away.
WITNESSES = 50


@dataclass(frozen=True)
class Line:
    """A locked line of the list, and what is to become of it: (state, error)."""

    item: int
    record: int
    source: int
    path: str
    sidecar: bool
    known_gone: bool
    begun_before: bool
    known: Known
    verdict: tuple[str, str]


def agreed(now: datetime) -> datetime:
    """The earlier of this machine's clock and the database's: that one refuses what is too early, and by then the file
    would be gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT least(%s, clock_timestamp())", [now])
        found: datetime = cursor.fetchone()[0]
        return found


def lines(pks: Sequence[int], *, proposal: Proposal, day: date) -> list[Line]:
    """In the caller's transaction, which then has the lines locked. In the list's order."""
    wanted = Item.objects.filter(pk__in=pks, state__in=[ItemState.LISTED, ItemState.STARTED, ItemState.FAILED])
    items = {
        record: (pk, line, state)
        for pk, record, line, state in wanted.select_for_update(of=("self",), no_key=True)
        .order_by("position")
        .values_list("pk", "record_id", "line", "state")
    }
    copies = Copy.objects.filter(pack__packed__record=OuterRef("pk"), gone_at=None)
    rows = Record.objects.filter(pk__in=list(items)).annotate(
        held=Exists(Hold.objects.in_force(day).covering()), copied=Exists(copies),
        damaged=Exists(copies.exclude(result=Result.OK)),
        old=ExpressionWrapper(
            past(rules_of(proposal.kind, day), "delete_after_years", day, proposal.site.zone), BooleanField()
        ),
    )  # fmt: skip
    facts: dict[int, tuple[Any, ...]] = {
        row[0]: row
        for row in rows.values_list(
            *FIELDS,
            "state",
            "source_id",
            "source__sidecar",
            "source__may_delete",
            "gone_at",
            "held",
            "copied",
            "damaged",
            "old",
            "fingerprint",
        )
    }
    return [_line(pk, line, state, facts[record]) for record, (pk, line, state) in items.items()]


def _line(item: int, line: str, item_state: str, facts: tuple[Any, ...]) -> Line:
    n = len(FIELDS)
    state, source, sidecar, may_delete, gone_at, held, copied, damaged, old, fingerprint = facts[n:]
    size, sha256, path = facts[n - 3 : n]
    backed = state == RecordState.WAIVED or (state == RecordState.BACKED_UP and copied and not damaged)
    verdict: tuple[str, str] = (ItemState.STARTED, "")
    if state == RecordState.DESTROYED:
        verdict = (ItemState.RELEASED, kept(gettext_noop("It was destroyed before.")))
    elif held:
        verdict = (ItemState.PULLED, "")
    elif line_of(*facts[:n]) != line:
        verdict = (ItemState.FAILED, kept(gettext_noop("The record is not what it was when it was approved.")))
    elif not old:
        verdict = (ItemState.RELEASED, kept(gettext_noop("It must be kept longer by now than when it was approved.")))
    elif not may_delete:
        verdict = (ItemState.FAILED, kept(gettext_noop("OCC has no right to delete at this source.")))
    elif not backed:
        verdict = (
            ItemState.FAILED,
            kept(gettext_noop("Its backup is not in order; only what can be restored is destroyed.")),
        )
    known = Known(fingerprint, size if state == RecordState.BACKED_UP else None, sha256)
    return Line(
        item, facts[0], source, path, sidecar, gone_at is not None, item_state == ItemState.STARTED, known, verdict
    )  # fmt: skip


def companions(source: int, paths: Sequence[str]) -> dict[str, list[str]]:
    """What lies beside each and goes with it; a .json that was catalogued is a conversation of its own."""
    beside = {path: f"{path}{ENDING}" for path in paths}
    rows = Record.objects.kept().filter(source=source, path__in=list(beside.values()))
    own = set(rows.values_list("path", flat=True))
    return {path: [name] for path, name in beside.items() if name not in own}


def there(source: int, shelf: Shelf, gone: Mapping[str, bool | str]) -> bool:
    """Whether something known of the source was, or lies, there, or its marker: only then is what is not there gone.

    Raises PlaceAway.
    """
    if False not in gone.values() or True in gone.values() or shelf.signed():
        return True
    rows = Record.objects.kept().filter(source=source).order_by("-ended_at")
    for path in rows.values_list("path", flat=True)[:WITNESSES]:
        with contextlib.suppress(FileNotFoundError, Unreadable):
            shelf.head(path)
            return True
    return False


def verify_packs(run: "Run", items: "QuerySet[Item]") -> None:
    """Read every copy of these lines' packages that was not read since the approval; no transaction is open meanwhile.

    What is damaged or missing becomes a finding, and its records are not destroyed.
    """
    approved_at = run.proposal.approval.decided_at  # type: ignore[union-attr]
    records = list(items.values_list("record_id", flat=True))
    old = Copy.objects.filter(pack__packed__record__in=records, gone_at=None, checked_at__lt=approved_at)
    for copy in old.select_related("pack__bag__batch__site", "store__credential").distinct():
        kind = _read(run, copy)
        now = run.clock()
        result = Result.FAILED if kind else Result.OK
        Copy.objects.filter(pk=copy.pk).update(checked_at=now, result=result)
        if kind:
            seen = [
                Seen(
                    copy.pack.name,
                    copy.pack.bag.batch.site,
                    kept(gettext_noop("Read before a deletion")),
                    bag=copy.pack.bag,
                )
            ]
            findings_keep(kind=kind, place=copy.store, seen=seen, complete=False, now=now)


def _read(run: "Run", copy: Copy) -> FindingKind | None:
    """What is wrong with it. Raises PlaceAway: then nothing is known, and nothing goes."""
    digest, size, heard = hashlib.sha256(), 0, run.clock()
    try:
        shelf = opened(copy.store)
        shelf.head(copy.pack.name)  # a store that is away says so
        for piece in shelf.read(copy.pack.name):
            digest.update(piece)
            size += len(piece)
            heard = _hear(run, heard)
    except FileNotFoundError:
        return FindingKind.PACK_MISSING
    except Unreadable:
        return FindingKind.DAMAGED
    if size != copy.pack.size:
        return FindingKind.SIZE
    return None if digest.hexdigest() == copy.pack.sha256 else FindingKind.DAMAGED


def _hear(run: "Run", last: datetime) -> datetime:
    now = run.clock()
    if (now - last).total_seconds() < 20:
        return last
    run.hear()
    connection.close()  # a large package takes minutes: no connection waits for it
    return now
