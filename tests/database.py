"""The migrated database of which each test process takes a copy: the migrations run once, and not for each of them.

After a test whose transactions are real, only the tables that have rows are emptied: to empty all of them, and to write
Django's permissions anew, took longer than most of these tests.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.db import connection, transaction
from psycopg2 import sql

from occ.home.backup.programs import find

ROOT = Path(__file__).parent.parent
LOCK = 77_100
MAJOR = 18  # of the embedded server
PREFIX = "occ_template_"


def template() -> str:
    """Its name. The first process that asks makes it, the others wait; one of other migrations is dropped."""
    name = PREFIX + digest()
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until the connection is closed
        cursor.execute("SELECT datname, datistemplate FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        found = dict(cursor.fetchall())
        if not found.pop(name, False):
            for old in {*found, name}:
                cursor.execute("UPDATE pg_database SET datistemplate = false WHERE datname = %s", [old])
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(old)))
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            migrate(name)
            cursor.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    return name


def migrate(name: str) -> None:
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    environment = os.environ | {"DATABASE_URL": url, "MIGRATION_DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], env=environment, cwd=ROOT, check=True)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        # Each process writes the policies' defaults itself: those that hold in tests (tests/conftest.py).
        cursor.execute("SET session_replication_role = replica; DELETE FROM policies_policy")
        connection.commit()


def dump(name: str, file: Path) -> None:
    """For a server of its own (tests/faults): to restore it takes a second, the migrations take a minute."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    subprocess.run([find("pg_dump", at_least=MAJOR), "--format=custom", f"--file={file}", url], check=True)


def restore(file: Path, url: str) -> None:
    """Into that empty database, as whoever migrates it."""
    words = ["--exit-on-error", "--no-owner", f"--dbname={url}"]
    subprocess.run([find("pg_restore", at_least=MAJOR), *words, str(file)], check=True)


def digest() -> str:
    """Of all that it is made of: the migrations, what they share, the packages, and how it is made."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    own = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("occ/*/migrations/*.py"), ROOT / "occ/ledger/append_only.py"]
    for path in sorted([*own, ROOT / "requirements.txt"]):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


# What a test never writes: they stay.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def remember() -> None:
    """Keeps what an installation begins with (policies, periods, positions) beside the tables, for `empty`."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA begun")
        for table in filled(cursor):
            cursor.execute(f'CREATE TABLE begun."{table}" AS TABLE "{table}"')


def empty() -> None:
    """Brings the database to where it began; the one thing that may get past the append-only triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in filled(cursor):
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'begun'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'INSERT INTO "{table}" SELECT * FROM begun."{table}"')


def filled(cursor: Any) -> list[str]:
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT)
    cursor.execute(" UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM \"{one}\")" for one in tables))
    return [table for (table,) in cursor.fetchall()]
