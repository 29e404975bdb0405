"""Reading a spreadsheet that somebody uploaded: nothing comes out but a Table or a SheetRefused (UID-13)."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.validators import validate_email
from django.utils import translation
from django.utils.functional import Promise, lazy

from occ.errors import Invalid, Refused
from occ.sheets.child import PROGRAMS, No, key, kind_of
from occ.sheets.dates import parse_date, parse_decimal, parse_instant
from occ.texts import told as _
from occ.texts import worded
from occ.times import FIRST_BIRTH_YEAR, FIRST_YEAR

Reader = Callable[[Any], Any]
CHILD = Path(__file__).with_name("child.py")


class SheetRefused(Refused):
    """The file as a whole cannot be read; nothing of it was taken."""

    code = "sheet_refused"


@dataclass(frozen=True)
class Column:
    name: str
    label: "str | Promise"
    aliases: Sequence[str] = ()
    required: bool = False
    kind: str = "text"  # text, date, birth (a date long ago), instant, email, integer, decimal, choice
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)  # value -> what people write for it

    @property
    def keys(self) -> set[str]:
        """What its heading may be; the label in every language, whichever the reader has chosen."""
        labels = []
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                labels.append(str(self.label))
        return {key(text) for text in (self.name, *labels, *self.aliases)} - {""}


@dataclass(frozen=True)
class Limits:
    bytes: int = 50 * 2**20
    unpacked: int = 400 * 2**20
    rows: int = 200_000
    seconds: int = 60
    memory: int = 1024 * 2**20


@dataclass(frozen=True, slots=True)
class Problem:
    row: int
    column: str  # the column's name; empty when it is about the row
    code: str
    message: str


@dataclass(slots=True)
class Row:
    number: int  # as the spreadsheet program shows it
    values: dict[str, Any]
    problems: list[Problem]
    original: list[Any]


@dataclass
class Table:
    columns: Sequence[Column]
    rows: list[Row]
    header_row: int
    sheet: str
    sheets: list[str]
    headings: list[str]
    unknown_columns: list[str]


def read_table(file: "BinaryIO | File[bytes]", *, columns: Sequence[Column], limits: Limits = Limits()) -> Table:
    """The rows of the sheet whose headings fit `columns` best. Raises SheetRefused."""
    return _read(file, columns, limits)


def read_head(file: "BinaryIO | File[bytes]", *, rows: int = 8, limits: Limits = Limits()) -> Table:
    """The row that looks most like headings, whatever they say, and some rows under it. Raises SheetRefused."""
    return _read(file, (), limits, sample=rows)


def look_at(file: "BinaryIO | File[bytes]") -> None:
    """Raise SheetRefused for what by its first bytes is no spreadsheet, or not what its name says; reading finds the
    rest."""
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    try:
        kind = kind_of(start)
    except No as no:
        raise _refused(no.code, **no.params) from None
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 has a zero in every other byte
    if kind == "text" and ((not wide and b"\x00" in start) or start.startswith(PROGRAMS)):
        raise _refused("not_a_sheet")
    # Programs write text into .xls; what ends in one of these was never a spreadsheet, or was cut.
    if kind == "text" and Path(getattr(file, "name", None) or "").suffix.lower() in {".xlsx", ".xlsm", ".ods"}:
        raise _refused("is_text")


def _read(
    file: "BinaryIO | File[bytes]", columns: Sequence[Column], limits: Limits, sample: int | None = None
) -> Table:
    if (getattr(file, "size", None) or 0) > limits.bytes:  # an upload says so before it is copied
        raise _refused("too_big")
    with tempfile.TemporaryDirectory(prefix="occ-sheet-") as folder:
        upload, out = Path(folder, "upload"), Path(folder, "out")
        with upload.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        if upload.stat().st_size > limits.bytes:
            raise _refused("too_big")
        _run_child(upload, out, columns, limits, sample)
        with out.open(encoding="ascii") as lines:
            return _table(lines, columns)


def _run_child(upload: Path, out: Path, columns: Sequence[Column], limits: Limits, sample: int | None) -> None:
    job = {"path": str(upload), "columns": {c.name: sorted(c.keys) for c in columns}, "rows": limits.rows,
           "unpacked": limits.unpacked, "memory": limits.memory, "seconds": limits.seconds}  # fmt: skip
    job |= {} if sample is None else {"sample": sample}
    with out.open("wb") as stdout:
        try:  # run() kills the child when the time is up
            done = subprocess.run(
                [sys.executable, "-I", str(CHILD)], input=json.dumps(job).encode(), stdout=stdout,
                stderr=subprocess.DEVNULL, timeout=limits.seconds, env={"LC_ALL": "C.UTF-8"}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _refused("too_slow") from None
    if done.returncode:
        slow = done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}  # the kernel stops it at its limit of CPU seconds
        raise _refused("too_slow" if slow else "too_big" if done.returncode < 0 else "damaged")


def _table(lines: Iterator[str], columns: Sequence[Column]) -> Table:
    found = json.loads(next(lines, '{"refused": "damaged"}'))
    if "refused" in found:
        raise _refused(found["refused"], **found.get("params", {}))
    headings = ["" if h is None else str(h[-1] if isinstance(h, list) else h) for h in found["headings"]]
    places = _places(headings, columns)
    table = Table(
        columns, [], found["header_row"], found["sheet"], found["sheets"], headings,
        [h for i, h in enumerate(headings) if h and i not in places.values()],
    )  # fmt: skip
    at = [
        (column, places[column.name], _reader(column, found["epoch_1904"]))
        for column in columns
        if column.name in places
    ]
    for line in lines:
        data = json.loads(line)
        if isinstance(data, dict):  # refused half-way
            raise _refused(data["refused"], **data.get("params", {}))
        table.rows.append(_row(data[0], [_decoded(cell) for cell in data[1]], at))
    return table


def _places(headings: list[str], columns: Sequence[Column]) -> dict[str, int]:
    places: dict[str, int] = {}
    for column in columns:
        hits = [i for i, heading in enumerate(headings) if key(heading) in column.keys]
        if len(hits) > 1:
            raise SheetRefused(
                _("Two columns are both read as %(label)s: “%(first)s” and “%(second)s”. Remove one.")
                % {"label": column.label, "first": headings[hits[0]], "second": headings[hits[1]]},
                code="column_twice", field=column.name,
            )  # fmt: skip
        if hits:
            places[column.name] = hits[0]
    if missing := [column for column in columns if column.required and column.name not in places]:
        raise SheetRefused(
            _("These columns are missing (headings that are understood in brackets): %(columns)s.")
            % {"columns": lazy(_wanted, str)(missing)},
            code="columns_missing", field=missing[0].name,
        )  # fmt: skip
    return places


def _wanted(missing: Sequence[Column]) -> str:
    return "; ".join(f"{c.label} ({', '.join(c.aliases)})" if c.aliases else str(c.label) for c in missing)


class _Mark(str):
    """A cell without a usable value: "e" holds an error such as #N/A, "f" a formula that was never computed."""


