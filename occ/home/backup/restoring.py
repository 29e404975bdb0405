"""Bringing a backup back: only a whole one, only into an empty installation, and looked at afterwards.

Files come first and the database last, in one transaction: a restore that is killed leaves an empty database and files
that no row names, and is simply begun again.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from occ.documents import files
from occ.home.backup import manifest, stores
from occ.home.backup.making import CHUNK, row_counts
from occ.home.backup.manifest import DATABASE, FILES, Kept
from occ.home.backup.programs import BackupRefused, call, find, server_major
from occ.ledger.models import Entry, Seal
from occ.ledger.verification import faults

NAME = re.compile(r"[^\x00\\\n]{1,400}")


@dataclass(frozen=True)
class Restored:
    rows: int
    files: int
    missing: list[str]  # what was missing or damaged when the backup was made


def backup_restore(*, folder: Path) -> Restored:
    """Restore, then verify. Raises BackupRefused before anything is written, or afterwards naming what differs."""
    folder = folder.absolute()
    facts = manifest.read(folder)
    for name in (DATABASE, FILES):
        manifest.check_part(folder, name, facts["parts"][name])
    check_migrations(facts["migrations"])
    check_empty()
    for kept in manifest.files_of(folder):
        check_file(folder, kept)
    pg_restore = find("pg_restore", at_least=max(server_major(), int(facts["server"].split(".")[0])))
    for kept in manifest.files_of(folder):
        put(folder, kept)
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    call(pg_restore, *words, f"--dbname={connection.settings_dict['NAME']}", str(folder / DATABASE))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    check_restored(facts)
    return Restored(sum(facts["rows"].values()), facts["files"]["count"], [*facts["missing"], *facts["damaged"]])


def check_migrations(applied: list[str]) -> None:
    """What was restored can only be verified by the code it was made with; upgrading comes after."""
    here = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if different := sorted(here ^ set(applied)):
        whose = "has" if different[0] in here else "lacks"
        raise BackupRefused(
            f"this backup was made by another version of OCC (this one {whose} the migration {different[0]}): restore "
            "it with that version, then upgrade"
        )


def check_empty() -> None:
    if tables := row_counts():
        name = connection.settings_dict["NAME"]
        raise BackupRefused(f"the database {name} is not empty ({len(tables)} tables): restore into a new one")


def check_file(folder: Path, kept: Kept) -> None:
    """Its bytes are what they were, its name leads nowhere else, and the storage holds no other file of this name."""
    if kept.storage not in stores.aliases():
        raise BackupRefused(f"there is no storage {kept.storage} here")
    if not NAME.fullmatch(kept.name) or kept.name.startswith("/") or ".." in kept.name.split("/"):
        raise BackupRefused(f"{FILES} names a file outside the storage")
    manifest.check_part(folder, kept.path, {"size": kept.size, "sha256": kept.sha256})
    if storages[kept.storage].exists(kept.name) and not same(kept):
        raise BackupRefused(f"the storage holds another file {kept.storage}/{kept.name}: restore into an empty one")


def same(kept: Kept) -> bool:
    digest = hashlib.sha256()
    with storages[kept.storage].open(kept.name) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == kept.sha256


def put(folder: Path, kept: Kept) -> None:
    """Put the file where it was; one that is there was compared before."""
    if storages[kept.storage].exists(kept.name):
        return
    with (folder / kept.path).open("rb") as file:
        written = files.put(kept.storage, kept.name, iter(lambda: file.read(CHUNK), b""))
    if written != (kept.sha256, kept.size):
        raise BackupRefused(f"{folder / kept.path} changed while it was restored")


def check_restored(facts: dict[str, Any]) -> None:
    counts = row_counts()
    if different := sorted(name for name in counts | facts["rows"] if counts.get(name) != facts["rows"].get(name)):
        name = different[0]
        raise BackupRefused(f"restored, but {name} has {counts.get(name)} rows and not {facts['rows'].get(name)}")
    kept = set(stores.named())
    lost = {tuple(name.split("/", 1)) for name in [*facts["gone"], *facts["missing"]]}
    if absent := sorted(key for key in kept - lost if not storages[key[0]].exists(key[1])):
        raise BackupRefused(f"restored, but the file {'/'.join(absent[0])} that a row names is not there")
    head = Seal.objects.order_by("-pk").values_list("hash", flat=True).first()
    if (Entry.objects.count(), head) != (facts["ledger"]["entries"], facts["ledger"]["head"]):
        raise BackupRefused("restored, but the ledger's head is not the one of the backup")
    if broken := next(faults(), None):
        raise BackupRefused(f"restored, but the ledger is broken, as it was in the backup: {broken}")
