"""Spreadsheets in and out, and the files that are none."""

import io
import zipfile
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from occ.errors import Invalid
from occ.sheets.dates import parse_date, parse_decimal
from occ.sheets.importing import faulty_rows_workbook, validate
from occ.sheets.reading import Column, Limits, SheetRefused, _reader, read_table
from occ.sheets.writing import OutColumn, write_workbook

WIB = ZoneInfo("Asia/Jakarta")
COLUMNS = [
    Column("user_id", "User ID", ["ID Pengguna"], required=True),
    Column("email", "E-mail", ["Surel"], kind="email"),
    Column("since", "Active since", ["Tanggal aktif"], kind="date"),
]


def xlsx(*rows: list[object]) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    out.seek(0)
    return out


def with_cells(*cells: str) -> io.BytesIO:
    """A sheet whose second row is written as no spreadsheet program writes it."""
    parts, out = zipfile.ZipFile(xlsx(["User ID", "Surel", "Tanggal aktif"], ["MARK"])), io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for info in parts.infolist():
            data = parts.read(info).decode()
            if info.filename == "xl/worksheets/sheet1.xml":
                head, _mark, tail = data.partition('<row r="2"')
                data = f'{head}<row r="2">{"".join(cells)}</row>{tail.partition("</row>")[2]}'
            made.writestr(info, data)
    out.seek(0)
    return out


@pytest.mark.req("KER-13")
@pytest.mark.parametrize("text", ["1 Agustus 2025", "1 Agt 2025", "01/08/2025", "1-8-2025", "2025-08-01", "01.08.2025",
                                  "August 1, 2025", "Aug. 1, 2025", 45870])  # fmt: skip
def test_the_day_comes_first(text: str) -> None:
    assert parse_date(text) == date(2025, 8, 1)


@pytest.mark.req("KER-13")
@pytest.mark.parametrize("text", ["31/02/2026", "04/13/2026", "1/8/25", "01/08/1889", "2025-08/01", "soon", ""])
def test_no_date_is_guessed(text: str) -> None:
    with pytest.raises(Invalid):
        parse_date(text)


@pytest.mark.req("KER-13")
def test_a_number_with_two_meanings_is_refused() -> None:
    assert str(parse_decimal("1.234,5")) == str(parse_decimal("1,234.5")) == "1234.5"
    assert (str(parse_decimal("90.125", language="en")), parse_decimal("90.125", language="id")) == ("90.125", 90125)
    with pytest.raises(Invalid):
        parse_decimal("90.125")


@pytest.mark.req("UID-13")
def test_titles_are_skipped_and_problems_and_duplicates_named() -> None:
    file = xlsx(
        [],
        ["Logbook 2025"],
        ["ID Pengguna", "Surel", "Tanggal aktif", "Extra"],
        ["00123", "a@b.id", "1/8/2025"],
        [123, "A@B.id", date(2025, 8, 1)],
        ["=1+1", "x", "31/02/2025"],
    )
    with override("en"):
        table = read_table(file, columns=COLUMNS)
        preview = validate(table, lambda row: [], duplicates_on=["email"])
        back = load_workbook(io.BytesIO(faulty_rows_workbook(preview, zone=WIB))).worksheets[0]
    assert (table.header_row, table.unknown_columns) == (3, ["Extra"])
    assert [row.number for row in table.rows] == [4, 5, 6]
    assert [row.values["user_id"] for row in table.rows] == ["00123", "123", None]
    assert [[p.code for p in row.problems] for row in table.rows][:2] == [["duplicate"]] * 2
    assert {p.code for p in table.rows[2].problems} == {"formula", "email", "date_impossible"}
    assert back.max_row == 4


