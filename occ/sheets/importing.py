"""The preview before an import: every row's problems, and the faulty rows back with the reason beside each (UID-13)."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from occ.sheets.child import key
from occ.sheets.reading import Column, Problem, Row, Table
from occ.sheets.writing import OutColumn, write_workbook
from occ.texts import told as _
from occ.texts import worded

__all__ = ["Preview", "Problem", "Row", "as_read", "faulty_rows_workbook", "validate"]


@dataclass
class Preview:
    rows: list[Row]
    header_row: int
    sheet: str
    headings: list[str]
    unknown_columns: list[str]
    counts: dict[str, int]  # total, good, faulty


def validate(
    table: Table, row_validator: Callable[[Row], Iterable[Problem] | None], *,
    duplicates_on: Sequence[str | tuple[str, ...]] = (),
) -> Preview:  # fmt: skip
    """Add to each row its validator's problems and those of rows that repeat another one in the file."""
    for row in table.rows:
        row.problems.extend(row_validator(row) or ())
    for names in duplicates_on:
        _find_duplicates(table.rows, (names,) if isinstance(names, str) else names)
    faulty = sum(1 for row in table.rows if row.problems)
    counts = {"total": len(table.rows), "good": len(table.rows) - faulty, "faulty": faulty}
    return Preview(table.rows, table.header_row, table.sheet, table.headings, table.unknown_columns, counts)


def as_read(preview: Preview, columns: Sequence[Column], subject: str, *, most: int = 5_000) -> dict[str, Any]:
    """The preview as JSON for the pages of an import: counts, columns as they were read, problems by row.

    What was told in it is kept for readers of every language by `occ.texts.kept_within`.
    `subject`: the column that names a row to people; `most`: how many faulty rows are said, `cut` counts the others.
    """
    labels = {one.name: worded(one.label) for one in columns}
    faulty = [row for row in preview.rows if row.problems]
    return {
        "counts": preview.counts,
        "sheet": preview.sheet,
        "header_row": preview.header_row,
        "columns": [
            {"label": worded(one.label), "heading": heading}
            for one in columns
            for heading in preview.headings
            if key(heading) in one.keys
        ],
        "unknown": preview.unknown_columns,
        "rows": [
            {
                "row": row.number,
                "subject": str(row.values.get(subject) or "")[:60],
                "problems": [
                    {"column": labels.get(one.column, ""), "code": one.code, "message": one.message}
                    for one in row.problems
                ],
            }
            for row in faulty[:most]
        ],
        "cut": max(0, len(faulty) - most),
    }


def _find_duplicates(rows: list[Row], names: tuple[str, ...]) -> None:
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        values = tuple(_folded(row.values.get(name)) for name in names)
        if None in values:
            continue
        other = first.setdefault(values, row)
        if other is not row:
            for one, twin in ((other, row), (row, other)):
                one.problems.append(
                    Problem(one.number, names[0], "duplicate", _("The same as row %(row)s.") % {"row": twin.number})
                )


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def faulty_rows_workbook(preview: Preview, *, zone: ZoneInfo) -> bytes:
    """The faulty rows as they were, in their order, with their row number and the reasons."""
    out = io.BytesIO()
    columns = [OutColumn(_("Row"), width=8), *(OutColumn(heading) for heading in preview.headings)]
    rows = (
        [row.number, *row.original, *[None] * (len(preview.headings) - len(row.original)),
         "; ".join(problem.message for problem in row.problems)]
        for row in preview.rows if row.problems
    )  # fmt: skip
    write_workbook(
        out, title=_("Faulty rows"), columns=[*columns, OutColumn(_("Reason"), width=60)], rows=rows,
        meta={_("Sheet"): preview.sheet}, zone=zone,
    )  # fmt: skip
    return out.getvalue()
