"""Writing a backup: to a directory beside, whole and flushed to disk, and only then renamed to its name."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from occ.home.backup import manifest, stores
from occ.home.backup.manifest import DATABASE, FILES, PARTIAL, Kept
from occ.home.backup.programs import BackupRefused, call, find, server_major
from occ.ledger.models import Entry, Seal

CHUNK = 2**20


@dataclass
class Made:
    """`missing` and `damaged` name what the storage no longer holds as rows say: the backup is whole without them."""

    files: int = 0
    size: int = 0
    gone: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def backup_make(*, folder: Path, now: datetime) -> Made:
    """Back the installation up into `folder`, which must not exist. Raises BackupRefused; nothing is left then."""
    folder = folder.absolute()
    for alias in stores.aliases():
        inside = stores.location(alias)
        if inside and folder.resolve().is_relative_to(inside):
            raise BackupRefused(f"{folder} lies inside the file storage: the backup would hold itself")
    if folder.exists():
        raise BackupRefused(f"{folder} exists already: every backup gets a directory of its own")
    pg_dump = find("pg_dump", at_least=server_major())
    with partial(folder) as part:
        facts, named = dump(part, pg_dump)
        made = copy_files(part, named)
        parts = {name: {"size": (part / name).stat().st_size, "sha256": manifest.sha256_of(part / name)}
                 for name in (DATABASE, FILES)}  # fmt: skip
        manifest.write(
            part,
            facts
            | {"made_at": now.isoformat(), "parts": parts, "keys": manifest.fingerprints(), "gone": made.gone}
            | {"missing": made.missing, "damaged": made.damaged, "files": {"count": made.files, "size": made.size}},
        )
        (part / "lock").unlink()
        manifest.sync_directories(part)
        part.rename(folder)
    manifest.sync_directory(folder.parent)
    return made


@contextmanager
def partial(folder: Path) -> Iterator[Path]:
    """The directory beside; what a killed backup left there is removed, what a running one writes is not touched."""
    part = folder.with_name(folder.name + PARTIAL)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part.mkdir(mode=0o700, exist_ok=True)
    with (part / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(f"another backup is being written to {part}") from error
        for left in part.iterdir():
            if left.name != "lock":
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield part
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def dump(part: Path, pg_dump: Path) -> tuple[dict[str, Any], dict[tuple[str, str], str]]:
    """The database and what is said about it, all of one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
        snapshot, version = cursor.fetchone()
        file = part / DATABASE
        file.touch(mode=0o600)
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}"]
        call(pg_dump, *words)
        with file.open("rb") as written:
            os.fsync(written.fileno())
        head = Seal.objects.order_by("-pk").values_list("hash", flat=True).first()
        applied = MigrationRecorder.Migration.objects.order_by("app", "name").values_list("app", "name")
        facts = {
            "server": version,
            "rows": row_counts(),
            "migrations": [f"{app}.{name}" for app, name in applied],
            "ledger": {"entries": Entry.objects.count(), "seals": Seal.objects.count(), "head": head},
        }
        return facts, stores.named()


def row_counts() -> dict[str, int]:
    """Rows of each table of this database, partitions one by one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
        )
        found = {}
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')  # noqa: S608 — names of the catalogue
            found[f"{schema}.{table}"] = int(cursor.fetchone()[0])
    return found


def copy_files(part: Path, named: dict[tuple[str, str], str]) -> Made:
    """Every file of the storages, and which of those that rows name are not there or not what they were."""
    made, seen = Made(), dict.fromkeys(named, "")
    with (part / FILES).open("x") as listed:
        for alias in stores.aliases():
            for name in stores.names(alias):
                kept = copy(part, alias, name)
                if kept is None:
                    continue
                listed.write(manifest.line_of(kept))
                made.files, made.size = made.files + 1, made.size + kept.size
                if (alias, name) in named:
                    seen[(alias, name)] = kept.sha256
        listed.flush()
        os.fsync(listed.fileno())
    absent = [key for key, digest in seen.items() if not digest]
    still = stores.named() if absent else {}
    for key in absent:
        (made.missing if key in still else made.gone).append("/".join(key))
    made.damaged = ["/".join(key) for key, digest in seen.items() if digest and named[key] not in {"", digest}]
    return made


def copy(part: Path, alias: str, name: str) -> Kept | None:
    """The file's copy; None when it was removed meanwhile."""
    target = part / "files" / alias / name
    try:
        source = storages[alias].open(name)
    except FileNotFoundError:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := source.read(CHUNK):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Kept(alias, name, size, digest.hexdigest())


def summary(folder: Path) -> str:
    facts = json.loads((folder / manifest.MANIFEST).read_text())
    return (
        f"{folder}: {sum(facts['rows'].values())} rows of {len(facts['rows'])} tables, "
        f"{facts['files']['count']} files of {facts['files']['size']} bytes, ledger head {facts['ledger']['head']}"
    )
