"""Disposal and backups over the API (RET-15): the same services, refusals and rights as the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.api.models import IdempotentAnswer
from occ.approvals.models import Approval
from occ.people.choices import Role
from occ.people.models import User
from retention.choices import ConditionKey
from retention.models import Batch, Proposal
from retention.services.batches import batches_gather
from tests.factories import user
from tests.retention.backups import NOW, Ground
from tests.retention.disposal import PASSWORD, Dead, dead, tomorrow
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-15")]
URL = "/api/v1/retention/proposals/"


@pytest.fixture
def world(tmp_path: Path, english: None) -> Dead:
    return dead(tmp_path)


def ask(user: User, method: str, url: str, data: Any = None, **headers: str) -> Any:
    client = Client()
    client.force_login(user)
    sent = {} if method == "get" else {"data": data or {}, "content_type": "application/json"}
    return getattr(client, method)(url, headers=headers or None, **sent)


@pytest.mark.req("RET-8")
def test_a_changed_list_is_void_also_where_it_was_asked_with_a_key(world: Dead) -> None:
    proposal = world.approved()
    with past_the_triggers():
        proposal.items.filter(position=1).update(line="another")
    key = {"Idempotency-Key": "k1"}
    refused = ask(world.it, "post", f"{URL}{proposal.pk}/execute/", {"password": PASSWORD}, **key)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert Proposal.objects.get(pk=proposal.pk).status == "void"
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.req("RET-7", "RET-8")
def test_from_the_draft_to_the_decision(world: Dead) -> None:
    made = ask(world.leader, "post", URL, {"site": "JKT", "kind": "recording", "reason": "Lewat masa"})
    assert made.status_code == 201
    one = f"{URL}{made.json()['id']}/"
    assert (made.json()["status"], made.json()["items_count"]) == ("draft", 6)
    assert ask(world.client, "get", one).status_code == 404  # what is being prepared is not the client's
    for key in ConditionKey:
        who = world.control if key in ("law", "case") else world.leader
        assert ask(who, "post", f"{one}conditions/", {"key": key, "note": "Diperiksa"}).status_code == 200
    put = ask(world.leader, "post", f"{one}submit/").json()
    assert (put["status"], len(put["conditions"])) == ("with_client", 5)
    lines = ask(world.client, "get", f"{one}lines/?size=4").json()
    assert len(lines["results"]) == 4 and lines["next"]
    assert {"name", "sha256", "decision"} <= set(lines["results"][0])

    verdict = {"decision": "in_part", "list_sha256": put["list_sha256"], "refused": [2, 5], "reason": "Masih dipakai",
               "again_on": str(tomorrow(timezone.now())), "password": PASSWORD}  # fmt: skip
    for wrong, status, field in (
        ({"password": "wrong"}, 422, "password"),
        ({"refused": []}, 422, "refused"),
        ({"refused": [99]}, 422, "refused"),
        ({"decision": "approve"}, 422, "refused"),
        ({"reason": ""}, 422, "reason"),
        ({"list_sha256": "0" * 64}, 409, None),
    ):
        said = ask(world.client, "post", f"{one}decide/", verdict | wrong)
        assert (said.status_code, said.json()["field"]) == (status, field), wrong
    assert not Approval.objects.exists()
    assert ask(world.leader, "post", f"{one}decide/", verdict).status_code == 403
    decided = ask(world.client, "post", f"{one}decide/", verdict).json()
    assert (decided["status"], decided["approved_count"]) == ("approved", 4)
    refused = ask(world.client, "get", f"{one}lines/?decision=refused").json()["results"]
    assert {row["position"] for row in refused} == {2, 5}
    assert ask(world.client, "post", f"{one}decide/", verdict).status_code == 409  # once

    early = ask(world.it, "post", f"{one}execute/", {"password": PASSWORD})
    assert early.status_code == 409  # it cools off
    back = ask(world.client, "post", f"{one}recall/", {"note": "Ditarik"})
    assert (back.status_code, back.json()["status"]) == (200, "withdrawn")


@pytest.mark.req("RET-8")
def test_a_wrong_password_counts_whatever_key_comes_with_it(world: Dead) -> None:
    """An answer kept by its key is undone with its transaction: a guess must not be."""
    proposal = world.submitted()
    verdict = {"decision": "approve", "list_sha256": proposal.list_sha256, "password": "wrong"}
    answers = [
        ask(world.client, "post", f"{URL}{proposal.pk}/decide/", verdict, **{"Idempotency-Key": f"k{n}"})
        for n in range(12)
    ]
    assert answers[-1].status_code == 429 or answers[-1].json()["code"] != answers[0].json()["code"]
    right = ask(world.client, "post", f"{URL}{proposal.pk}/decide/", verdict | {"password": PASSWORD})
    assert right.status_code >= 400 and not Approval.objects.exists()


@pytest.mark.req("RET-9")
def test_team_it_starts_the_deletion_and_gives_up_what_stays(world: Dead) -> None:
    proposal = world.approved()
    one = f"{URL}{proposal.pk}/"
    assert ask(world.leader, "post", f"{one}execute/").status_code == 403
    assert ask(world.it, "post", f"{one}execute/").status_code == 400
    assert ask(world.it, "post", f"{one}execute/", {"password": "wrong"}).status_code == 422
    started = ask(world.it, "post", f"{one}execute/", {"password": PASSWORD})
    assert (started.status_code, started.json()["status"]) == (202, "executing")
    assert ask(world.it, "post", f"{one}release/", {"note": "x"}).status_code == 409
    assert ask(world.it, "post", f"{one}release/", {}).status_code == 400


def test_drafts_are_filtered_withdrawn_and_made_once_by_a_key(world: Dead) -> None:
    given = {"site": "JKT", "kind": "recording", "reason": "x"}
    first = ask(world.leader, "post", URL, given, **{"Idempotency-Key": "a"}).json()
    again = ask(world.leader, "post", URL, given, **{"Idempotency-Key": "a"}).json()
    assert first == again and Proposal.objects.count() == 1
    assert ask(world.leader, "post", URL, given).status_code == 409  # there is a draft
    assert ask(world.leader, "post", URL, given | {"kind": "documents"}).status_code == 422  # nothing to propose
    assert ask(world.leader, "post", URL, given | {"site": "YGY"}).json()["field"] == "site"
    for query, count in (("status=draft", 1), ("status=closed", 0), ("kind=documents", 0), ("site=JKT", 1)):
        assert len(ask(world.leader, "get", f"{URL}?{query}").json()["results"]) == count, query
    gone = ask(world.leader, "post", f"{URL}{first['id']}/withdraw/", {"note": "Salah"})
    assert gone.json()["status"] == "withdrawn"


def test_many_cost_as_many_queries_as_few(world: Dead, django_assert_max_num_queries: Any) -> None:
    proposal = world.submitted()
    with django_assert_max_num_queries(22):
        ask(world.leader, "get", URL)
    with django_assert_max_num_queries(22):
        ask(world.client, "get", f"{URL}{proposal.pk}/lines/")


@pytest.mark.req("RET-4", "RET-5")
def test_a_batch_is_escalated_started_and_followed(tmp_path: Path, english: None) -> None:
    ground, url = Ground(tmp_path), "/api/v1/retention/batches/"
    ground.records(3)
    batches_gather(now=NOW)
    leader = user(Role.TEAM_LEADER, ground.jkt)
    (row,) = ask(leader, "get", f"{url}?status=open&month=2025-11-25&kind=recording&site=JKT").json()["results"]
    assert (row["status"], row["records_count"], row["month"]) == ("gathering", 3, "2025-11-01")
    one = f"{url}{row['id']}/"
    assert ask(ground.it, "post", f"{one}start/").status_code == 409
    assert ask(leader, "post", f"{one}escalate/").json()["status"] == "escalated"
    assert ask(leader, "post", f"{one}start/").status_code == 403
    assert ask(ground.it, "post", f"{one}start/").json()["status"] == "running"
    ground.back_up(Batch.objects.get(), now=timezone.now())
    done = ask(leader, "get", one).json()
    assert (done["status"], done["done_count"], done["identifier"]) == ("complete", 3, "JKT-recording-202511")
    assert ask(leader, "get", f"{url}?status=late").json()["results"] == []
    assert ask(leader, "get", "/api/v1/retention/checks/?kind=fixity").json()["results"] == []
