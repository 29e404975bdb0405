"""Candidates of one request from a spreadsheet: looked at first, then all of it or nothing (SDM-3).

A row is judged by what it would do: the service runs inside a transaction that is undone. Columns that no specification
checks (sex, a picture, a birth date where no law applies an age limit) are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from sdm.models import Recruitment
from sdm.positions.choices import Education
from sdm.services.candidates import candidate_add

MONTHS = re.compile(r"^\s*(\d{1,3})\s*(bulan|months?|bln)?\s*$", re.IGNORECASE)
YEARS = re.compile(r"^\s*(\d{1,2})\s*(tahun|years?|thn|th)\s*$", re.IGNORECASE)
SEPARATORS = re.compile(r"[,;/|\n]")
COLUMNS = [
    Column("name", gettext_lazy("Name"), required=True, aliases=("Nama", "Nama Lengkap", "Nama Kandidat", "Candidate")),
    Column("nik", gettext_lazy("NIK (national ID number)"), aliases=("NIK", "NIK KTP", "No KTP", "Nomor KTP")),
    Column("phone", gettext_lazy("Phone"), aliases=("Telepon", "No HP", "Nomor HP", "HP", "Phone", "WhatsApp")),
    Column("email", gettext_lazy("E-mail"), kind="email", aliases=("E-mail", "Email", "Surel")),
    Column(
        "education", gettext_lazy("Education"), kind="choice",
        aliases=("Pendidikan", "Pendidikan Terakhir", "Education"),
        choices={
            str(Education.SMA): ("SMA", "SMK", "SMA/SMK", "SLTA", "MA"), str(Education.D1): ("D1", "Diploma 1"),
            str(Education.D2): ("D2", "Diploma 2"), str(Education.D3): ("D3", "D-3", "DIII", "Diploma 3"),
            str(Education.S1): ("S1", "D4", "S-1", "D-4", "D4/S1", "Sarjana"), str(Education.S2): ("S2", "Magister"),
            str(Education.S3): ("S3", "Doktor"),
        },
    ),
    Column("study", gettext_lazy("Course of study"), aliases=("Jurusan", "Program Studi", "Major")),
    Column(
        "experience_months", gettext_lazy("Experience (months)"),
        aliases=("Pengalaman", "Pengalaman (bulan)", "Lama Pengalaman", "Experience"),
    ),
    Column("skills", gettext_lazy("Skills"), aliases=("Keahlian", "Kemampuan", "Skill", "Skills")),
    Column("source", gettext_lazy("Where from"), aliases=("Sumber", "Asal Lamaran", "Source")),
]  # fmt: skip
Report = Callable[[float], None]
Upload = BinaryIO | File


class Undo(Exception):
    """Takes back what a preview tried."""


def candidates_read(
    *, file: Upload, recruitment: Recruitment, actor: User, now: datetime, report: Report = lambda share: None
) -> Preview:
    """Read and judge the file; writes nothing. Raises SheetRefused."""
    found: list[Preview] = []
    try:
        with transaction.atomic():
            found.append(_try(file, recruitment, actor, now, report))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def candidates_import(
    *, file: Upload, name: str, recruitment: Recruitment, actor: User, now: datetime,
    report: Report = lambda share: None,
) -> dict[str, int]:  # fmt: skip
    """Bring in the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, Invalid."""
    preview = _try(file, recruitment, actor, now, report)
    if faulty := preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not preview.rows:
        raise Invalid(_("The file holds no row to import."))
    done = {"created": preview.counts["good"]}
    record(
        actor=actor, action="candidates.imported", subject=recruitment, data=done, now=now, site=recruitment.site
    )  # fmt: skip
    return done


def _try(file: Upload, recruitment: Recruitment, actor: User, now: datetime, report: Report) -> Preview:
    table = read_table(file, columns=COLUMNS)
    report(0.2)
    preview = validate(table, lambda row: (), duplicates_on=["nik"])
    count = max(1, len(table.rows))
    for i, row in enumerate(table.rows):
        if not row.problems:
            _row(row, recruitment, actor, now)
        if i % 50 == 0:
            report(0.2 + 0.8 * i / count)
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return preview


def _row(row: Row, recruitment: Recruitment, actor: User, now: datetime) -> None:
    try:
        with transaction.atomic():
            candidate_add(recruitment_id=recruitment.pk, actor=actor, now=now, **values(row))
    except Refused as refusal:
        known = refusal.field if any(one.name == refusal.field for one in COLUMNS) else ""
        row.problems.append(Problem(row.number, known or "", refusal.code, worded(refusal.message)))


def values(row: Row) -> dict[str, Any]:
    """What candidate_add takes; an empty cell says nothing. Raises Invalid."""
    found = {name: cell for name, cell in row.values.items() if cell not in (None, "")}
    if "experience_months" in found:
        found["experience_months"] = months(str(found["experience_months"]))
    if "skills" in found:
        found["skills"] = [one.strip() for one in SEPARATORS.split(str(found["skills"])) if one.strip()]
    return found


def months(text: str) -> int:
    """Months, or years where the word says so. Raises Invalid."""
    if found := MONTHS.match(text):
        return int(found[1])
    if found := YEARS.match(text):
        return 12 * int(found[1])
    raise Invalid(_("Write months as a number, or years with the word."), field="experience_months", code="months")


def summary(preview: Preview) -> dict[str, Any]:
    """The preview as JSON. Good rows are shown without what identifies anybody but their name."""
    good = [[str(row.values.get(name) or "") for name in ("name", "education", "experience_months", "skills")]
            for row in preview.rows if not row.problems]  # fmt: skip
    return as_read(preview, COLUMNS, "name") | {"sample": good[:10]}
