"""Call, case and log-in reports in (RTM-4): looked at by a mapping, then taken as events like any others.

A row becomes an event under its own key: the same file twice, shuffled, or in overlapping parts, is the same events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction

from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Channel
from occ.people.models import Site
from occ.people.scope import has_role
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.times import local_day
from realtime.choices import EventType, Fault, Outcome
from realtime.deriving.interactions import Said, interaction_of
from realtime.masking import number_shown
from realtime.models import Event as KeptEvent
from realtime.models import ReportMapping, Source
from realtime.reports.mapping import Mapping
from realtime.reports.reading import Event, Faulty, events_of
from realtime.services.ingesting import SENDERS, events_take
from realtime.services.intervals import intervals_compute
from realtime.services.report_hints import report_hints
from realtime.services.report_imports import brought, import_kept, latest_arrival, told_again
from realtime.services.working import arrivals_work

TOGETHER = 2_000
STEP = 1_000
SAMPLE = 20
WORDS: dict[str, Any] = {**dict(Outcome.choices), **dict(EventType.choices)}


@dataclass
class Reading:
    """A report looked at: each row's problems, and the events that it would be."""

    preview: Preview
    events: list[Event] = field(default_factory=list)
    ignored: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


def columns_of(mapping: Mapping) -> list[Column]:
    needed = {heading for role in ("arrived", "login") for heading in mapping.columns.get(role, ())[:1]}
    return [Column(heading, heading, required=heading in needed) for heading in mapping.headings]


def report_read(
    *, file: BinaryIO | File[bytes], mapping: Mapping, site: Site, report: Callable[[float], None] | None = None
) -> Reading:
    """Look at the file; writes nothing. Raises SheetRefused, Invalid (a column that the mapping needs is not there).

    `report` hears how much of it is done.
    """
    table = read_table(file, columns=columns_of(mapping))
    found, seen = Reading(Preview([], 0, "", [], [], {})), dict[str, int]()
    lines = count(1)

    def look(row: Row) -> list[Problem]:
        if report is not None and (at := next(lines)) % STEP == 0:
            report(at / len(table.rows) / 2)
        cells = {heading: "" if value is None else str(value) for heading, value in row.values.items()}
        try:
            events = events_of(mapping, cells, site=site.code, zone=site.zone)
        except Faulty as faulty:
            return [Problem(row.number, faulty.column, faulty.code, faulty.message)]
        for event in events:
            twin = seen.setdefault(event["source_event_id"], row.number)
            if twin != row.number:
                words = _("It has the same key as row %(row)s: the mapping's key does not tell rows apart.")
                return [Problem(row.number, mapping.key[0], "duplicate", words % {"row": twin})]
        if row.problems:  # one that the table itself found; it is no good row
            return []
        found.ignored += not events
        found.outcomes.update(str(event.get("outcome", event["type"])) for event in events)
        found.events += events
        return []

    found.preview = validate(table, look)
    return found


def must_import(actor: Actor, site: Site) -> None:
    if not (isinstance(actor, SystemActor) or has_role(actor, SENDERS, site=site)):
        raise NotAllowed


def source_for(mapping: Mapping, site: Site) -> Source:
    """The source that the rows belong to, made if it is new. Raises Invalid: it is another's."""
    source, made = Source.objects.get_or_create(
        code=mapping.source, defaults={"name": mapping.source, "site": site, "from_files": True}
    )
    if not made:
        source_check(source, site)
    return source


def source_check(source: Source, site: Site) -> None:
    if not source.from_files:
        raise Invalid(_("The source %(code)s tells its events itself; give the files another name.")
                      % {"code": source.code}, code="source")  # fmt: skip
    if source.site_id is not None and source.site_id != site.pk:
        raise Invalid(_("The source %(code)s belongs to another site; give the files another name.")
                      % {"code": source.code}, code="source")  # fmt: skip


def days_of(events: list[Event], site: Site) -> dict[str, Counter[str]]:
    """What would be counted, by the day on which it arrived: outcomes, or types of log-in events."""
    found: dict[str, Counter[str]] = {}
    for event in events:
        day = local_day(datetime.fromisoformat(event["occurred_at"]), site.zone).isoformat()
        found.setdefault(day, Counter())[str(event.get("outcome", event["type"]))] += 1
    return found


