"""Reads one untrusted spreadsheet in a process of its own, which the parent limits and kills (KER-9, UID-13).

Run as a script with `-I`: it imports no Django and nothing of OCC. Job: JSON on stdin. Answer: JSON lines on stdout,
first what was found (or refused), then one line per row.
"""

import csv
import json
import re
import resource
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from math import isfinite
from typing import Any
from xml.etree import ElementTree

HEAD = 30
# An .xlsx may spell them (_x0000_) and an .xls simply has them; no database takes the first, and nobody sees any.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
# How a program or a script begins; a text that begins so is none only where no row of headings is found in it.
PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
Rows = Iterable[tuple[int, list[Any]]]


class No(Exception):
    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params


def key(text: object) -> str:
    """A heading reduced to its letters and digits: "E-mail Agent *" is "emailagent"."""
    return "".join(c for c in unicodedata.normalize("NFKC", str(text)).casefold() if c.isalnum())


def main() -> None:
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer(job)
    except No as no:
        print(json.dumps({"refused": no.code, "params": no.params}))
    except MemoryError:
        print(json.dumps({"refused": "too_big", "params": {}}))


def answer(job: dict[str, Any]) -> None:
    known = {name: column for column, names in job["columns"].items() for name in names}
    with open(job["path"], "rb") as file:
        start = file.read(4096)
    kind = kind_of(start)
    if kind == "text":
        sheets: Iterable[tuple[str, Rows]] = csv_variants(job["path"], start)
        extra = {}
    else:
        extra = check_zip(job) if kind == "zip" else check_cfb(job["path"])
        sheets = workbook_sheets(job["path"])
    best, names = None, []
    for name, rows in sheets:
        if name not in names:
            names.append(name)
        source = iter(rows)
        head = list(islice(source, HEAD))
        for at, (number, cells) in enumerate(head):
            score = (fits(cells, known, free="sample" in job), len(cells) if kind == "text" else 0)
            if score[0] and (best is None or score > best[0]):
                best = (score, name, number, cells, head[at + 1 :], source)
    if best is None:
        raise No("not_a_sheet" if start.startswith(PROGRAMS) else "no_header")
    _score, name, number, cells, rest, source = best
    width = max((i + 1 for i, cell in enumerate(cells) if cell != ""), default=0)
    print(
        json.dumps(
            {
                "sheet": UNSEEN.sub("", name),
                "sheets": [UNSEEN.sub("", one) for one in names],
                "header_row": number,
                "headings": [plain(c) for c in cells[:width]],
                "epoch_1904": extra.get("epoch_1904", False),
            }
        )
    )
    marks = formula_marks(job["path"], name) if extra.get("xlsx") else {}
    count = 0
    for at, row in (*rest, *source):
        out = [plain(cell) for cell in row[:width]]
        for column, mark in marks.get(at, ()):
            if column < width and out[column] is None:
                out[column] = [mark]
        if all(cell is None for cell in out):
            continue
        count += 1
        if count > job.get("sample", count):
            break
        if count > job["rows"]:
            raise No("too_many_rows", limit=job["rows"])
        sys.stdout.write(json.dumps([at, out]) + "\n")


def fits(cells: Iterable[Any], known: dict[str, str], *, free: bool) -> int:
    """How many columns a row of headings names. `free`, none are known: how many different words it has."""
    if not free:
        return len({known[k] for c in cells if (k := key(c)) in known})
    return len({k for c in cells if isinstance(c, str) and any(map(str.isalpha, c)) and (k := key(c))})


def plain(cell: Any) -> Any:
    """As JSON: a list where the cell's value is none as it stands; its last part is then what can be shown of it."""
    if isinstance(cell, str):
        if UNSEEN.search(cell):
            return ["u", UNSEEN.sub("", cell)]
        return cell.strip(" \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff") or None
    if isinstance(cell, float) and not isfinite(cell):
        return ["e"]
    if isinstance(cell, (bool, int, float)) or cell is None:
        return cell
    if isinstance(cell, (date, datetime)):
        return ["d", cell.isoformat()]
    return str(cell)


def kind_of(start: bytes) -> str:
    if not start.strip():
        raise No("empty")
    low = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    signs = {
        b"%pdf": "pdf",
        b"<!doctype html": "html",
        b"<html": "html",
        b"<table": "html",
        b"<?xml": "xml",
        b"\x89png": "image",
        b"\xff\xd8\xff": "image",
        b"gif8": "image",
        b"\x1f\x8b": "archive",
        b"rar!": "archive",
        b"7z\xbc\xaf": "archive",
    }
    for sign, what in signs.items():
        if low.startswith(sign):
            raise No("is_" + what)
    if start.startswith(b"PK"):
        return "zip"
    return "cfb" if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") else "text"


