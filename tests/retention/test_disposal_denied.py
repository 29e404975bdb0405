"""Nothing is destroyed without approval: not by services, not by SQL of whoever works on the tables (RET-8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from occ.approvals.models import Approval, Recall
from occ.approvals.proving import identity_prove
from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from retention.choices import ConditionKey
from retention.models import Item, Packed, Proposal, Record, Tombstone
from retention.services import disposing, proposals
from retention.services.lines import list_sha256
from tests import factories
from tests.retention.disposal import LATER, NOW, PASSWORD, Dead, dead, tomorrow

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-8")]


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def sql(text: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.rowcount


def refused(text: str, *values: Any) -> None:
    """By a trigger, and not because the statement is wrong or a constraint happens to fail."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        sql(text, *values)
    cause: Any = caught.value.__cause__
    assert cause.pgcode == "23514" and cause.diag.constraint_name is None, cause


def untouched(world: Dead) -> None:
    assert len(world.files) == len(world.records)
    assert Packed.objects.filter(key=None).count() == 0
    assert not Record.objects.filter(state="destroyed").exists() and not Tombstone.objects.exists()


DESTROY = (
    "UPDATE public.retention_record SET state = 'destroyed', customer = '', customer_mark = '',"
    " path = encode(sha256(path::bytea), 'hex') WHERE id = %s"
)
STAGES: dict[str, Callable[[Dead], Any]] = {
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


@pytest.mark.parametrize("stage", STAGES)
def test_a_record_is_not_destroyed_by_sql(world: Dead, stage: str) -> None:
    STAGES[stage](world)
    one = world.records[0]
    refused(DESTROY, one.pk)
    refused("UPDATE retention_packed SET key = NULL, destroyed_at = now() WHERE record_id = %s", one.pk)
    refused("UPDATE retention_packed SET key = '\\x00' WHERE record_id = %s", one.pk)
    refused('UPDATE retention_packed SET "offset" = 5 WHERE record_id = %s', one.pk)
    refused("UPDATE retention_bag SET key = '' WHERE batch_id = %s", world.batch.pk)
    refused("UPDATE retention_copy SET gone_at = now() WHERE pack_id IN (SELECT pack_id FROM retention_packed)")
    refused(
        "INSERT INTO retention_tombstone (record_id, number, source, id_mark, path_mark, kind, ended_on, size,"
        " sha256, sha512, bag, destroyed_at, outcome)"
        " VALUES (%s, '', '', '', '', '', now(), 1, '', '', '', now(), '{}')", one.pk,
    )  # fmt: skip
    untouched(world)


def test_the_same_deed_goes_through_with_all_that_it_needs(world: Dead) -> None:
    """Otherwise the refusals above would say nothing."""
    proposal = world.executing()
    Item.objects.filter(proposal=proposal, record=world.records[0]).update(state="started")
    with pytest.raises(IntegrityError, match="record_destroyed_without_path"), transaction.atomic():
        sql(DESTROY.partition(", path")[0].rstrip(",") + " WHERE id = %s", world.records[0].pk)
    assert sql(DESTROY, world.records[0].pk) == 1
    assert sql("UPDATE retention_packed SET key = NULL, destroyed_at = now() WHERE record_id = %s", world.records[0].pk)


@pytest.mark.parametrize(
    "table", ["record", "packed", "pack", "copy", "bag", "item", "proposal", "condition", "tombstone", "probe"]
)
def test_no_row_goes(world: Dead, table: str) -> None:
    world.destroyed()
    refused(f"DELETE FROM retention_{table}")
    refused(f"TRUNCATE retention_{table} CASCADE")


def begun(world: Dead) -> tuple[Proposal, Record]:
    proposal = world.executing()
    Item.objects.filter(proposal=proposal, record=world.records[0]).update(state="started")
    return proposal, world.records[0]


def test_a_hold_stops_it_at_the_last_moment(world: Dead) -> None:
    _proposal, one = begun(world)
    world.hold(one)
    refused(DESTROY, one.pk)


def test_an_approval_called_back_stops_it(world: Dead) -> None:
    proposal, one = begun(world)
    Recall.objects.create(approval_id=proposal.approval_id, recalled_by=world.client, recalled_at=NOW, reason="x")
    refused(DESTROY, one.pk)


def test_a_table_of_the_same_name_does_not_deceive_it(world: Dead) -> None:
    _proposal, one = begun(world)
    world.hold(one)
    sql("CREATE TEMP TABLE retention_hold AS SELECT * FROM retention_hold WHERE false")
    sql("CREATE TEMP TABLE retention_journalproof AS SELECT %s::bigint AS record_id", one.pk)
    sql("SET LOCAL search_path = pg_temp, public")
    refused(DESTROY, one.pk)
    sql("SET LOCAL search_path = public")


def test_a_record_is_not_catalogued_as_destroyed_nor_raised(world: Dead) -> None:
    _proposal, one = begun(world)
    sql(DESTROY, one.pk)
    refused("UPDATE retention_record SET state = 'backed_up' WHERE id = %s", one.pk)
    refused("UPDATE retention_record SET path = 'x' WHERE id = %s", one.pk)
    fields = (
        "source_id, external_id, kind, channel, site_id, agent_label, started_at, ended_at, path, size, fingerprint,"
        " sha256, customer, customer_mark, state, waived_because, catalogued_at"
    )
    refused(
        f"INSERT INTO retention_record ({fields}) SELECT source_id, 'new', kind, channel, site_id, '', started_at,"
        " ended_at, 'new', size, '', sha256, '', '', 'destroyed', '', now() FROM retention_record WHERE id = %s",
        one.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE retention_item SET line = 'x' WHERE proposal_id = %s",
        "UPDATE retention_item SET record_id = record_id + 1 WHERE proposal_id = %s",
        "UPDATE retention_item SET position = position + 100 WHERE proposal_id = %s",
        "UPDATE retention_proposal SET list_sha256 = repeat('0', 64) WHERE id = %s",
        "UPDATE retention_proposal SET frozen_at = NULL WHERE id = %s",
        "UPDATE retention_proposal SET items_count = 1 WHERE id = %s",
        "UPDATE retention_proposal SET status = 'draft' WHERE id = %s",
        "UPDATE retention_proposal SET status = 'executing', executed_by_id = 1 WHERE id = %s",
        "UPDATE retention_proposal SET status = 'approved' WHERE id = %s",
        "INSERT INTO retention_item (proposal_id, position, record_id, line, reason, decision, decision_reason, state,"
        " error, live) SELECT proposal_id, 99, record_id, line, '', 'pending', '', 'listed', '', false"
        " FROM retention_item WHERE proposal_id = %s LIMIT 1",
        "INSERT INTO retention_condition (proposal_id, key, said_by_id, said_at, note)"
        " SELECT proposal_id, 'law', said_by_id, said_at, 'x' FROM retention_condition WHERE proposal_id = %s LIMIT 1",
        "UPDATE retention_condition SET note = 'x' WHERE proposal_id = %s",
    ],
)
def test_a_frozen_list_stays(world: Dead, change: str) -> None:
    refused(change, world.submitted().pk)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE retention_item SET decision = 'pending' WHERE proposal_id = %s",
        "UPDATE retention_item SET state = 'destroyed', destroyed_at = now() WHERE proposal_id = %s",
        "UPDATE retention_item SET state = 'started' WHERE proposal_id = %s",
        "UPDATE retention_proposal SET cooling_until = '2020-01-01' WHERE id = %s",
        "UPDATE retention_proposal SET approval_id = NULL WHERE id = %s",
        "UPDATE retention_proposal SET approved_count = 1 WHERE id = %s",
        "UPDATE retention_proposal SET status = 'destroyed' WHERE id = %s",
        "UPDATE approvals_approval SET list_sha256 = repeat('0', 64) WHERE object_id = %s",
        "DELETE FROM approvals_approval WHERE object_id = %s",
    ],
)
def test_a_decision_stays(world: Dead, change: str) -> None:
    refused(change, world.approved().pk)


