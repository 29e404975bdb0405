"""What most tests begin with: made through the services once in each process, afterwards written as it was."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from occ.people.models import Site, User
from tests.database import filled


class Kept:
    """Something made out of nothing through the services."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self.objects = b""
        self.rows = ""

    def __call__(self) -> Any:
        if User.objects.exists() or Site.objects.exists():
            return self.make()  # something is there already, of which it may be a part
        if not self.objects:
            made = self.make()
            self.objects, self.rows = pickle.dumps(made), written()
            return made
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(self.rows)
            cursor.execute("SET LOCAL session_replication_role = origin")
        return pickle.loads(self.objects)


def written() -> str:
    """The SQL that writes what there is beyond what an installation begins with."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'begun'")
        begun = {table for (table,) in cursor.fetchall()}
        for table in filled(cursor):
            cursor.execute(COLUMNS, [table])
            columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
            beyond = f'EXCEPT TABLE begun."{table}"' if table in begun else ""
            cursor.execute(f'SELECT json_agg(t)::text FROM (TABLE "{table}" {beyond}) t')
            (rows,) = cursor.fetchone()
            if rows:
                values = cursor.mogrify(f'json_populate_recordset(NULL::"{table}", %s)', [rows]).decode()
                found.append(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM {values};')
    return "\n".join(found)


COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'"""