@pytest.mark.req("UID-13", "KER-9")
def test_a_number_that_is_none_and_characters_that_nobody_sees_are_the_rows_problems() -> None:
    """NaN is no number, and no database takes U+0000, which an .xlsx may spell."""
    hidden = '<c r="A2" t="inlineStr"><is><t>OMN_x0000_-1</t></is></c>'
    for cell, code, shown in ((hidden, "hidden", "OMN-1"), ('<c r="A2"><v>NaN</v></c>', "cell_error", "#N/A")):
        with override("en"):
            table = read_table(
                with_cells(cell, '<c r="B2"><v>NaN</v></c>', '<c r="C2"><v>NaN</v></c>'), columns=COLUMNS
            )
            (row,) = table.rows
            back = load_workbook(io.BytesIO(faulty_rows_workbook(validate(table, lambda row: []), zone=WIB)))
        assert [problem.code for problem in row.problems] == [code, "cell_error", "cell_error"]
        assert [cell.value for cell in back.worksheets[0][2]][:2] == [2, shown]
        assert "\x00" not in str(row)


@pytest.mark.req("UID-13")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_no_row_is_lost_beyond_those_in_which_the_header_is_sought(kind: str) -> None:
    rows = [["User ID"], *[[f"A{number}"] for number in range(100)]]
    text = "\n".join(str(row[0]) for row in rows)
    table = read_table(xlsx(*rows) if kind == "xlsx" else io.BytesIO(text.encode()), columns=COLUMNS)
    assert [row.values["user_id"] for row in table.rows] == [f"A{number}" for number in range(100)]
    assert [row.number for row in table.rows] == list(range(2, 102))


@pytest.mark.req("UID-13")
def test_semicolons_and_quoted_newlines_in_a_csv() -> None:
    table = read_table(io.BytesIO('ID Pengguna;Surel\n"A\nB";a@b.id\n'.encode("utf-16")), columns=COLUMNS)
    assert table.rows[0].values["user_id"] == "A\nB"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 30_000_000)
    return out.getvalue()


@pytest.mark.req("UID-13")
@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"), (b"%PDF-1.7 x", "is_pdf"), (xlsx(["User ID"], ["x"]).getvalue()[:-300], "damaged"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16le"), "encrypted"), (bomb(), "bomb"),
    (b"a,b\n1,2\n", "no_header"), (b"E-mail\na@b.id\n", "columns_missing"), (b"\x00\x01\x02", "not_a_sheet"),
    (b"User ID\n" + b"x\n" * 20, "too_many_rows"), (xlsx(["User ID"], *[["x"]] * 60).getvalue(), "too_many_rows"),
])  # fmt: skip
def test_what_is_no_spreadsheet_gets_a_clear_answer(data: bytes, code: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read_table(io.BytesIO(data), columns=COLUMNS, limits=Limits(rows=10, unpacked=20_000_000))
    assert refused.value.code == code


@pytest.mark.req("UID-14")
def test_text_stays_text_and_dates_are_dates() -> None:
    out = io.BytesIO()
    rows = [["=1+1", date(2025, 8, 1)], ["+62\x00", None], ["x" * 40_000, None]]
    write_workbook(out, title="Log/book", columns=[OutColumn("ID"), OutColumn("Since")], rows=rows, meta={}, zone=WIB)
    sheet = load_workbook(out).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A3"].value) == ("=1+1", "s", "+62")
    assert sheet["B2"].is_date and len(sheet["A4"].value) == 32_767
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B4")
    paper = (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage)
    assert paper == ("landscape", 0, True) and sheet.print_title_rows == "$1:$1"


def test_many_columns_are_printed_on_several_pages() -> None:
    """None so small that it cannot be read; the first column says on each page whose row it is."""
    out = io.BytesIO()
    columns = [OutColumn(f"{n}", 20) for n in range(28)]
    write_workbook(out, title="Wide", columns=columns, rows=[range(28)], meta={}, zone=WIB)
    sheet = load_workbook(out).worksheets[0]
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight, sheet.print_title_cols) == (3, 0, "$A:$A")


@pytest.mark.parametrize(("language", "offered"), [("id", "Aktif, Non Aktif"), ("en", "active, inactive")])
def test_what_may_be_written_is_said_in_the_readers_language(language: str, offered: str) -> None:
    status = Column(
        "status", "Status", [], kind="choice", choices={"active": ("Aktif", "A"), "inactive": ("Non Aktif",)}
    )
    with override(language), pytest.raises(Invalid) as refused:
        _reader(status, epoch_1904=False)("Aktip")
    assert offered in str(refused.value)
