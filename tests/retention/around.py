"""A small catalogue for tests of what is around the records: a source with files, rows made straight into the table."""

from __future__ import annotations

import struct
import wave
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from occ.people.models import Person, Site
from retention.marks import customer_mark, names_customer
from retention.models import Record, Source
from tests.factories import NOW

_numbers = count(1)


def source(where: Site, folder: Path, *, kind: str = "recording") -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    code = f"{where.code}-{kind[:3].upper()}-{next(_numbers)}"
    return Source.objects.create(
        code=code, name=code, kind="directory", url=folder.as_uri(), record_kind=kind, site=where, channel="voice",
        pattern=r"(?P<id>.+)",
    )  # fmt: skip


def a_record(
    at: Source, *, ended_at: datetime = NOW - timedelta(days=400), minutes: int = 5, agent: Person | None = None,
    customer: str = "", content: bytes | None = None, **fields: Any,
) -> Record:  # fmt: skip
    number = next(_numbers)
    values: dict[str, Any] = {
        "external_id": f"R-{number:05}", "path": f"{number:05}.dat", "channel": "voice", "kind": at.record_kind,
    }  # fmt: skip
    values |= fields
    if content is not None:
        (Path(at.url.removeprefix("file://")) / values["path"]).write_bytes(content)
    return Record.objects.create(
        source=at, site=at.site, agent=agent, started_at=ended_at - timedelta(minutes=minutes), ended_at=ended_at,
        size=len(content or b""), customer=customer, customer_mark=customer_mark(customer), catalogued_at=NOW,
        names_customer=names_customer(values["external_id"], customer), **values,
    )  # fmt: skip


def sound(seconds: float = 2.0, rate: int = 8_000) -> bytes:
    """A WAV with a tone that rises, so that each part of it differs."""
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(
            b"".join(struct.pack("<h", (n * n // 97) % 20_000 - 10_000) for n in range(int(seconds * rate)))
        )
    return out.getvalue()
