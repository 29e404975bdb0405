"""What a file is, by its content. The name and what the browser says about it are only compared with that."""

import re
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
}
ALIASES = {"jpeg": "jpg", "jpe": "jpg"}
# A picture or a text with these in it may be run by whoever opens it as a page.
ACTIVE = re.compile(rb"<\s*(script|html|iframe|!doctype|svg\s|\?php)", re.IGNORECASE)
UNPACKED_LIMIT = 200 * 2**20
BINARY_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Sniffed:
    kind: str
    content_type: str


def sniff(stream: BinaryIO) -> Sniffed | None:
    """The kind of an allowed file, or None when it is none of them or carries something active."""
    stream.seek(0)
    content = stream.read()
    kind = _kind(content, stream)
    stream.seek(0)
    if kind is None or (kind in {"png", "jpg", "webp", "txt"} and ACTIVE.search(content)):
        return None
    return Sniffed(kind, TYPES[kind])


def _kind(content: bytes, stream: BinaryIO) -> str | None:
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png" if _png_ends_at_its_end(content) else None
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp" if len(content) - 8 <= struct.unpack("<I", content[4:8])[0] + 1 else None
    if content.startswith(b"PK\x03\x04"):
        return _office(stream)
    return "txt" if _is_text(content) else None


def _png_ends_at_its_end(content: bytes) -> bool:
    """Walk the chunks: nothing may hide behind the last one."""
    at = 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        name, at = content[at + 4 : at + 8], at + 12 + length
        if name == b"IEND":
            return at == len(content)
    return False


def _office(stream: BinaryIO) -> str | None:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    names = {member.filename for member in members}
    if sum(member.file_size for member in members) > UNPACKED_LIMIT or any(member.flag_bits & 1 for member in members):
        return None
    if "[Content_Types].xml" not in names or any("vbaproject" in name.lower() for name in names):
        return None
    if "word/document.xml" in names:
        return "docx"
    return "xlsx" if "xl/workbook.xml" in names else None


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not BINARY_TEXT.search(content)


def clean_name(name: str, kind: str) -> str:
    """A name that is safe to show and to save: no path, nothing invisible, at most 120 characters, right ending."""
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    base = "".join("_" if char in '<>:"|?*' else char for char in base if unicodedata.category(char)[0] != "C")
    stem = PurePosixPath(base).stem.strip(". ") or "file"
    return f"{stem[: 119 - len(kind)]}.{kind}"


def ending(name: str) -> str:
    """The kind that the name claims, "" without one."""
    claimed = PurePosixPath(name.lower()).suffix.lstrip(".")
    return ALIASES.get(claimed, claimed)
