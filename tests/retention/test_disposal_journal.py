"""An older database is restored: what was destroyed since is destroyed again, by proof from the stores (RET-9)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection

from retention.models import JournalProof, Packed, Record, Store, Tombstone
from retention.services import journal, store_lists
from retention.storing import opened
from tests.retention.disposal import LATER, Dead, dead

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9")]


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def older_database(world: Dead) -> dict[int, str]:
    """As it was before the destruction, which only the stores know of now; the ids of the records by external id."""
    world.destroyed()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        for table in ("journal", "tombstone", "trail", "probe", "item", "condition", "proposal"):
            cursor.execute(f"DELETE FROM retention_{table}")
        cursor.execute("UPDATE retention_record SET state = 'backed_up', customer = 'x', customer_mark = 'y'")
        cursor.execute("UPDATE retention_packed SET key = '\\x01', destroyed_at = NULL")
        cursor.execute("SET session_replication_role = DEFAULT")
    return dict(Record.objects.values_list("pk", "external_id"))


def test_what_the_journals_say_is_destroyed_again(world: Dead) -> None:
    older_database(world)
    done = journal.journals_reapply(now=LATER)
    assert (done.journals, done.known, done.destroyed, done.placed, done.refused) == (1, 0, 6, 0, [])
    assert Record.objects.filter(state="destroyed", customer_mark="").count() == 6
    assert Packed.objects.filter(key=None).count() == 6
    stone = Tombstone.objects.get(record=world.records[0])
    assert stone.proposal is None and stone.number == "MUS-JKT-2026-0001".replace("2026", stone.number[8:12])
    assert JournalProof.objects.count() == 6
    again = journal.journals_reapply(now=LATER)
    assert (again.known, again.destroyed) == (6, 0)


def test_a_number_of_a_journal_is_not_used_again(world: Dead) -> None:
    older_database(world)
    done = journal.journals_reapply(now=LATER)
    assert done.destroyed == 6
    from tests.retention.disposal import NOW, make_bag, make_records

    make_bag(world, make_records(world, 1, 10, first=50), 1)
    assert world.proposal(now=NOW).number.endswith("-0002")


def test_a_record_of_another_key_and_one_never_heard_of(world: Dead) -> None:
    older_database(world)
    page = next((world.root / "store" / "tombstones").rglob("*.jsonl"))
    rows = [json.loads(line) for line in page.read_text().splitlines()][:-1]
    rows[1]["record_id"], rows[2]["record_id"] = rows[2]["record_id"], 999_999_999
    rows[3]["id_mark"], rows[3]["path_mark"] = "a" * 64, "b" * 64
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    page.write_text(text + json.dumps({"hmac": journal._hmac(text)}) + "\n")
    done = journal.journals_reapply(now=LATER)
    assert (done.destroyed, done.placed) == (6, 1)
    assert Tombstone.objects.get(id_mark="a" * 64).record.external_id == "a" * 64
    assert Record.objects.exclude(state="destroyed").count() == 1


@pytest.mark.parametrize("change", ["a line", "the hash", "a hash of letters", "no json", "cut off", "empty"])
def test_a_journal_that_is_not_ours_destroys_nothing(world: Dead, change: str) -> None:
    older_database(world)
    page = next((world.root / "store" / "tombstones").rglob("*.jsonl"))
    text = page.read_text()
    lines = text.splitlines()
    page.write_text(
        {
            "a line": text.replace(lines[1][:20], lines[2][:20], 1).replace('"size": 64', '"size": 65', 1),
            "the hash": text.replace(lines[-1], json.dumps({"hmac": "0" * 64})),
            "a hash of letters": text.replace(lines[-1], json.dumps({"hmac": "é" * 64})),
            "no json": "\x00\xff[",
            "cut off": "\n".join(lines[:-1]),
            "empty": "",
        }[change]
    )
    done = journal.journals_reapply(now=LATER)
    assert done.destroyed == 0 and len(done.refused) == 1
    assert not Record.objects.filter(state="destroyed").exists() and not JournalProof.objects.exists()


def test_what_is_no_file_keeps_no_other_journal_from_being_read(world: Dead) -> None:
    older_database(world)
    folder = next((world.root / "store" / "tombstones").rglob("*.jsonl")).parent
    (folder / "0.jsonl").symlink_to("/dev/zero")
    os.mkfifo(folder / "00.jsonl")
    done = journal.journals_reapply(now=LATER)
    assert done.destroyed == 6 and len(done.refused) == 2


def test_a_journal_that_was_taken_away_and_a_store_that_came_later_have_it_again(world: Dead) -> None:
    """Whoever removes it from a store would have an older database bring back what was destroyed."""
    world.destroyed()
    page = next((world.root / "store" / "tombstones").rglob("*.jsonl"))
    content = page.read_bytes()
    page.unlink()
    (world.root / "new").mkdir()
    new = Store.objects.create(code="NEW", name="New", kind="directory", url=f"file://{world.root}/new")
    opened(new).mark(now=LATER)
    store_lists.listing_run(clock=lambda: LATER)
    assert page.read_bytes() == content
    assert (world.root / "new" / page.relative_to(world.root / "store")).read_bytes() == content