class Unseen(str):
    """What can be seen of a cell that holds control characters."""


def _decoded(cell: Any) -> Any:
    if not isinstance(cell, list):
        return cell
    if cell[0] == "u":
        return Unseen(cell[1])
    if cell[0] != "d":
        return _Mark(cell[0])
    return datetime.fromisoformat(cell[1]) if "T" in cell[1] else date.fromisoformat(cell[1])


def _row(number: int, cells: list[Any], at: "list[tuple[Column, int, Reader]]") -> Row:
    row = Row(number, {}, [], cells)
    for column, place, reader in at:
        cell = cells[place] if place < len(cells) else None
        row.values[column.name] = None
        try:
            if cell is not None:
                row.values[column.name] = reader(_usable(cell))
            elif column.required:
                raise Invalid(_("%(label)s is empty.") % {"label": column.label}, code="empty")
        except Invalid as invalid:
            row.problems.append(Problem(number, column.name, invalid.code, worded(invalid.message)))
    row.original = [_shown(cell) for cell in cells] if any(type(cell) is _Mark for cell in cells) else cells
    return row


def _shown(cell: Any) -> Any:
    return {"e": "#N/A", "f": "= ?"}[cell] if type(cell) is _Mark else cell


def _usable(cell: Any) -> Any:
    if type(cell) is Unseen:
        raise Invalid(_("The cell holds characters that nobody can see. Type it anew."), code="hidden")
    if type(cell) is not _Mark:
        return cell
    if cell == "f":
        raise Invalid(_("Formula without a value: open the file in a spreadsheet program and save it."), code="formula")
    raise Invalid(_("The cell holds an error value."), code="cell_error")


