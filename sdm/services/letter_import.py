"""Warning letters of before from a spreadsheet (SDM-11). Reasons stand in no preview and in no ledger entry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.sheets.reading import Column
from sdm.services.discipline_history import letter_take_up
from sdm.services.row_import import NUMBER, RowImport, person_of

COLUMNS = [
    NUMBER,
    Column("level", gettext_lazy("Level"), kind="choice", required=True, aliases=("SP", "Tingkat SP", "Tingkat"),
           choices={str(n): (str(n), f"SP{n}", f"SP {n}", f"SP-{n}", f"SP {'I' * n}") for n in (1, 2, 3)}),
    Column("paper_number", gettext_lazy("Number of the letter"), required=True,
           aliases=("Nomor Surat", "No Surat", "No. Surat", "Nomor SP")),
    Column("issued_on", gettext_lazy("Issued on"), kind="date", required=True,
           aliases=("Tanggal Surat", "Tanggal SP", "Tgl SP", "Tanggal Terbit")),
    Column("violated_on", gettext_lazy("Day of the violation"), kind="date",
           aliases=("Tanggal Pelanggaran", "Tgl Pelanggaran")),
    Column("valid_until", gettext_lazy("Valid until"), kind="date",
           aliases=("Berlaku Sampai", "Berlaku Hingga", "Masa Berlaku")),
    Column("reason", gettext_lazy("Reason"), required=True, aliases=("Alasan", "Pelanggaran", "Keterangan")),
    Column("clause", gettext_lazy("Clause of the company rules"), required=True,
           aliases=("Pasal", "Pasal Peraturan Perusahaan", "Dasar")),
]  # fmt: skip
TEXTS = ("paper_number", "reason", "clause")


def bring(value: dict[str, Any], actor: User, now: datetime) -> bool:
    given: dict[str, Any] = {name: str(value[name]) for name in TEXTS}
    given |= {name: value.get(name) or None for name in ("violated_on", "valid_until")}
    return letter_take_up(
        person_id=person_of(value, actor).pk, level=int(value["level"]), issued_on=value["issued_on"], actor=actor,
        now=now, **given,
    )[1]  # fmt: skip


LETTERS = RowImport(
    COLUMNS, bring, "letters.imported", 0x0CC_5DC, once=("number", "level", "issued_on"), first="issued_on",
    sample=("number", "level", "paper_number", "issued_on", "valid_until"),
)  # fmt: skip
