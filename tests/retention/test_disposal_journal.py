"""An older database is restored: what was destroyed since is destroyed again, by proof from the stores (RET-9)."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from occ.people.actors import COMMAND
from retention.choices import FindingKind
from retention.models import Check, Finding, JournalProof, Packed, Record, Store, Tombstone
from retention.services import journal, journal_checks, repairing, store_lists
from retention.storing import Directory, opened
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
        changed = "state = 'backed_up', customer = 'x', customer_mark = 'y', names_customer = true"
        cursor.execute(f"UPDATE retention_record SET {changed}")
        cursor.execute("UPDATE retention_packed SET key = '\\x01', destroyed_at = NULL")
        cursor.execute("SET session_replication_role = DEFAULT")
    return dict(Record.objects.values_list("pk", "external_id"))


def test_what_the_journals_say_is_destroyed_again(world: Dead) -> None:
    older_database(world)
    done = journal.journals_reapply(now=LATER)
    assert (done.journals, done.known, done.destroyed, done.placed, done.refused) == (1, 0, 6, 0, [])
    assert Record.objects.filter(state="destroyed", customer_mark="", names_customer=False).count() == 6
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


@pytest.mark.parametrize("change", ["a line", "the hash", "a hash of letters", "no json", "deep", "cut off", "empty"])
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
            "deep": f"{'[' * 100_000}\n{'[' * 100_000}",
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


# Looked at by beat ----------------------------------------------------------------------------------------------------


def listed(store: Store, now: datetime = LATER) -> Check:
    return store_lists.store_list(store=store, actor=COMMAND, clock=lambda: now)


def page_of(world: Dead) -> Path:
    return next((world.root / "store" / "tombstones").rglob("*.jsonl"))


@pytest.mark.req("RET-6")
@pytest.mark.parametrize("change", ["a byte", "empty", "no file"])
def test_an_altered_journal_is_a_finding_and_is_put_right(world: Dead, change: str) -> None:
    world.destroyed()
    page = page_of(world)
    content = page.read_bytes()
    assert listed(world.store).result == "ok" and not Finding.objects.exists()
    if change == "no file":
        page.unlink()
        page.symlink_to("/dev/zero")
    else:
        page.write_bytes(b"" if change == "empty" else content.replace(b"1", b"2", 1))
    check = listed(world.store)
    assert (check.result, check.failures) == ("failed", 1)
    (finding,) = Finding.objects.open()
    name = str(page.relative_to(world.root / "store"))
    assert (finding.kind, finding.name, finding.store) == (FindingKind.DAMAGED, name, world.store)
    page.unlink()
    page.write_bytes(b"altered")
    repairing.finding_repair(finding_id=finding.pk, actor=world.it, now=LATER)
    assert page.read_bytes() == content and not Finding.objects.open().exists()
    assert listed(world.store).result == "ok"


@pytest.mark.req("RET-6")
def test_a_journal_that_is_none_of_ours_is_a_finding_until_it_is_removed(world: Dead) -> None:
    world.destroyed()
    ours = page_of(world)
    strange = ours.with_name("2.jsonl")
    strange.write_bytes(ours.read_bytes().replace(b"1", b"2", 1))
    odd = Path(os.fsdecode(os.fsencode(ours.parent) + b"/\xff.jsonl"))
    odd.touch()
    assert listed(world.store).failures == 2
    assert set(Finding.objects.open().values_list("kind", flat=True)) == {FindingKind.FOREIGN_PACK}
    strange.unlink()
    odd.unlink()
    assert listed(world.store).failures == 0 and not Finding.objects.open().exists()


def test_what_an_older_database_does_not_know_of_is_ours_all_the_same(world: Dead) -> None:
    older_database(world)
    assert listed(world.store).result == "ok"


@pytest.mark.req("RET-6")
def test_each_journal_is_read_within_the_policys_days(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share a day, and more after days without a list; whatever was removed or added in between."""
    monkeypatch.setattr(journal_checks, "LEAST", 1)
    folder = world.root / "store" / "tombstones" / "X"
    folder.mkdir(parents=True)
    for n in range(200):
        (folder / f"{n:03}.jsonl").touch()
    seen: list[str] = []
    real = Directory.read

    def read(self: Directory, name: str, *args: int) -> Any:
        seen.append(name)
        return real(self, name, *args)

    monkeypatch.setattr(Directory, "read", read)
    now = LATER
    for days in (1, 1, 20, *[1] * 60):
        now += timedelta(days=days)
        listed(world.store, now)
    pages = [one for one in seen if one.startswith("tombstones/")]
    assert len(set(pages)) == 200 and len(pages) <= 260
    assert (now - LATER).days <= 90


def test_a_name_that_is_no_utf_8_stops_no_list(world: Dead) -> None:
    Path(os.fsdecode(os.fsencode(world.packages[0].parent) + b"/\xff.pack")).touch()
    assert listed(world.store, timezone.now() + timedelta(days=2)).failures == 1
    assert Finding.objects.get().kind == FindingKind.FOREIGN_PACK
