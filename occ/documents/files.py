"""Where files lie: under the storage directory, outside the web root, named by content or by a random id.

A file is complete under its final name before the row that names it is committed: written under a temporary name,
flushed to disk, renamed. So a committed row always has its file. What a killed or refused transaction leaves is a
file that no row names; `sweep` removes those once they are a day old.
"""

import hashlib
import os
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.storage import storages

ORPHAN_AGE = timedelta(days=1)


def _root(storage: str) -> Path:
    return Path(storages[storage].path(""))


def put(storage: str, name: str, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write a file durably; returns its SHA-256 in hex and its size in bytes."""
    final = Path(storages[storage].path(name))
    final.parent.mkdir(parents=True, exist_ok=True)
    part = final.parent / f".{uuid.uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("xb") as out:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        part.chmod(0o440)
        part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_directory(final.parent)
    return digest.hexdigest(), size


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(storage: str, name: str) -> None:
    Path(storages[storage].path(name)).unlink(missing_ok=True)


def stale(storage: str, under: str, *, now: datetime) -> list[str]:
    """Names of the files below `under` that are older than a day, whoever names them."""
    root, limit = _root(storage), (now - ORPHAN_AGE).timestamp()
    found = (path for path in (root / under).rglob("*") if path.is_file())
    return [str(path.relative_to(root)) for path in found if path.stat().st_mtime < limit]
