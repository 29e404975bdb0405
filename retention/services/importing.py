"""Records from a spreadsheet: looked at first, then all of it or nothing (RET-1).

The preview catalogues the rows in a transaction that is undone, so that it and the import never differ in what they
accept. A row whose conversation is in the catalogue already, as it says, is known and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from retention.choices import Channel
from retention.marks import without
from retention.models import Source
from retention.personal import KEEPERS
from retention.services.cataloguing import CREATED, KNOWN, REFUSED, records_add
from retention.services.facts import TEXTS, Facts, channel_of, checked, text
from retention.services.matching import LONGEST

COLUMNS = [
    Column("external_id", gettext_lazy("ID at the source"), required=True,
           aliases=("ID", "ID Percakapan", "Call ID", "Ticket", "Nomor Tiket", "Conversation ID")),
    Column("path", gettext_lazy("File"), required=True, aliases=("File", "Path", "Berkas", "Nama File", "Lokasi File")),
    Column("started_at", gettext_lazy("Began"), required=True, kind="instant",
           aliases=("Mulai", "Start", "Waktu Mulai", "Start Time")),
    Column("ended_at", gettext_lazy("Ended"), kind="instant", aliases=("Selesai", "End", "Waktu Selesai", "End Time")),
    Column("channel", gettext_lazy("Channel"), aliases=("Kanal", "Layanan")),
    Column("agent", gettext_lazy("Agent"), aliases=("NIP", "Nomor Karyawan", "Agen", "E-mail Agent")),
    Column("customer", gettext_lazy("Customer"), aliases=("Nasabah", "Nomor Nasabah", "No HP Nasabah")),
    Column("size", gettext_lazy("Size in bytes"), kind="integer", aliases=("Ukuran", "Size", "Bytes")),
    Column("sha256", gettext_lazy("SHA-256"), aliases=("SHA256", "Hash")),
]  # fmt: skip
FIELDS = {column.name for column in COLUMNS}
Report = Callable[[float], None]
Upload = BinaryIO | File


@dataclass
class Reading:
    preview: Preview
    done: dict[str, int]
    sample: list[list[str]]


class Undo(Exception):
    """Takes back what a preview tried."""


def records_read(
    *, file: Upload, source: Source, actor: User, now: datetime, report: Report = lambda share: None
) -> Reading:
    """Read and judge the file; writes nothing. Raises SheetRefused, NotAllowed."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, source, actor, now, report))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def records_import(
    *, file: Upload, name: str, source: Source, actor: User, now: datetime, report: Report = lambda share: None
) -> dict[str, int]:
    """Catalogue the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, NotAllowed."""
    reading = _try(file, source, actor, now, report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    data = reading.done | {"file": name}
    record(actor=actor, action="records.imported", subject=source, data=data, now=now, site=source.site)
    return reading.done


def _try(file: Upload, source: Source, actor: User, now: datetime, report: Report) -> Reading:
    if not has_role(actor, KEEPERS, site=source.site):
        raise NotAllowed
    table = read_table(file, columns=COLUMNS)
    report(0.4)
    preview = validate(table, lambda row: (), duplicates_on=["external_id", "path"])
    facts: list[Facts] = []
    rows: list[Row] = []
    for row in preview.rows:
        if row.problems:
            continue
        try:
            facts.append(_facts(row.values, source, now))
            rows.append(row)
        except Invalid as refusal:
            _problem(row, refusal.code, worded(refusal.message), refusal.field)
    report(0.6)
    done = dict.fromkeys((CREATED, KNOWN), 0)
    sample: list[list[str]] = []
    for row, one, outcome in zip(rows, facts, records_add(source=source, facts=facts, now=now), strict=True):
        if outcome.what == REFUSED:
            _problem(row, outcome.code, outcome.message, outcome.field)
        else:
            done[outcome.what] += 1
            if len(sample) < 10:
                sample.append(_shown(one, source))
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    report(0.9)
    return Reading(preview, done, sample)


def _facts(values: dict[str, Any], source: Source, now: datetime) -> Facts:
    zone = source.site.zone

    def instant(value: date | datetime, at: time) -> datetime:
        found = value if isinstance(value, datetime) else datetime.combine(value, at)
        return found if found.tzinfo else found.replace(tzinfo=zone)

    longest = {**TEXTS, "external_id": TEXTS["id"], "path": LONGEST}
    texts = {name: text(values.get(name), name, longest[name]) for name in
             ("external_id", "path", "channel", "agent", "customer", "sha256")}  # fmt: skip
    if values.get("started_at") is None:  # "-" and "n/a" are read as never
        raise Invalid(_("%(label)s is empty.") % {"label": _("Began")}, field="started_at", code="empty")
    began = instant(values["started_at"], time.min)
    ended = instant(values["ended_at"], time(23, 59, 59)) if values.get("ended_at") else began
    return checked(
        Facts(
            external_id=texts["external_id"], path=texts["path"], started_at=began, ended_at=ended,
            channel=channel_of(texts["channel"], source), size=values.get("size") or 0, agent=texts["agent"],
            customer=texts["customer"], sha256=texts["sha256"].lower(),
        ),
        now=now,
    )  # fmt: skip


def _problem(row: Row, code: str, message: str, field: str | None) -> None:
    row.problems.append(Problem(row.number, field if field in FIELDS else "", code, message))


def _shown(one: Facts, source: Source) -> list[str]:
    ended = date_format(one.ended_at.astimezone(source.site.zone), "j F Y, H:i")
    ours = [without(text, one.customer) for text in (one.external_id, one.path)]
    return [ours[0], str(Channel(one.channel).label), one.agent, ended, ours[1]]


def summary(reading: Reading) -> dict[str, Any]:
    """The preview as JSON, with what the rows would do."""
    return as_read(reading.preview, COLUMNS, "external_id") | {"done": reading.done, "sample": reading.sample}