def check_zip(job: dict[str, Any]) -> dict[str, Any]:
    """Look at declared and real sizes before anything is parsed, and count the rows that hold something."""
    found: dict[str, Any] = {}
    total = 0
    try:
        with zipfile.ZipFile(job["path"]) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            if len(infos) > 5000 or sum(info.file_size for info in infos) > job["unpacked"]:
                raise No("bomb")
            if any(info.flag_bits & 1 for info in infos):
                raise No("encrypted")
            for info in infos:
                rows, tail = 0, b""
                with archive.open(info) as part:
                    while chunk := part.read(1 << 20):
                        total += len(chunk)
                        if total > job["unpacked"]:
                            raise No("bomb")
                        if b"<!DOCTYPE" in chunk[:2000] and not found.get("x"):
                            raise No("damaged")
                        if info.filename.startswith("xl/worksheets/"):
                            *whole, tail = (tail + chunk).split(b"<row")
                            rows += sum(1 for piece in whole if b"<v" in piece or b"<t" in piece)
                            if rows > job["rows"] + HEAD:
                                raise No("too_many_rows", limit=job["rows"])
                        if info.filename == "META-INF/manifest.xml" and b"encryption-data" in chunk:
                            raise No("encrypted")
            if "xl/workbook.xml" in names:
                found["xlsx"] = True
                found["epoch_1904"] = bool(re.search(rb'date1904="(1|true)"', archive.read("xl/workbook.xml")))
            elif "xl/workbook.bin" not in names and not (
                "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype")
            ):
                raise No("is_document" if "word/document.xml" in names or "mimetype" in names else "is_archive")
    except No:
        raise
    except MemoryError:
        raise
    except Exception:
        raise No("damaged") from None
    return found


def check_cfb(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        data = file.read()
    if "EncryptedPackage".encode("utf-16le") in data or "EncryptionInfo".encode("utf-16le") in data:
        raise No("encrypted")
    if "WordDocument".encode("utf-16le") in data:
        raise No("is_document")
    return {}


def workbook_sheets(path: str) -> Iterator[tuple[str, Rows]]:
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        metas = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        for meta in sorted(metas, key=lambda meta: meta.visible != SheetVisibleEnum.Visible):
            sheet = book.get_sheet_by_name(meta.name)
            first = sheet.start[0] + 1 if sheet.start else 1
            left = sheet.start[1] if sheet.start else 0
            yield meta.name, sheet_rows(sheet, first, left)
    except PasswordError:
        raise No("encrypted") from None
    except (No, MemoryError):
        raise
    except BaseException as error:  # the parser's panics are no Exception
        if isinstance(error, GeneratorExit):
            raise
        raise No("damaged") from None


def sheet_rows(sheet: Any, first: int, left: int) -> Rows:
    total, rows = sheet.total_height, sheet.iter_rows()
    for number, row in enumerate(rows, 1):
        if any(cell != "" for cell in row):
            yield number, row
    del total, first, left


_FORMULA = re.compile(rb"<c\b([^>]*?)(?:/>|>\s*(<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*(<v\b[^>]*>[^<]+|<is>)?)", re.S)


def formula_marks(path: str, sheet: str) -> dict[int, list[tuple[int, str]]]:
    """Where the chosen sheet has error values, or formulas without the value they had when last computed."""
    marks: dict[int, list[tuple[int, str]]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            data = archive.read(sheet_part(archive, sheet))
    except (KeyError, ElementTree.ParseError, StopIteration):
        return marks
    if b"<f" not in data and b't="e"' not in data:
        return marks
    for match in _FORMULA.finditer(data):
        attributes, formula, value = match.groups()
        error = b't="e"' in attributes
        if not error and (not formula or value or b't="str"' in attributes):
            continue
        if place := re.search(rb'\br="([A-Z]{1,3})([0-9]+)"', attributes):
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            marks.setdefault(int(place[2]), []).append((column - 1, "e" if error else "f"))
    return marks


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    rid = next(
        next(v for k, v in e.attrib.items() if k.endswith("}id"))
        for e in book.iter() if e.tag.endswith("}sheet") and e.get("name") == sheet
    )  # fmt: skip
    rels = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(e.get("Target", "") for e in rels if e.get("Id") == rid)
    return target.lstrip("/") if target.startswith("/") else "xl/" + target


def csv_variants(path: str, start: bytes) -> Iterator[tuple[str, Rows]]:
    encoding = encoding_of(path, start)
    for delimiter in ",;\t|":
        yield "", csv_rows(path, encoding, delimiter)


def encoding_of(path: str, start: bytes) -> str:
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            with open(path, encoding=encoding) as text:
                while chunk := text.read(1 << 20):
                    if re.search(r"[\x00-\x08\x0e-\x1f]", chunk):
                        raise No("not_a_sheet")
            return encoding
        except UnicodeError:
            continue
    raise No("not_a_sheet")


def csv_rows(path: str, encoding: str, delimiter: str) -> Rows:
    csv.field_size_limit(200_000)
    with open(path, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        try:
            for number, row in enumerate(reader, 1):
                if any(row):
                    yield number, row
        except csv.Error:
            raise No("damaged") from None


if __name__ == "__main__":
    main()
