"""A source in a directory, files in it, a scan of it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from occ.people.models import Site
from retention.models import Record, Scan, Source
from retention.services.cataloguing import records_add
from retention.services.facts import Facts
from retention.services.scanning import source_scan
from retention.workflow import CHECKER
from tests.factories import NOW, site

PATTERN = r"(?P<id>(?P<agent>\w+)-(?P<start>\d{8}T\d{6})-(?P<seconds>\d+))\.wav"
_numbers = count(1)


def source_at(where: Site, url: str, *, code: str = "VOICE", **values: Any) -> Source:
    given: dict[str, Any] = {
        "name": f"Source {code}", "kind": "directory", "url": url, "record_kind": "recording", "site": where,
        "channel": "voice", "pattern": PATTERN,
    }  # fmt: skip
    return Source.objects.create(code=code, **(given | values))


def source_in(folder: Path, where: Site | None = None, **values: Any) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    return source_at(where or site("JKT"), folder.as_uri(), **values)


def put(folder: Path, name: str, content: bytes = b"sound", *, at: datetime = NOW - timedelta(days=1)) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def wav(agent: str = "N1", start: str = "20250310T101500", seconds: int = 60) -> str:
    return f"{agent}-{start}-{seconds}.wav"


def scan(source: Source, *, now: datetime = NOW) -> Scan:
    return source_scan(source_id=source.pk, actor=CHECKER, now=now)


def facts(name: str = "", *, ended_at: datetime = NOW - timedelta(days=400), **values: Any) -> Facts:
    name = name or f"talk-{next(_numbers)}"
    given: dict[str, Any] = {
        "external_id": name, "path": f"{name}.wav", "channel": "voice", "started_at": ended_at - timedelta(minutes=3),
        "ended_at": ended_at, "size": 5,
    }  # fmt: skip
    return Facts(**(given | values))


def record_in(source: Source, name: str = "", *, now: datetime = NOW, **values: Any) -> Record:
    (done,) = records_add(source=source, facts=[facts(name, **values)], now=now)
    assert done.pk is not None, done
    return Record.objects.get(pk=done.pk)