def approval_of(world: Dead, proposal: Proposal, **given: Any) -> Approval:
    facts = {"subject": proposal, "list_sha256": proposal.list_sha256, "decision": "approved",
             "decided_by": world.client, "name": "x", "position": "x", "decided_at": NOW} | given  # fmt: skip
    return Approval.objects.create(**facts)


def test_only_the_clients_approval_of_just_this_list_counts(world: Dead) -> None:
    proposal = world.submitted()
    ours = approval_of(world, proposal, decided_by=world.leader)
    other = approval_of(world, proposal, list_sha256="0" * 64)
    Item.objects.filter(proposal=proposal).update(decision="approved")
    for one in (ours, other):
        refused(
            "UPDATE retention_proposal SET approval_id = %s, approved_count = 6, cooling_until = %s,"
            " status = 'approved' WHERE id = %s", one.pk, LATER, proposal.pk,
        )  # fmt: skip


def test_before_the_cooling_off_is_over_it_is_not_begun(world: Dead) -> None:
    proposal = world.decide(world.submitted(), now=timezone.now())
    with pytest.raises(WrongState):
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=timezone.now())
    refused(
        "UPDATE retention_proposal SET status = 'executing', executed_by_id = %s, executed_at = cooling_until"
        " WHERE id = %s", world.it.pk, proposal.pk,
    )  # fmt: skip


