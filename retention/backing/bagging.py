"""The bag's tag files (BagIt 1.0, RFC 8493): what a stranger's `bagit` checks once the records are decrypted."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ITEMS = "data/items.csv"
HEADER = [
    "file", "record", "id_sha256", "kind", "channel", "site", "source", "started_at", "ended_at", "bytes", "sha256",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A payload file: as the manifests and items.csv name it.

    No customer, no path, and of the ID at the source its hash: IDs may be made of telephone numbers, and what is
    destroyed must leave none here.
    """

    name: str
    record: int
    id_mark: str
    kind: str
    channel: str
    site: str
    source: str
    started_at: datetime
    ended_at: datetime
    size: int
    sha256: str
    sha512: str


def items_csv(lines: Iterable[Line]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for one in lines:
        writer.writerow(
            [one.name, one.record, one.id_mark, one.kind, one.channel, one.site, one.source,
             one.started_at.isoformat(), one.ended_at.isoformat(), one.size, one.sha256]
        )  # fmt: skip
    return out.getvalue().encode()


def destroyed_csv(rows: Iterable[tuple[str, str, datetime]]) -> bytes:
    """Of (file, SHA-256, when): what was in the bag and is destroyed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file", "sha256", "destroyed_at"])
    writer.writerows((name, sha256, at.isoformat()) for name, sha256, at in rows)
    return out.getvalue().encode()


def tag_files(
    lines: list[Line], *, identifier: str, info: Mapping[str, str], day: date, more: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Every file of the bag but its records, by path. `more`: tag files of one's own."""
    items = items_csv(lines)
    total = sum(one.size for one in lines) + len(items)
    said = {
        "Bagging-Date": day.isoformat(), "Bag-Software-Agent": "OCC", "External-Identifier": identifier,
        "Payload-Oxum": f"{total}.{len(lines) + 1}", **info,
    }  # fmt: skip
    files = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {' '.join(value.split())}\n" for name, value in said.items()).encode(),
        ITEMS: items,
        **(more or {}),
    }
    for name in ("sha256", "sha512"):
        rows = [f"{getattr(one, name)}  {one.name}\n" for one in lines]
        rows.append(f"{hashlib.new(name, items).hexdigest()}  {ITEMS}\n")
        files[f"manifest-{name}.txt"] = "".join(rows).encode()
    tags = {path: content for path, content in files.items() if path != ITEMS}
    for name in ("sha256", "sha512"):
        rows = [f"{hashlib.new(name, content).hexdigest()}  {path}\n" for path, content in tags.items()]
        files[f"tagmanifest-{name}.txt"] = "".join(rows).encode()
    return files


def tar_of(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def from_tar(content: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for info in archive:
            file = archive.extractfile(info)
            if file is not None:
                found[info.name] = file.read()
    return found
