"""Wages from a spreadsheet (SDM-11). Amounts stand in no preview and in no ledger entry."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.sheets.reading import Column
from sdm.services.contract_wages import wage_record
from sdm.services.row_import import NUMBER, RowImport, person_of

COLUMNS = [
    NUMBER,
    Column("starts_on", gettext_lazy("From"), kind="date", required=True,
           aliases=("Berlaku Mulai", "Mulai", "Sejak", "Tanggal Berlaku", "TMT")),
    Column("amount", gettext_lazy("Wage of a month"), kind="decimal", required=True,
           aliases=("Upah", "Gaji", "Upah Sebulan", "Gaji Pokok dan Tunjangan Tetap", "Wage")),
    Column("note", gettext_lazy("Note"), aliases=("Catatan", "Keterangan", "Alasan")),
]  # fmt: skip


def bring(value: dict[str, Any], actor: User, now: datetime) -> bool:
    return wage_record(
        person_id=person_of(value, actor).pk, starts_on=value["starts_on"], amount=Decimal(str(value["amount"])),
        note=str(value.get("note") or ""), actor=actor, now=now,
    )[1]  # fmt: skip


WAGES = RowImport(
    COLUMNS, bring, "wages.imported", 0x0CC_5DA, once=("number", "starts_on"), first="starts_on",
    sample=("number", "starts_on", "note"),
)  # fmt: skip
