"""Contracts from a spreadsheet: looked at first, then all of it or nothing (SDM-7).

A row is judged by what it would do: the services run inside a transaction that is undone, so that the law's limits,
contracts at one time and extensions are those of every other door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import Person, User
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from sdm.models import Employment
from sdm.personal import KEEPERS, may
from sdm.services.contract_registration import employment_register
from sdm.services.employments import Terms
from sdm.services.importing import probation_read
from sdm.services.pushing import UNCHANGED, employee_push

LOCK = 0x0CC_5D7
COLUMNS = [
    Column(
        "number", gettext_lazy("Employee number"), required=True,
        aliases=("NIP", "Nomor Karyawan", "No Karyawan", "No. Karyawan", "Employee ID", "Nomor Induk Karyawan"),
    ),
    Column("name", gettext_lazy("Name"), aliases=("Nama", "Nama Lengkap", "Nama Karyawan", "Employee")),
    Column(
        "kind", gettext_lazy("Contract"), kind="choice", required=True,
        aliases=("Status Kontrak", "Kontrak", "Jenis Kontrak"),
        choices={"pkwt": ("PKWT", "Kontrak"), "pkwtt": ("PKWTT", "Tetap", "Permanent")},
    ),
    Column("contract_number", gettext_lazy("Contract number"), aliases=("Nomor Kontrak", "No Kontrak", "No. Kontrak")),
    Column(
        "starts_on", gettext_lazy("Contract from"), kind="date", required=True,
        aliases=("Awal Kontrak", "Tgl Mulai Kontrak", "Mulai", "Tanggal Mulai", "From"),
    ),
    Column(
        "agreed_until", gettext_lazy("Contract until"), kind="date",
        aliases=("Akhir Kontrak", "Tgl Akhir Kontrak", "Sampai", "Tanggal Berakhir", "Agreed until"),
    ),
    Column(
        "probation_months", gettext_lazy("Probation (months)"), aliases=("Masa Percobaan", "Masa Percobaan (bulan)")
    ),
    Column("signed_on", gettext_lazy("Signed on"), kind="date", aliases=("Tanggal Tanda Tangan", "Tgl TTD", "TTD")),
    Column(
        "registered_on", gettext_lazy("Registered on"), kind="date",
        aliases=("Tanggal Pencatatan", "Tgl Pencatatan", "Dicatatkan"),
    ),
    Column(
        "registration", gettext_lazy("Registration number"),
        aliases=("Nomor Pencatatan", "No Pencatatan", "No. Pencatatan", "Nomor Bukti Pencatatan"),
    ),
]  # fmt: skip
FIELDS = {"contract": "kind", "person": "number"}
Report = Callable[[float], None]
Upload = BinaryIO | File


@dataclass
class Reading:
    """A file looked at: how many contracts are new, are recorded like that already, are registered by it."""

    preview: Preview
    done: dict[str, int]


class Undo(Exception):
    """Takes back what a preview tried."""


def contracts_read(*, file: Upload, actor: User, now: datetime, report: Report = lambda share: None) -> Reading:
    """Read and judge the file; writes nothing. Raises SheetRefused."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, actor, now, report))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def contracts_import(
    *, file: Upload, name: str, actor: User, now: datetime, report: Report = lambda share: None
) -> dict[str, int]:
    """Bring in the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, Invalid."""
    with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    reading = _try(file, actor, now, report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    data = reading.done | {"file": name}
    record(actor=actor, action="contracts.imported", subject=None, data=data, now=now, site=None)
    return reading.done


def _try(file: Upload, actor: User, now: datetime, report: Report) -> Reading:
    table = read_table(file, columns=COLUMNS)
    report(0.2)
    preview = validate(table, lambda row: (), duplicates_on=[("number", "starts_on")])
    done = {"added": 0, "unchanged": 0, "registered": 0}
    rows = sorted(table.rows, key=lambda row: (str(row.values.get("number") or ""), _begins(row)))
    for at, row in enumerate(rows):
        if not row.problems and (what := _row(row, actor, now)):
            for one in what:
                done[one] += 1
        if at % 50 == 0:
            report(0.2 + 0.8 * at / max(1, len(rows)))
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return Reading(preview, done)


def _begins(row: Row) -> date:
    """A person's contracts are judged in their order, wherever they stand in the file."""
    found = row.values.get("starts_on")
    return found if isinstance(found, date) else date.min


def _row(row: Row, actor: User, now: datetime) -> list[str]:
    try:
        with transaction.atomic():
            person = _person(row, actor)
            value = row.values
            terms = Terms(
                value["kind"], value["starts_on"], value.get("agreed_until") or None,
                str(value.get("contract_number") or ""), probation_read(str(value.get("probation_months") or "")),
                value.get("signed_on") or None,
            )  # fmt: skip
            values = {"contract": terms}
            what = employee_push(number=person.number, values=values, actor=actor, now=now)[1]
            done = ["unchanged" if what == UNCHANGED else "added"]
            return [*done, "registered"] if _registered(row, person, actor, now) else done
    except Refused as refusal:
        named = {"number": "contract_number"}.get(refusal.field or "", refusal.field or "")
        if refusal.code == "unknown":
            named = "number"
        column = FIELDS.get(named, named)
        known = column if any(one.name == column for one in COLUMNS) else ""
        row.problems.append(Problem(row.number, known, refusal.code, worded(refusal.message)))
        return []


def _registered(row: Row, person: Person, actor: User, now: datetime) -> bool:
    """Whether the row registers the contract; what is registered like that already stays."""
    day, number = row.values.get("registered_on") or None, str(row.values.get("registration") or "").strip()
    if day is None and not number:
        return False
    if day is None or not number:
        words = _("A registration has a day and a number.")
        raise Invalid(words, field="registration" if number == "" else "registered_on", code="required")
    found = Employment.objects.select_related("renewal").get(employee_id=person.pk, starts_on=row.values["starts_on"])
    if found.registered == (day, number):
        return False
    employment_register(employment_id=found.pk, registered_on=day, registration=number, actor=actor, now=now)
    return True


def _person(row: Row, actor: User) -> Person:
    number = str(row.values["number"]).strip()
    found = Person.objects.visible_to(actor).filter(number=number).select_related("site").first()
    if found is None:
        words = _("There is no employee with the number “%(number)s”.")
        raise Invalid(words % {"number": number[:20]}, code="unknown")
    if not may(actor, KEEPERS, found.site):
        raise NotAllowed
    return found


def summary(reading: Reading) -> dict[str, Any]:
    """The preview as JSON, with what the rows would do."""
    good = [sample(row) for row in reading.preview.rows if not row.problems]
    return as_read(reading.preview, COLUMNS, "number") | {"done": reading.done, "sample": good[:10]}


def sample(row: Row) -> list[str]:
    return [str(row.values.get(one.name) or "") for one in COLUMNS]
