"""What was said of pending cases before a hold is asked again (RET-12); a condition says how it is known (RET-7)."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, WrongState
from occ.ledger.models import Entry
from retention.choices import ConditionKey
from retention.models import Condition, Proposal, Record
from retention.services import holds, proposals
from tests.factories import person
from tests.retention.disposal import NOW, Dead, dead

pytestmark = [pytest.mark.req("RET-7", "RET-12")]


@pytest.fixture
def world(tmp_path: Path, db: None) -> Dead:
    return dead(tmp_path)


def hold(world: Dead, *records: int) -> Any:
    scope = holds.Scope(site=world.site, records=[world.records[n].pk for n in records])
    return holds.hold_set(scope=scope, reason="complaint", note="x", until=None, actor=world.coordinator, now=NOW)


def say(world: Dead, proposal: Proposal, key: str, **given: Any) -> Condition:
    facts: dict[str, Any] = {"note": "Buku perkara diperiksa", "actor": world.control, "now": NOW} | given
    return proposals.condition_say(proposal_id=proposal.pk, key=key, **facts)


def test_a_hold_takes_back_what_it_contradicts_and_it_is_asked_again(world: Dead, client: Client) -> None:
    proposal = world.vouched()
    made = hold(world, 2)
    proposal.refresh_from_db()
    assert set(proposals.unsaid(proposal)) == {ConditionKey.CASE, ConditionKey.LAW}
    with pytest.raises(WrongState):
        proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
    client.force_login(world.control)
    page = client.get(proposal.get_absolute_url())
    rows = {one["key"]: one for one in page.context["conditions"]}
    assert rows["case"]["may"] and rows["case"]["before"][0].unsaid.hold == made and not rows["period"]["before"]
    assert made.number in page.content.decode()
    assert Entry.objects.get(action="retention.conditions_unsaid").data["conditions"] == ["case", "law"]
    with pytest.raises(WrongState):
        say(world, proposal, "case", seen=6)  # the list as it was before the hold
    for key in ("case", "law"):
        say(world, proposal, key, seen=5)
    found = proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
    assert found.status == "with_client" and found.items_count == 5
    client.force_login(world.client)
    shown = client.get(reverse("retention:decision", args=[proposal.pk])).context["conditions"]
    assert len(shown) == 5 and {one.note for one in shown} == {"Diperiksa", "Buku perkara diperiksa"}


def test_a_hold_on_other_records_takes_nothing_back(world: Dead) -> None:
    later = timedelta(days=1)
    hold(world, 0)
    proposal = world.vouched()
    assert proposal.items.count() == 5
    holds.hold_lift(hold_id=hold(world, 0).pk, because="selesai", actor=world.coordinator, now=NOW + later)
    assert proposals.unsaid(Proposal.objects.get(pk=proposal.pk)) == []


def test_a_hold_that_is_widened_takes_back_once_more_what_was_said_since(world: Dead) -> None:
    """It took lines when it was set, and others when it came to cover records whose agent nobody knew."""
    agent, proposal = person(world.site), world.vouched()
    Record.objects.filter(pk=world.records[0].pk).update(agent=agent)
    scope = holds.Scope(site=world.site, agent=agent)
    made = holds.hold_set(scope=scope, reason="complaint", note="x", until=None, actor=world.coordinator, now=NOW)
    for _again in range(2):
        assert set(proposals.unsaid(Proposal.objects.get(pk=proposal.pk))) == {ConditionKey.CASE, ConditionKey.LAW}
        for key in ("case", "law"):
            say(world, proposal, key)
        if not made.without_agent:
            Record.objects.filter(pk__in=[one.pk for one in world.records[2:]]).update(agent=person(world.site))
            made = holds.hold_widen(hold_id=made.pk, note="x", actor=world.coordinator, now=NOW)
    found = proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
    assert found.items_count == 4


def test_a_condition_says_by_what_it_is_known(world: Dead, client: Client) -> None:
    proposal = world.proposal()
    with pytest.raises(Invalid) as refusal:
        say(world, proposal, "case", note="  ")
    assert refusal.value.field == "note"
    client.force_login(world.control)
    url = reverse("retention:proposal_condition", args=[proposal.pk])
    assert client.post(url, {"key": "case", "note": ""}).status_code == 422
    assert not Condition.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("saying", [True, False])
def test_neither_saying_nor_submitting_overtakes_a_hold(tmp_path: Path, live_floor: Any, saying: bool) -> None:
    """Whoever waits for the hold finds its lines gone and what was said taken back."""
    world = dead(tmp_path)
    proposal = world.vouched()
    refused: list[BaseException] = []

    def meanwhile() -> None:
        try:
            if saying:
                say(world, proposal, "case", seen=6)
            else:
                proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
        except WrongState as error:
            refused.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=meanwhile)
    with transaction.atomic():
        hold(world, 1)
        thread.start()
        thread.join(1)
        assert thread.is_alive()  # it waits for the hold
    thread.join(30)
    assert len(refused) == 1
    found = Proposal.objects.get(pk=proposal.pk)
    assert found.status == "draft" and ConditionKey.CASE in proposals.unsaid(found)