@pytest.mark.req("RET-9")
def test_who_approved_does_not_execute(world: Dead) -> None:
    proposal = world.approved()
    factories.RoleAssignment.objects.create(
        user=world.client, role=Role.IT, site=world.site, starts_on=NOW.date() - timedelta(days=9)
    )
    world.client.__dict__.pop("_roles_by_day", None)
    with pytest.raises(NotAllowed):
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.client, now=LATER)
    refused(
        "UPDATE retention_proposal SET status = 'executing', executed_by_id = %s, executed_at = %s WHERE id = %s",
        world.client.pk, LATER, proposal.pk,
    )  # fmt: skip
    untouched(world)


@pytest.mark.parametrize("role", [one for one in Role if one != Role.CLIENT])
def test_only_the_client_decides(world: Dead, role: Role) -> None:
    proposal = world.submitted()
    with pytest.raises(NotAllowed):
        world.decide(proposal, actor=factories.user(role, world.site))
    with pytest.raises(NotAllowed):
        world.decide(proposal, actor=factories.user(Role.CLIENT, factories.site("YGY")))


@pytest.mark.parametrize("role", [one for one in Role if one != Role.IT])
def test_only_team_it_executes(world: Dead, role: Role) -> None:
    proposal = world.approved()
    with pytest.raises(NotAllowed):
        disposing.proposal_execute(
            proposal_id=proposal.pk, actor=factories.user(role, world.site, name=f"x.{role}"), now=LATER
        )


def test_another_password_another_list_another_person(world: Dead) -> None:
    proposal = world.submitted()
    with pytest.raises(Invalid):
        identity_prove(user=world.client, password="salah", code="", reason="x", now=NOW)
    with pytest.raises(WrongState):
        world.decide(proposal, list_sha256="0" * 64)
    theirs = identity_prove(user=world.leader, password=PASSWORD, code="", reason="x", now=NOW)
    with pytest.raises(NotAllowed):
        proposals.proposal_decide(
            proposal_id=proposal.pk, list_sha256=proposal.list_sha256, refused=set(), proof=theirs, actor=world.client,
            now=NOW,
        )  # fmt: skip
    assert not Approval.objects.exists()


@pytest.mark.req("RET-7")
def test_all_five_conditions_and_two_people(world: Dead) -> None:
    proposal = world.proposal()
    with pytest.raises(WrongState):
        proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
    everything = factories.user(Role.MANAGER, world.site)
    for role in (Role.TEAM_LEADER, Role.DOCUMENT_CONTROL):
        factories.RoleAssignment.objects.create(
            user=everything, role=role, site=world.site, starts_on=NOW.date() - timedelta(days=9)
        )
    for key in ConditionKey:
        proposals.condition_say(proposal_id=proposal.pk, key=key, note="Diperiksa", actor=everything, now=NOW)
    with pytest.raises(WrongState):
        proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)


def test_a_refusal_has_a_reason_and_a_day(world: Dead) -> None:
    proposal = world.submitted()
    line = proposal.items.first()
    assert line is not None
    for given in ({"reason": ""}, {"reason": "x", "again_on": None}, {"reason": "x", "again_on": NOW.date()}):
        with pytest.raises(Invalid):
            world.decide(proposal, refused={line.pk}, **({"again_on": tomorrow()} | given))
    with pytest.raises(Invalid):
        world.decide(proposal, refused={line.pk + 1000}, reason="x", again_on=tomorrow())


def test_silence_approves_nothing(world: Dead) -> None:
    proposal = world.submitted()
    for day in (8, 13, 15, 22, 400):
        sweep(now=NOW + timedelta(days=day))
    proposal.refresh_from_db()
    duty = Obligation.objects.get(rule="retention.client_answer")
    assert proposal.status == "with_client" and proposal.approval is None
    assert duty.breached_at is not None and duty.events.filter(step="7d_after").exists()
    untouched(world)


def test_the_hash_is_the_databases_too(world: Dead) -> None:
    proposal = world.submitted()
    lines = proposal.items.order_by("position").values_list("line", flat=True)
    assert proposal.list_sha256 == list_sha256(lines)


def test_a_line_that_is_no_longer_its_record_is_left(world: Dead) -> None:
    """Somebody points an approved record at another file: that file stays."""
    proposal = world.approved()
    one, other = world.records[0], world.records[1]
    Record.objects.filter(pk=other.pk).update(path="elsewhere.wav")
    Record.objects.filter(pk=one.pk).update(path=other.path)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    proposal.refresh_from_db()
    assert proposal.status == "partial"
    assert sorted(proposal.items.filter(state="failed").values_list("record_id", flat=True)) == [one.pk, other.pk]
    assert (world.root / "source" / other.path).exists()


def test_the_constraint_is_named(world: Dead) -> None:
    with pytest.raises(IntegrityError, match="may not be destroyed: no proposal has it on its list"):
        sql(DESTROY, world.records[0].pk)
