"""An older database and its files are restored: documents destroyed since are destroyed again (RET-9, RET-11)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from occ.after_restore import AFTER_RESTORE
from occ.documents.models import IssuedDocument
from occ.errors import WrongState
from retention.models import DocumentProof, DocumentTombstone, Entry
from retention.services import journal
from retention.services.register import entry_destroy
from tests.retention.disposal import LATER, NOW
from tests.retention.papers import LATER_DAY, Papers, enter, papers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9", "RET-11")]


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def older_database(world: Papers) -> None:
    """As it was before the destruction, which only the stores know of now; the files are back too."""
    world.gone()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        for table in ("journal", "shredding", "documenttombstone", "probe", "item", "condition", "proposal"):
            cursor.execute(f"DELETE FROM retention_{table}")
        cursor.execute(
            "UPDATE documents_issueddocument SET status = 'valid', destroyed_at = NULL, destroyed_by_id = NULL,"
            " destruction_note = '', data = '{\"a\": 1}'"
        )
        cursor.execute("UPDATE retention_entry SET status = 'kept', destroyed_on = NULL")
        cursor.execute("SET session_replication_role = DEFAULT")
    for one in world.documents:
        world.path(one).write_bytes(b"restored")


def pages_of(world: Papers) -> list[Path]:
    """The files', and the papers', which were destroyed later."""
    return sorted((world.root / "store" / "tombstones").rglob("*.jsonl"))


def test_what_the_journals_say_is_destroyed_again(world: Papers) -> None:
    older_database(world)
    done = journal.journals_reapply(now=LATER)
    assert (done.destroyed, done.documents, done.known, done.refused) == (5, 5, 0, [])
    for one in world.documents:
        one.refresh_from_db()
        assert (one.status, one.data, world.path(one).exists()) == ("destroyed", {}, False)
        assert one.destruction_note.startswith("MUS-JKT-") and one.destroyed_at == LATER
    assert Entry.objects.filter(status="destroyed", destroyed_on=LATER_DAY).count() == 2
    assert DocumentProof.objects.count() == DocumentTombstone.objects.filter(proposal=None).count() == 5
    assert IssuedDocument.objects.filter(status="valid").count() == 1  # the one that was kept
    again = journal.journals_reapply(now=LATER)
    assert (again.known, again.destroyed) == (5, 0)


def test_it_is_told_after_a_restore(world: Papers) -> None:
    older_database(world)
    said = [line for work in AFTER_RESTORE for line in work(LATER)]
    assert len(said) == 1 and "5" in said[0]


def test_a_number_of_a_journal_is_not_used_again(world: Papers) -> None:
    older_database(world)
    journal.journals_reapply(now=LATER)
    enter(world, 50)
    assert world.proposal(now=NOW).number.endswith("-0002")


def test_a_journal_names_nobody_and_holds_no_title(world: Papers) -> None:
    world.gone()
    rows = []
    for page in pages_of(world):
        text = page.read_text()
        assert world.entries[0].title not in text and world.documents[0].code not in text
        head, *found, _hmac = (json.loads(line) for line in text.splitlines())
        assert head["of"] == "documents"
        rows += found
    assert len(rows) == 5 and {row["name"] for row in rows} == {
        *(one.number for one in world.entries), *(one.full_number for one in world.documents)
    }  # fmt: skip


@pytest.mark.parametrize("change", ["a line", "the hash", "cut off"])
def test_a_journal_that_is_not_ours_destroys_nothing(world: Papers, change: str) -> None:
    older_database(world)
    for page in pages_of(world):
        text = page.read_text()
        lines = text.splitlines()
        page.write_text(
            {
                "a line": text.replace('"size": ', '"size": 9', 1),
                "the hash": text.replace(lines[-1], json.dumps({"hmac": "0" * 64})),
                "cut off": "\n".join(lines[:-1]),
            }[change]
        )
    done = journal.journals_reapply(now=LATER)
    assert done.destroyed == 0 and len(done.refused) == 2
    assert not DocumentProof.objects.exists() and all(world.path(one).exists() for one in world.documents)


def test_one_that_this_database_never_had_is_said(world: Papers) -> None:
    older_database(world)
    page = pages_of(world)[0]
    rows = [json.loads(line) for line in page.read_text().splitlines()][:-1]
    rows[1]["mark"] = "a" * 64
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    page.write_text(text + json.dumps({"hmac": journal._hmac(text)}) + "\n")
    done = journal.journals_reapply(now=LATER)
    assert (done.destroyed, len(done.refused)) == (4, 1) and rows[1]["name"] in done.refused[0]


def written_again(page: Path, rows: list[dict[str, object]]) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    page.write_text(text + json.dumps({"hmac": journal._hmac(text)}) + "\n")


def test_an_entry_put_right_later_goes_again_and_a_row_that_cannot_keeps_no_other(world: Papers) -> None:
    older_database(world)
    right, wrong = world.entries
    Entry.objects.filter(pk=right.pk).update(expires_on=LATER_DAY + timedelta(days=30))  # its last day was wrong then
    (page,) = (one for one in pages_of(world) if wrong.number in one.read_text())
    was = page.read_text()
    rows = [json.loads(line) for line in was.splitlines()][:-1]
    for row in rows:
        if row.get("name") == wrong.number:
            row["destroyed_on"] = "never"
    written_again(page, rows)
    with pytest.raises(CommandError, match="repeat"):
        call_command("retention_reapply")
    assert Entry.objects.get(pk=right.pk).status == "destroyed" and Entry.objects.get(pk=wrong.pk).status == "kept"
    assert DocumentProof.objects.count() == DocumentTombstone.objects.filter(proposal=None).count() == 4
    page.write_text(was)
    call_command("retention_reapply")
    assert Entry.objects.get(pk=wrong.pk).status == "destroyed" and DocumentProof.objects.count() == 5


def test_without_a_journal_s_proof_an_entry_s_last_day_counts(world: Papers) -> None:
    entry = world.entries[0]
    with pytest.raises(WrongState):
        entry_destroy(entry_id=entry.pk, on=entry.expires_on, note="x", actor=world.it, now=LATER)
