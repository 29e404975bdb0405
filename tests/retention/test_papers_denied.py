"""No document is destroyed without approval: not by SQL of whoever works on the tables (RET-8, RET-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from occ.approvals.models import Recall
from occ.documents.models import IssuedDocument
from retention.models import DocumentTombstone, Entry, Hold, Item, Proposal, Shredding
from retention.services import disposing, paper_disposing, paper_lists, proposals
from tests.retention.disposal import LATER, NOW, OLD, tomorrow
from tests.retention.meddling import past_the_triggers
from tests.retention.papers import OLD_DAY, Papers, enter, issue, papers
from tests.retention.test_disposal_denied import refused, sql
from tests.retention.test_papers_lists import hold

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-8", "RET-11")]
DOCUMENT = "UPDATE documents_issueddocument SET status = 'destroyed', destroyed_at = now(), data = '{}' WHERE id = %s"
ENTRY = "UPDATE retention_entry SET status = 'destroyed', destroyed_on = now()::date WHERE id = %s"
SHREDDED = (
    "INSERT INTO retention_shredding (item_id, on_day, place, way, witness, witness_position, said_by_id, name,"
    " position, second_factor, said_at) VALUES (%s, now()::date, 'x', 'shredded', 'x', 'x', %s, 'x', 'x', false, now())"
)
STAGES: dict[str, Callable[[Papers], Any]] = {
    "no proposal": lambda world: None,
    "a draft": lambda world: world.vouched(),
    "before the client": lambda world: world.submitted(),
    "refused": lambda world: world.decide(world.submitted(), refuse_all=True, reason="x", again_on=tomorrow()),
    "approved, cooling off": lambda world: world.approved(),
    "called back": lambda world: proposals.proposal_recall(
        proposal_id=world.approved().pk, note="x", actor=world.client, now=NOW
    ),
    "being executed, this line not begun": lambda world: world.executing(),
}


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def begun(world: Papers) -> tuple[Item, Item]:
    """A document's line and an entry's, both begun."""
    proposal = world.executing()
    proposal.items.update(state="started")
    return proposal.items.get(document=world.documents[0]), proposal.items.get(entry=world.entries[0])


@pytest.mark.parametrize("stage", STAGES)
def test_a_document_is_not_destroyed_by_sql(world: Papers, stage: str) -> None:
    STAGES[stage](world)
    document, entry = world.documents[0], world.entries[0]
    refused(DOCUMENT, document.pk)
    refused(ENTRY, entry.pk)
    for item in Item.objects.filter(entry=entry):
        refused(SHREDDED, item.pk, world.it.pk)
    refused(
        "INSERT INTO retention_documenttombstone (document_id, number, mark, name, sha256, size, destroyed_on,"
        " destroyed_at, outcome) VALUES (%s, 'x', 'x', 'x', '', 0, now()::date, now(), '{}')", document.pk,
    )  # fmt: skip
    refused("UPDATE documents_issueddocument SET file = 'x' WHERE id = %s", document.pk)
    refused("UPDATE documents_issueddocument SET data = '{}' WHERE id = %s", document.pk)
    refused("UPDATE documents_issueddocument SET expires_on = '2020-01-01' WHERE id = %s", document.pk)
    refused("DELETE FROM retention_entry WHERE id = %s", entry.pk)
    refused("TRUNCATE retention_entry CASCADE")
    assert world.path(document).exists() and not DocumentTombstone.objects.exists()


def test_the_same_deed_goes_through_with_all_that_it_needs(world: Papers) -> None:
    """Otherwise the refusals above would say nothing."""
    document, entry = begun(world)
    refused("UPDATE retention_item SET state = 'destroyed', destroyed_at = now() WHERE id = %s", document.pk)
    assert sql(DOCUMENT, document.document_id) == 1
    refused(ENTRY, entry.entry_id)  # nobody has said how
    assert sql(SHREDDED, entry.pk, world.it.pk) == 1
    assert sql(ENTRY, entry.entry_id) == 1
    assert sql("UPDATE retention_item SET state = 'destroyed', destroyed_at = now() WHERE id = %s", entry.pk) == 1


def test_who_approved_has_destroyed_no_paper_by_sql_either(world: Papers) -> None:
    document, entry = begun(world)
    refused(SHREDDED, entry.pk, world.client.pk)
    refused(SHREDDED, document.pk, world.it.pk)  # it is no paper


def test_a_hold_stops_it_at_the_last_moment(world: Papers) -> None:
    document, _entry = begun(world)
    made = hold(world, OLD_DAY, OLD_DAY)
    assert made.kind == ""
    refused(DOCUMENT, document.document_id)


def test_an_approval_called_back_stops_it(world: Papers) -> None:
    document, entry = begun(world)
    sql(SHREDDED, entry.pk, world.it.pk)
    Recall.objects.create(
        approval_id=document.proposal.approval_id, recalled_by=world.client, recalled_at=NOW, reason="x"
    )
    refused(DOCUMENT, document.document_id)
    refused(ENTRY, entry.entry_id)


def test_what_must_still_be_kept_today_is_kept_whatever_the_list_says(world: Papers) -> None:
    _document, line = begun(world)
    sql(SHREDDED, line.pk, world.it.pk)
    Entry.objects.filter(pk=line.entry_id).update(expires_on=timezone.localdate())
    refused(ENTRY, line.entry_id)


def test_a_table_of_the_same_name_does_not_deceive_it(world: Papers) -> None:
    document, _entry = begun(world)
    sql("UPDATE retention_item SET live = false WHERE id = %s", document.pk)
    sql("CREATE TEMP TABLE retention_item AS SELECT * FROM retention_item WHERE id = %s", document.pk)
    sql("UPDATE pg_temp.retention_item SET live = true")
    sql("CREATE TEMP TABLE retention_documentproof AS SELECT %s::bigint AS document_id, 1::bigint AS entry_id",
        document.document_id)  # fmt: skip
    sql("SET LOCAL search_path = pg_temp, public")
    refused(DOCUMENT, document.document_id)
    sql("SET LOCAL search_path = public")


def test_none_is_made_as_destroyed_and_none_comes_back(world: Papers) -> None:
    world.gone()
    document, entry = world.documents[0], world.entries[0]
    refused("UPDATE documents_issueddocument SET status = 'valid', destroyed_at = NULL WHERE id = %s", document.pk)
    refused("UPDATE retention_entry SET status = 'kept', destroyed_on = NULL WHERE id = %s", entry.pk)
    refused("UPDATE retention_entry SET note = 'x' WHERE id = %s", entry.pk)
    fields = ("title, classification, medium, copies, quantity, site_id, owner_role, place, issued_on, expires_on,"
              " destroyed_on, status, note, entered_by_id, entered_at")  # fmt: skip
    refused(f"INSERT INTO retention_entry (number, {fields}) SELECT 'new', {fields} FROM retention_entry WHERE id = %s",
            entry.pk)  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attnum > 0 AND NOT"
                       " attisdropped AND attname NOT IN ('id', 'number', 'code', 'sequence')"
                       " AND attrelid = 'documents_issueddocument'::regclass")  # fmt: skip
        names = cursor.fetchone()[0]
    refused(
        f"INSERT INTO documents_issueddocument (number, code, sequence, {names}) SELECT 'n', 'c', 99, {names}"
        " FROM documents_issueddocument WHERE id = %s", document.pk,
    )  # fmt: skip


@pytest.mark.parametrize("table", ["shredding", "documenttombstone"])
def test_no_row_goes_or_changes(world: Papers, table: str) -> None:
    world.gone()
    assert Shredding.objects.count() == 2
    refused(f"DELETE FROM retention_{table}")
    refused(f"TRUNCATE retention_{table} CASCADE")
    refused(f"UPDATE retention_{table} SET {'place' if table == 'shredding' else 'name'} = 'y'")


def test_the_database_refuses_one_and_its_fellows_go(world: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold that nobody told of, between looking and deleting: its line fails, and says why."""
    apart = issue(world.site, world.control, now=OLD - timedelta(days=50))
    enter(world, 9)
    proposal = world.executing()
    delete = paper_disposing._delete

    def meanwhile(lines: Any) -> dict[int, str]:
        done = delete(lines)
        Hold.objects.create(
            number="H", site=world.site, reason="audit", note="x", set_by=world.control, set_at=NOW,
            last_day=OLD_DAY - timedelta(days=40), ends_at=OLD - timedelta(days=39),
        )  # fmt: skip
        return done

    monkeypatch.setattr(paper_disposing, "_delete", meanwhile)
    disposing.proposal_dispose(proposal_id=proposal.pk, clock=lambda: LATER)
    line = proposal.items.get(document=apart)
    assert (line.state, "legal hold" in line.error) == ("failed", True)
    assert proposal.items.filter(state="destroyed").count() == 3
    # The hold is lifted: its file is gone by this deletion, so that its row may follow.
    monkeypatch.undo()
    Hold.objects.update(lifted_at=NOW, lifted_by=world.control, lifted_because="x")
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert proposal.items.get(document=apart).state == "destroyed"


@pytest.mark.req("RET-10")
def test_the_database_keeps_a_berita_acara_and_its_signature_sheet(world: Papers) -> None:
    """Each on a list that was approved and is being executed: it is refused all the same."""
    proposal, (minutes, sheet) = world.executing(), world.documents[:2]
    with past_the_triggers():
        Proposal.objects.filter(pk=proposal.pk).update(document=minutes)
        IssuedDocument.objects.filter(pk=sheet.pk).update(
            subject_type="documents.issueddocument", subject_id=str(minutes.pk)
        )
        proposal.items.update(state="started", started_at=LATER)
    for one in (minutes, sheet):
        with connection.cursor() as cursor:
            cursor.execute("SELECT retention_paper_refused(%s, NULL)", [one.pk])
            assert cursor.fetchone()[0] == "it is the proof of a destruction"
    assert set(IssuedDocument.objects.filter(paper_lists.proofs())) == {minutes, sheet}
