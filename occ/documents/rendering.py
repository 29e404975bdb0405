"""Typst -> PDF/A-2b. Text reaches Typst as JSON in a data file, never as source: markup in it is only text.

The compiler sees one temporary directory (template, frame, data, QR) and no system fonts, so the same data give the
same pages on every machine.
"""

import io
import json
import re
import shutil
import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst

FRAME = Path(__file__).parent / "typst" / "frame.typ"
# Words up to this length fit the columns; longer ones get invisible places to break.
LONG_WORD = re.compile(r"\S{25,}")
# Numbers and addresses are copied out of the file, and an annex is long: nothing invisible goes into them.
EXACT = {"number", "verify_url", "annex"}
# Bidirectional overrides could make a line read as something else than it says.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
NO_GLYPH = re.compile(r'the text `"(\\u\{[0-9a-f]+\}|.+?)"` could not be displayed')
REPLACEMENT = "\ufffd"
ATTEMPTS = 4


def qr_svg(text: str) -> bytes:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=0, xmldecl=True, svgns=True)
    return out.getvalue()


def printable(text: str) -> str:
    """Text as a page can show it: no control characters, and places to break in words that no column holds."""
    return LONG_WORD.sub(lambda found: _breakable(found.group()), unicodedata.normalize("NFC", HIDDEN.sub("", text)))


def _breakable(word: str) -> str:
    pieces = re.findall(r"[^@._/\-]{1,12}[@._/\-]?|[@._/\-]", word)
    return "\u200b".join(pieces)


def storable(value: Any) -> Any:
    """Without the null characters, which jsonb does not take."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {key: storable(one) for key, one in value.items()}
    return value


def tidy(value: Any) -> Any:
    """`printable` on every text inside lists and dicts; "" becomes "-", as the procedures fill empty cells."""
    if isinstance(value, str):
        return printable(value.strip()) or "-"
    if isinstance(value, list | tuple):
        return [tidy(one) for one in value]
    if isinstance(value, dict):
        return {key: one if key in EXACT else tidy(one) for key, one in value.items()}
    return value


def render(*, template: Path, frame: dict[str, Any], body: dict[str, Any], issued_at: datetime) -> bytes:
    """The PDF/A-2b file. Characters that no font has are shown as the replacement character."""
    tidied = tidy({"frame": frame, "body": body})
    text = json.dumps(tidied, ensure_ascii=False)
    text = json.dumps(tidied | {"breaks": "\u200b" in text}, ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="occ-typst-") as name:
        root = Path(name)
        shutil.copyfile(template, root / "main.typ")
        shutil.copyfile(FRAME, root / "frame.typ")
        (root / "qr.svg").write_bytes(qr_svg(frame["verify_url"]))
        for _attempt in range(ATTEMPTS):
            (root / "data.json").write_text(text, encoding="utf-8")
            try:
                return _compile(root, issued_at)
            except typst.TypstError as error:
                text = _without(text, error)
        text = "".join(char if ord(char) < 0x250 else REPLACEMENT for char in text)
        (root / "data.json").write_text(text, encoding="utf-8")
        return _compile(root, issued_at)


def _compile(root: Path, issued_at: datetime) -> bytes:
    pdf = typst.compile(
        root / "main.typ",
        root=root,
        pdf_standards="a-2b",
        ignore_system_fonts=True,
        timestamp=int(issued_at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf


def _without(text: str, error: typst.TypstError) -> str:
    """The data without the characters that the error says no font has; any other error is raised again."""
    named = set(NO_GLYPH.findall(error.diagnostic))
    chars = {chr(int(one[3:-1], 16)) if one.startswith("\\u{") else char for one in named for char in one}
    chars = {char for char in chars if ord(char) > 0x7F}
    if not chars:
        raise error
    return text.translate(dict.fromkeys(map(ord, chars), REPLACEMENT))