def _reader(column: Column, epoch_1904: bool) -> Reader:
    """What makes the column's values out of its cells; made once for a file, called for each row."""
    if column.kind in {"date", "birth"}:
        first_year = FIRST_BIRTH_YEAR if column.kind == "birth" else FIRST_YEAR
        return partial(parse_date, epoch_1904=epoch_1904, first_year=first_year)
    if column.kind == "instant":
        return partial(parse_instant, epoch_1904=epoch_1904)
    if column.kind == "choice":
        known = {key(word): value for value, words in column.choices.items() for word in (value, *words)}
        return partial(_choice, known=known, names=_offered(column.choices))
    readers: dict[str, Reader] = {"decimal": parse_decimal, "integer": _integer, "email": _email, "text": _text}
    return readers[column.kind]


def _offered(choices: Mapping[str, Sequence[str]]) -> str:
    """Lazy: what to write for each choice, as the reader's language has it; what people write begins with theirs."""

    def offered() -> str:
        indonesian = translation.get_language() == "id"
        return ", ".join(words[0] if words and indonesian else value for value, words in choices.items())

    return lazy(offered, str)()


def _integer(cell: Any) -> int:
    number: Decimal = parse_decimal(_text(cell))
    if number != number.to_integral_value():
        raise Invalid(_("“%(value)s” is not a whole number.") % {"value": cell}, code="not_an_integer")
    return int(number)


def _email(cell: Any) -> str:
    text = _text(cell)
    try:
        validate_email(text)
    except ValidationError:
        raise Invalid(_("“%(value)s” is not an e-mail address.") % {"value": text[:80]}, code="email") from None
    return text


def _choice(cell: Any, *, known: Mapping[str, str], names: str) -> str:
    text = _text(cell)
    found = known.get(text) or known.get(key(text))
    if found is None:
        words = _("“%(value)s” is not known here. Use one of: %(choices)s.")
        raise Invalid(words % {"value": text[:80], "choices": names}, code="choice")
    return found


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, (int, float)):
        if abs(cell) >= 1e15:
            raise Invalid(
                _("The number is so long that the spreadsheet program cut its last digits: type it as text."),
                code="digits_lost",
            )
        return str(int(cell)) if cell == int(cell) else repr(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _refused(code: str, **params: Any) -> SheetRefused:
    messages = {
        "empty": _("The file is empty."),
        "damaged": _("The file is damaged or cut short. Open it in a spreadsheet program and save it again as .xlsx."),
        "encrypted": _("The file is protected with a password. Remove the password and upload it again."),
        "bomb": _("The file unpacks to far more than a spreadsheet should hold, and was not opened."),
        "too_big": _("The file is too big to be read. Split it into smaller files."),
        "too_slow": _("Reading the file took too long. Split it into smaller files or save it as CSV."),
        "too_many_rows": _("The file has more than %(limit)s rows. Split it into smaller files."),
        "no_header": _(
            "No row with column headings was found in the first 30 rows of any sheet. Upload an .xlsx, .xls, .ods or"
            " .csv file with the headings that are listed beside the form."
        ),
        "is_pdf": _("This is a PDF, not a spreadsheet. Upload the .xlsx, .xls, .ods or .csv file itself."),
        "is_html": _("This is a web page with a spreadsheet's name. Open it in Excel and save it as .xlsx."),
        "is_xml": _("This is an XML file. Open it in Excel and save it as .xlsx."),
        "is_image": _("This is a picture, not a spreadsheet. Upload an .xlsx, .xls, .ods or .csv file."),
        "is_archive": _("This is a compressed archive. Unpack it and upload the spreadsheet inside."),
        "is_document": _("This is a text document, not a spreadsheet. Upload an .xlsx, .xls, .ods or .csv file."),
        "is_text": _(
            "This is no spreadsheet but a text file with a spreadsheet's name. Save it as .xlsx in a spreadsheet"
            " program, or, if it is a CSV, let its name end in .csv."
        ),
        "not_a_sheet": _("This is not a spreadsheet. Upload an .xlsx, .xls, .ods or .csv file."),
    }
    return SheetRefused(messages.get(code, messages["damaged"]) % {"limit": params.get("limit", "")}, code=code)
