"""Evaluations of before from a spreadsheet (SDM-11). Remarks stand in no preview and in no ledger entry."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.people.models import User
from occ.sheets.dates import MONTHS, parse_date
from occ.sheets.reading import Column
from occ.times import in_reach, month_of
from sdm.services.past_evaluations import past_evaluation_take_up
from sdm.services.row_import import NUMBER, RowImport, person_of

COLUMNS = [
    NUMBER,
    Column("month", gettext_lazy("Month"), required=True,
           aliases=("Periode", "Bulan", "Bulan Penilaian", "Periode Penilaian", "Period")),
    Column("total", gettext_lazy("Total"), kind="decimal", required=True,
           aliases=("Nilai", "Nilai Akhir", "Total Nilai", "Skor", "Score")),
    Column("grade", gettext_lazy("Grade"), aliases=("Predikat", "Kategori", "Peringkat")),
    Column("remarks", gettext_lazy("Remarks"), aliases=("Catatan Penilaian", "Ulasan", "Komentar")),
    Column("note", gettext_lazy("Why it changes"), aliases=("Alasan Perubahan", "Catatan", "Keterangan")),
]  # fmt: skip
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")
_NAMED = re.compile(r"([A-Za-z]+)[ .'-]+([0-9]{4})")


def month_read(text: str) -> date:
    """The first of the month that people mean: 2025-11, 11/2025, November 2025, or any day of it. Raises Invalid."""
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    elif found := _MONTH_FIRST.fullmatch(text):
        year, month = int(found[2]), int(found[1])
    elif found := _NAMED.fullmatch(text):
        year, month = int(found[2]), MONTHS.get(found[1].lower(), 0)
    else:
        return month_of(parse_date(text))
    if not 1 <= month <= 12 or not 1 <= year <= 9999 or not in_reach(date(year, month, 1)):
        words = _("“%(value)s” is no month. Write it as 2025-11.")
        raise Invalid(words % {"value": text[:40]}, field="month", code="month")
    return date(year, month, 1)


def bring(value: dict[str, Any], actor: User, now: datetime) -> bool:
    person = person_of(value, actor)
    try:
        month = month_read(str(value["month"]))
    except Invalid as invalid:
        raise Invalid(invalid.message, field="month", code=invalid.code) from invalid
    return past_evaluation_take_up(
        person_id=person.pk, month=month, total=Decimal(str(value["total"])), actor=actor, now=now,
        **{name: str(value.get(name) or "") for name in ("grade", "remarks", "note")},
    )[1]  # fmt: skip


EVALUATIONS = RowImport(
    COLUMNS, bring, "evaluations.imported", 0x0CC_5DD, once=("number", "month"), first="month",
    sample=("number", "month", "total", "grade"),
)  # fmt: skip
