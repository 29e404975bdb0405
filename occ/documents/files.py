"""Where files lie: under the storage directory, outside the web root, named by content or by a random id.

A file is complete under its final name before the row that names it is committed: written under a temporary name,
flushed to disk, renamed. So a committed row always has its file. What a killed or refused transaction leaves is a
file that no row names; `sweep` removes those once they are a day old.
"""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterable, Sequence
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


def is_there(storage: str) -> bool:
    """Whether the storage's directory is; an empty mount point is told from it by files that must be there only."""
    return _root(storage).is_dir()


def copies(storage: str, names: Sequence[str]) -> dict[str, list[str]]:
    """What lies beside each name under its own: the file itself, half-written ones, versions that somebody kept.

    Each folder is read once. The stem of a name is random (a document's code): nothing else has it in its own.
    """
    root, folders = _root(storage), {str(Path(one).parent) for one in names}
    stems = {Path(one).stem: one for one in names}
    found: dict[str, list[str]] = {one: [] for one in names}
    for folder in sorted(folders):
        with contextlib.suppress(FileNotFoundError):
            for path in sorted((root / folder).iterdir()):
                known = stems.get(path.name.lstrip(".").partition(".")[0])
                if known is not None and str(Path(known).parent) == folder:
                    found[known].append(str(path.relative_to(root)))
    return found


def remove_all(storage: str, names: Sequence[str]) -> dict[str, str]:
    """Remove files for good (the folders are flushed too); why each is still there, "" for those that are gone."""
    root, said = _root(storage), dict.fromkeys(names, "")
    for name in names:
        try:
            (root / name).unlink(missing_ok=True)
        except OSError as error:
            said[name] = f"{name}: {error.strerror or error}"
    for folder in {(root / one).parent for one in names}:
        with contextlib.suppress(FileNotFoundError):
            _sync_directory(folder)
    return said


def stale(storage: str, under: str, *, now: datetime) -> list[str]:
    """Names of the files below `under` that are older than a day, whoever names them."""
    root, limit = _root(storage), (now - ORPHAN_AGE).timestamp()
    found = (path for path in (root / under).rglob("*") if path.is_file())
    return [str(path.relative_to(root)) for path in found if path.stat().st_mtime < limit]
