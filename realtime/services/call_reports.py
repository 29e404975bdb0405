"""Call, case and log-in reports in (RTM-4): looked at by a mapping, then taken as events like any others.

A row becomes an event under its own key: the same file twice, shuffled, or in overlapping parts, is the same events.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.models import Site
from occ.people.scope import has_role
from occ.sheets.importing import Preview, Problem, Row, validate
from occ.sheets.reading import Column, read_table
from realtime.models import Source
from realtime.reports.mapping import Mapping
from realtime.reports.reading import Event, Faulty, events_of
from realtime.services.ingesting import SENDERS, events_take
from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work

TOGETHER = 2_000


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


def report_read(*, file: BinaryIO | File[bytes], mapping: Mapping, site: Site) -> Reading:
    """Look at the file; writes nothing. Raises SheetRefused, Invalid (a column that the mapping needs is not there)."""
    table = read_table(file, columns=columns_of(mapping))
    found, seen = Reading(Preview([], 0, "", [], [], {})), dict[str, int]()

    def look(row: Row) -> list[Problem]:
        cells = {heading: "" if value is None else str(value) for heading, value in row.values.items()}
        try:
            events = events_of(mapping, cells, site=site.code, zone=site.zone)
        except Faulty as faulty:
            return [Problem(row.number, faulty.column, "faulty", faulty.message)]
        for event in events:
            twin = seen.setdefault(event["source_event_id"], row.number)
            if twin != row.number:
                words = _("It has the same key as row %(row)s: the mapping's key does not tell rows apart.")
                return [Problem(row.number, mapping.key[0], "duplicate", words % {"row": twin})]
        found.ignored += not events
        found.outcomes.update(str(event.get("outcome", event["type"])) for event in events)
        found.events += events
        return []

    found.preview = validate(table, look)
    return found


@transaction.atomic
def report_import(
    *, file: BinaryIO | File[bytes], name: str, mapping: Mapping, site: Site, actor: Actor, now: datetime
) -> dict[str, Any]:
    """All of it or nothing; what was taken. Raises NotAllowed, SheetRefused, Invalid (faulty rows)."""
    if not (isinstance(actor, SystemActor) or has_role(actor, SENDERS, site=site)):
        raise NotAllowed
    reading = report_read(file=file, mapping=mapping, site=site)
    if faulty := reading.preview.counts["faulty"]:
        words = _("%(count)s rows are faulty; nothing was imported. The first: row %(row)s: %(why)s")
        first = next(row for row in reading.preview.rows if row.problems)
        values = {"count": faulty, "row": first.number, "why": first.problems[0].message}
        raise Invalid(words % values, code="faulty_rows")
    source, made = Source.objects.get_or_create(
        code=mapping.source, defaults={"name": mapping.source, "site": site, "from_files": True}
    )
    if not source.from_files and not made:
        raise Invalid(_("The source %(code)s tells its events itself; give the files another name.")
                      % {"code": source.code}, code="source")  # fmt: skip
    accepted = duplicates = 0
    for i in range(0, len(reading.events), TOGETHER):
        taken = events_take(events=reading.events[i : i + TOGETHER], actor=actor, now=now, bounded=False)
        if taken.rejected:
            raise Invalid(taken.rejected[0].message, code=taken.rejected[0].code)
        accepted, duplicates = accepted + taken.accepted, duplicates + taken.duplicates
    data = {"file": name[:200], "rows": len(reading.preview.rows), "accepted": accepted, "duplicates": duplicates}
    record(actor=actor, action="realtime.report_imported", subject=source, data=data, now=now, site=site)
    return data | {"source": source.code, "ignored": reading.ignored, "outcomes": dict(reading.outcomes)}


def report_work(now: datetime) -> None:
    """After an import: work in what waits, so that the figures are there."""
    arrivals_work(now=now)
    intervals_compute(now=now)
