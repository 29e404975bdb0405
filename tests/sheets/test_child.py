"""The reader's process, called without one: what it answers for each kind of file (KER-9, UID-13)."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlwt
from openpyxl import Workbook

from occ.sheets import child
from occ.sheets.child import No

COLUMNS = {"user_id": ["userid", "id"], "name": ["nama", "name"]}
Q = "user_id,name\n"


def answered(path: Path, capsys: pytest.CaptureFixture[str], **changes: Any) -> list[Any]:
    job = {"path": str(path), "columns": COLUMNS, "rows": 1000, "unpacked": 10 * 2**20} | changes
    child.answer(job)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def refused(path: Path, capsys: pytest.CaptureFixture[str], **changes: Any) -> str:
    with pytest.raises(No) as caught:
        answered(path, capsys, **changes)
    return caught.value.code


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def packed(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


@pytest.mark.req("UID-13")
def test_a_workbook_with_titles_blanks_and_an_uncomputed_formula(tmp_path: Path, capsys: Any) -> None:
    rows = [["LOGBOOK 2025"], [], ["User ID", "Nama"], ["A-1", "Ani"], [None, " "], ["A-2", "=1+1"]]
    head, *lines = answered(workbook(tmp_path / "a.xlsx", *rows), capsys)
    assert (head["header_row"], head["headings"]) == (3, ["User ID", "Nama"])
    assert lines == [[4, ["A-1", "Ani"]], [6, ["A-2", ["f"]]]]


@pytest.mark.req("UID-13")
def test_the_sheet_that_fits_best_is_read(tmp_path: Path, capsys: Any) -> None:
    book = Workbook()
    book.active.append(["nothing", "of it"])
    sheet = book.create_sheet("Data")
    sheet.append(["ID", "Name"])
    sheet.append(["A-1", "Ani"])
    book.save(tmp_path / "two.xlsx")
    head, line = answered(tmp_path / "two.xlsx", capsys)
    assert (head["sheet"], head["sheets"], line) == ("Data", ["Sheet", "Data"], [2, ["A-1", "Ani"]])


@pytest.mark.req("UID-13")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_files_in_any_encoding_and_delimiter(tmp_path: Path, capsys: Any, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"user id{delimiter}nama\nA-1{delimiter}José\n".encode(encoding))
    assert answered(path, capsys)[1] == [2, ["A-1", "José"]]


@pytest.mark.req("UID-13")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"), (b"  \n", "empty"), (b"%PDF-1.7 x", "is_pdf"), (b"<html><table>", "is_html"),
        (b"<?xml version='1.0'?>", "is_xml"), (b"\x89PNG\r\n\x1a\n", "is_image"), (b"\x1f\x8b\x08", "is_archive"),
        (b"PK\x03\x04 cut short", "damaged"), (b"\x00\x01\x02\x03" * 9, "not_a_sheet"), (b"just words\n", "no_header"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16le"), "encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16le"), "is_document"),
    ],
)  # fmt: skip
def test_what_is_no_spreadsheet_is_named(tmp_path: Path, capsys: Any, data: bytes, code: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(data)
    assert refused(path, capsys) == code


@pytest.mark.req("UID-13", "KER-9")
def test_archives_are_measured_before_they_are_opened(tmp_path: Path, capsys: Any) -> None:
    bomb = packed(tmp_path / "bomb", xl__workbook_xml=b"0" * (11 * 2**20))
    assert refused(bomb, capsys) == "bomb"
    assert refused(packed(tmp_path / "zip", readme=b"x"), capsys) == "is_archive"
    assert refused(packed(tmp_path / "docx", **{"word/document.xml": b"<w/>"}), capsys) == "is_document"
    entity = packed(tmp_path / "xxe", **{"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"})
    assert refused(entity, capsys) == "damaged"
    ods = packed(tmp_path / "ods", **{"META-INF/manifest.xml": b"<encryption-data/>"})
    assert refused(ods, capsys) == "encrypted"
    many = workbook(tmp_path / "many.xlsx", ["ID", "Name"], *[[f"A-{i}", "Ani"] for i in range(60)])
    assert refused(many, capsys, rows=10) == "too_many_rows"


@pytest.mark.req("UID-13")
def test_an_old_workbook_is_read(tmp_path: Path, capsys: Any) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Logbook")
    for at, row in enumerate((["User ID", "Nama"], ["A-1", "Ani"])):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    out = io.BytesIO()
    book.save(out)
    (tmp_path / "a.xls").write_bytes(out.getvalue())
    assert answered(tmp_path / "a.xls", capsys)[1] == [2, ["A-1", "Ani"]]
