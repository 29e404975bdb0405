"""Leave out of a spreadsheet (SDM-11): looked at first, then all of it or nothing.

What is over was taken, as it is known elsewhere, and uses up the balance; what is to come is asked for like any other.
A row is judged by what it would do: the services run inside a transaction that is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import Person, User
from occ.people.scope import people_filter
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from occ.times import local_day
from sdm.absence.policies import Kind, kinds_on
from sdm.models import LeaveRequest
from sdm.services.absence import leave_ask, leave_take_up

LOCK = 0x0CC_5D9
COLUMNS = [
    Column("number", gettext_lazy("Employee number"), required=True,
           aliases=("NIP", "Nomor Karyawan", "No Karyawan", "No. Karyawan", "Employee ID", "Nomor Induk Karyawan")),
    Column("kind", gettext_lazy("Kind"), required=True,
           aliases=("Jenis Cuti", "Jenis", "Cuti", "Leave Type", "Keterangan")),
    Column("starts_on", gettext_lazy("First day"), required=True, kind="date",
           aliases=("Tanggal Mulai", "Mulai", "Dari", "Tgl Awal", "Awal", "From", "Start")),
    Column("ends_on", gettext_lazy("Last day"), kind="date",
           aliases=("Tanggal Selesai", "Selesai", "Sampai", "Tgl Akhir", "Akhir", "To", "Until", "End")),
    Column("reason", gettext_lazy("Reason"), aliases=("Alasan", "Catatan", "Note")),
]  # fmt: skip
# What people write for the commonest ones.
WORDS = {
    "cuti": "annual", "cuti tahunan": "annual", "tahunan": "annual", "c": "annual", "sakit": "sick", "s": "sick",
    "izin": "permission", "ijin": "permission", "i": "permission", "cuti melahirkan": "maternity",
    "melahirkan": "maternity", "cuti hamil": "maternity", "menikah": "marries", "cuti menikah": "marries",
    "haid": "period", "cuti haid": "period", "keguguran": "miscarriage", "tanpa gaji": "unpaid",
    "cuti tanpa gaji": "unpaid", "cuti di luar tanggungan": "unpaid",
}  # fmt: skip
TAKEN, ASKED, KNOWN = "taken", "asked", "known"


@dataclass
class Reading:
    """A file looked at: what each good row would do is counted in `done`."""

    preview: Preview
    done: dict[str, int]


class Undo(Exception):
    """Takes back what a preview tried."""


def leave_file_read(*, file: BinaryIO | File[bytes], actor: User, now: datetime) -> Reading:
    """Read and judge the file; writes nothing. Raises SheetRefused."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, actor, now))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def leave_file_import(*, file: BinaryIO | File[bytes], name: str, actor: User, now: datetime) -> dict[str, int]:
    """Bring in the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, Invalid."""
    with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    reading = _try(file, actor, now)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    data = reading.done | {"file": name}
    record(actor=actor, action="leave.imported", subject=None, data=data, now=now, site=None)
    return reading.done


def _try(file: BinaryIO | File[bytes], actor: User, now: datetime) -> Reading:
    table = read_table(file, columns=COLUMNS)
    preview = validate(table, lambda row: (), duplicates_on=[("number", "starts_on")])
    done = dict.fromkeys((TAKEN, ASKED, KNOWN), 0)
    for row in preview.rows:
        if not row.problems and (what := _row(row, actor, now)) is not None:
            done[what] += 1
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return Reading(preview, done)


def _row(row: Row, actor: User, now: datetime) -> str | None:
    try:
        with transaction.atomic():
            return _bring(row.values, actor, now)
    except Refused as refusal:
        known = any(one.name == refusal.field for one in COLUMNS)
        row.problems.append(Problem(row.number, refusal.field if known else "", refusal.code, worded(refusal.message)))  # type: ignore[arg-type]
        return None


def _bring(value: dict[str, Any], actor: User, now: datetime) -> str:
    seen = Person.objects.filter(people_filter(actor))  # of others a file tells nothing, not even that they are away
    person = seen.select_related("site").filter(number=value["number"].strip()).first()
    if person is None:
        words = _("There is no employee with the number “%(number)s”.")
        raise Invalid(words % {"number": value["number"][:20]}, field="number", code="unknown")
    first: date = value["starts_on"]
    last: date = value.get("ends_on") or first
    kind = kind_meant(value["kind"], first)
    same = LeaveRequest.objects.alive().filter(employee_id=person.pk, kind=kind.key, starts_on=first, ends_on=last)
    if same.exists():
        return KNOWN
    given: dict[str, Any] = {
        "person_id": person.pk, "kind": kind.key, "starts_on": first, "ends_on": last,
        "reason": value.get("reason") or "", "actor": actor, "now": now,
    }  # fmt: skip
    if last < local_day(now, person.site.zone):
        leave_take_up(**given)
        return TAKEN
    leave_ask(**given)
    return ASKED


def kind_meant(word: str, day: date) -> Kind:
    """The kind of that day by its key, its name in either language, or a usual word. Raises Invalid."""
    kinds, said = kinds_on(day), " ".join(word.casefold().split())
    for one in kinds.values():
        names = {one.key, one.label}
        for language in ("id", "en"):
            with translation.override(language):
                names.add(one.name)
        if said in {name.casefold() for name in names}:
            return one
    if (key := WORDS.get(said)) in kinds:
        return kinds[key]
    words = _("There is no kind of leave “%(name)s”.")
    raise Invalid(words % {"name": word[:60]}, field="kind", code="unknown")


def summary(reading: Reading) -> dict[str, Any]:
    """The preview as JSON, with what the rows would do. No reasons: a file goes further than a page."""
    good = [row for row in reading.preview.rows if not row.problems][:10]
    names = ("number", "kind", "starts_on", "ends_on")
    sample = [[str(row.values.get(name) or "") for name in names] for row in good]
    return as_read(reading.preview, COLUMNS, "number") | {"done": reading.done, "sample": sample}
