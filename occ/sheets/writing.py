"""Spreadsheets that go out: text stays text, dates are dates, and memory does not grow with the rows (UID-14)."""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

LONGEST = 32_767
CUT = " […]"
READABLE = 260  # characters on an A4 page across, at half of their size
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_LOCALE = {"id": "[$-421]", "en": "[$-809]"}


@dataclass(frozen=True)
class OutColumn:
    label: str
    width: int = 18


def write_workbook(
    out: IO[bytes], *, title: str, columns: Sequence[OutColumn], rows: Iterable[Sequence[Any]],
    meta: Mapping[str, str], zone: ZoneInfo,
) -> int:  # fmt: skip
    """Write the rows and, on a second sheet, what they are; return how many. Instants are shown in `zone`."""
    book = Workbook(write_only=True)
    book.properties.title = title
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "OCC")
    sheet.freeze_panes = "A2"
    _on_paper(sheet, columns)
    for at, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(at)].width = column.width
    sheet.append([_header(sheet, column.label) for column in columns])
    cells, count = _Cells(sheet, zone), 0
    for row in rows:
        sheet.append([cells.cell(at, value) for at, value in enumerate(row)])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    info = book.create_sheet(_("Info"))
    info.column_dimensions["A"].width, info.column_dimensions["B"].width = 24, 80
    notes = _Cells(info, zone)
    for name, text in ((_("Title"), title), *meta.items(), (_("Rows"), str(count))):
        info.append([_header(info, name), notes.cell(1, str(text))])
    book.save(out)
    return count


def _on_paper(sheet: Any, columns: Sequence[OutColumn]) -> None:
    """As few A4 pages across as can be read; the headings on each, and the first column where there are several."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.page_setup.fitToWidth = across = max(1, math.ceil(sum(column.width for column in columns) / READABLE))
    if across > 1:
        sheet.print_title_cols = "A:A"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _header(sheet: Any, label: str) -> Cell:
    cell = WriteOnlyCell(sheet, clean(str(label)))
    cell.data_type = "s"
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="1F3A5F")
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


class _Cells:
    """Styled cells made once for each column and used again: making a style for each value is what costs time."""

    def __init__(self, sheet: Any, zone: ZoneInfo) -> None:
        self.sheet, self.zone = sheet, zone
        self.made: dict[tuple[int, str], Cell] = {}
        locale = _LOCALE.get((get_language() or "en")[:2], _LOCALE["en"])
        self.formats = {"date": f"{locale}dd mmm yyyy", "datetime": f"{locale}dd mmm yyyy hh:mm"}

    def cell(self, at: int, value: Any) -> Any:
        if isinstance(value, str):
            value = clean(value)
            return self._of(at, "text", value) if value.startswith(_RISKY) or value.startswith("#") else value
        if isinstance(value, datetime):
            return self._of(at, "datetime", value.astimezone(self.zone).replace(tzinfo=None) if value.tzinfo else value)
        if isinstance(value, date):
            return self._of(at, "date", value)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return value

    def _of(self, at: int, kind: str, value: Any) -> Cell:
        cell = self.made.get((at, kind))
        if cell is None:
            cell = self.made[at, kind] = WriteOnlyCell(self.sheet)
            if kind == "text":
                cell.quotePrefix = True
            else:
                cell.number_format = self.formats[kind]
        cell._value = value  # type: ignore[attr-defined]  # the property would guess the type, and slowly
        cell.data_type = "s" if kind == "text" else "d"
        return cell


def clean(text: str) -> str:
    """`text` without what XML forbids, and no longer than a cell may be."""
    if not text.isprintable():
        text = _ILLEGAL.sub("", text)
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def write_csv(out: IO[str], *, columns: Sequence[OutColumn], rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> int:
    """The same rows as CSV; an apostrophe keeps a program from taking text for a formula."""
    writer, count = csv.writer(out), 0
    writer.writerow([_csv(column.label, zone) for column in columns])
    for row in rows:
        writer.writerow([_csv(value, zone) for value in row])
        count += 1
    return count


def _csv(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")
    if isinstance(value, str):
        value = clean(value)
        return "'" + value if value.startswith(_RISKY) else value
    return value
