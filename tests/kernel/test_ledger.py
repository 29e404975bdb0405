"""The evidence ledger: it only grows, and whoever gets past that is named (KER-10)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from occ.ledger.models import Entry, Seal
from occ.ledger.services import record, seal_entries
from occ.ledger.verification import faults
from occ.people.actors import COMMAND
from tests.factories import NOW
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("KER-10")


def write(count: int = 1) -> list[Entry]:
    return [record(actor=COMMAND, action=f"deed.{i}", subject=None, data={"i": i}, now=NOW) for i in range(count)]


def tamper(sql: str, *params: Any) -> None:
    """As the database's superuser, past the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET session_replication_role = DEFAULT")


def found() -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.entry_id) for fault in faults()]


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_only_grows(db: None, table: str, statement: str) -> None:
    write()
    seal_entries(now=NOW)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="only grows"):
            cursor.execute(statement.format(table))
        transaction.set_rollback(True)


def test_a_whole_ledger_has_no_fault(db: None) -> None:
    write(5)
    assert seal_entries(now=NOW) == 5
    write(3)
    assert seal_entries(now=NOW) == 3
    assert seal_entries(now=NOW) == 0
    assert found() == []


def test_a_changed_entry_is_named(db: None) -> None:
    entries = write(5)
    seal_entries(now=NOW)
    tamper("UPDATE ledger_entry SET data = %s WHERE id = %s", '{"i": 99}', entries[2].pk)
    assert found() == [("changed", entries[2].pk)]


def test_a_removed_entry_is_named(db: None) -> None:
    entries = write(5)
    seal_entries(now=NOW)
    tamper("DELETE FROM ledger_entry WHERE id = %s", entries[4].pk)
    assert found() == [("removed", entries[4].pk)]


def test_an_inserted_entry_is_named(db: None) -> None:
    entries = write(3)
    seal_entries(now=NOW)
    free = entries[0].pk - 1
    tamper(
        "INSERT INTO ledger_entry (id, at, actor_label, action, subject_type, subject_id, site_code, data)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, now(), 'x', 'x', '', '', '', '{}')",
        free,
    )
    assert found() == [("inserted", free)]


@pytest.mark.parametrize("column", ["leaves", "root", "hash", "last_id"])
def test_a_changed_seal_is_named(db: None, column: str) -> None:
    write(3)
    seal_entries(now=NOW)
    value = {"leaves": b"\x00" * 40, "root": "0" * 64, "hash": "0" * 64, "last_id": 10**9}[column]
    tamper(f"UPDATE ledger_seal SET {column} = %s", value)
    assert any(kind == "seal" for kind, _entry in found())


def test_who_knows_the_code_but_not_the_key_cannot_seal_anew(db: None, settings: Any) -> None:
    """All entries and seals written again by somebody with every right on the database."""
    entries = write(3)
    seal_entries(now=NOW)
    tamper("UPDATE ledger_entry SET action = 'nothing happened' WHERE id = %s", entries[0].pk)
    tamper("DELETE FROM ledger_seal")
    key, settings.SECRET_KEY = settings.SECRET_KEY, "guessed" * 8
    seal_entries(now=NOW)
    settings.SECRET_KEY = key
    assert ("seal", None) in found()


def test_the_command_says_so(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    entries = write(2)
    seal_entries(now=NOW)
    call_command("verify_ledger", "--json")
    assert json.loads(capsys.readouterr().out)["faults"] == []
    tamper("DELETE FROM ledger_entry WHERE id = %s", entries[0].pk)
    with pytest.raises(CommandError, match=f"entry {entries[0].pk} was removed"):
        call_command("verify_ledger")


def test_writers_at_once_are_all_sealed(transactional_db: None) -> None:
    """Sealing while others write: ids below a seal cannot appear later, so nothing is left out."""
    results = in_threads(6, lambda: [write(5), seal_entries(now=NOW)])
    assert not [one for one in results if isinstance(one, Exception)]
    seal_entries(now=NOW)
    assert Entry.objects.count() == sum(Seal.objects.values_list("count", flat=True)) == 30
    assert found() == []