def faults_in(events: list[Event]) -> Counter[str]:
    """Data faults of these calls and cases, by kind; overlaps as far as both calls are in the file."""
    found: Counter[str] = Counter()
    extents: dict[str, list[tuple[datetime, datetime]]] = {}
    for event in events:
        if event["type"] != EventType.RECORD:
            continue
        at = datetime.fromisoformat(event["occurred_at"])
        told = interaction_of([Said(at, 0, event["source_event_id"], event["type"], event.get("agent", ""), event)])
        found.update(told.faults)
        if told.agent and told.answered_at and (told.talk_ms or 0) > 0 and event["channel"] == Channel.VOICE:
            length = timedelta(milliseconds=(told.talk_ms or 0) + (told.hold_ms or 0))
            extents.setdefault(told.agent, []).append((told.answered_at, told.answered_at + length))
    for spans in extents.values():
        spans.sort()
        latest = None
        for i, (start, end) in enumerate(spans):
            ahead = i + 1 < len(spans) and spans[i + 1][0] < end
            found[Fault.OVERLAP] += (latest is not None and latest > start) or ahead
            latest = end if latest is None else max(latest, end)
    return +found


def report_summary(reading: Reading, mapping: Mapping, site: Site) -> dict[str, Any]:
    """What a preview's page shows, as JSON: what would be counted, what cannot be true, and what is known already."""
    source, known = Source.objects.filter(code=mapping.source).first(), 0
    if source is not None:
        source_check(source, site)
    ids = [event["source_event_id"] for event in told_again(source, reading.events)]
    if source is not None:
        for i in range(0, len(ids), 5 * TOGETHER):
            rows = KeptEvent.objects.filter(source=source, source_event_id__in=ids[i : i + 5 * TOGETHER])
            known += rows.count()
    days = days_of(reading.events, site)
    return as_read(reading.preview, columns_of(mapping), mapping.key[0]) | {
        "kind": mapping.kind, "source": mapping.source, "channel": mapping.channel, "ignored": reading.ignored,
        "outcomes": dict(reading.outcomes), "known": known, "new": len(ids) - known,
        "days": [[day, dict(days[day])] for day in sorted(days)], "faults": dict(faults_in(reading.events)),
        "hints": report_hints(mapping, reading.events, site),
        "sample": [
            [number_shown(event["source_event_id"]),
             f"{datetime.fromisoformat(event['occurred_at']).astimezone(site.zone):%Y-%m-%d %H:%M:%S}",
             str(WORDS[str(event.get("outcome", event["type"]))]), event.get("agent", "")]
            for event in reading.events[:SAMPLE]
        ],
    }  # fmt: skip


@transaction.atomic
def report_import(
    *, file: BinaryIO | File[bytes], name: str, mapping: Mapping, site: Site, actor: Actor, now: datetime,
    kept: ReportMapping | None = None, report: Callable[[float], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All of it or nothing; what was taken. Raises NotAllowed, SheetRefused, Invalid (faulty rows)."""
    must_import(actor, site)
    reading = report_read(file=file, mapping=mapping, site=site, report=report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("%(count)s rows are faulty; nothing was imported. The first: row %(row)s: %(why)s")
        first = next(row for row in reading.preview.rows if row.problems)
        values = {"count": faulty, "row": first.number, "why": first.problems[0].message}
        raise Invalid(words % values, code="faulty_rows")
    source = source_for(mapping, site)
    events, before = told_again(source, reading.events), latest_arrival()
    accepted = duplicates = 0
    for i in range(0, len(events), TOGETHER):
        taken = events_take(events=events[i : i + TOGETHER], actor=actor, now=now, bounded=False)
        if taken.rejected:
            raise Invalid(taken.rejected[0].message, code=taken.rejected[0].code)
        accepted, duplicates = accepted + taken.accepted, duplicates + taken.duplicates
        if report is not None:
            report(0.5 + i / len(events) / 2)
    rows = len(reading.preview.rows)
    data = {"file": name[:200], "rows": rows, "accepted": accepted, "duplicates": duplicates}
    record(actor=actor, action="realtime.report_imported", subject=source, data=data, now=now, site=site)
    days = sorted(days_of(reading.events, site))
    made = import_kept(
        source=source, site=site, mapping=kept, name=name, rows=rows, known=duplicates, days=days,
        events=brought(source, before, now), actor=actor, now=now,
    )  # fmt: skip
    span = {"first": days[0], "last": days[-1]} if days else {"first": None, "last": None}
    told = {"source": source.code, "ignored": reading.ignored, "outcomes": dict(reading.outcomes)}
    return data | told | span | {"import": made.pk if made else None}


def report_work(now: datetime) -> None:
    """After an import: work in what waits, so that the figures are there."""
    arrivals_work(now=now)
    intervals_compute(now=now)
