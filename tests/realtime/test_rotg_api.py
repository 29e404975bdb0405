"""/api/v1/realtime/violations/ (RTM-9): rights of the pages, one error shape, repeats without harm."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.api.authentication import token_create
from occ.api.models import ApiToken
from occ.people.choices import Role
from realtime.models import Violation
from tests.factories import Floor, person, user
from tests.realtime.rotg import agent_user, rule, seen
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("RTM-9", "KER-14")
URL = "/api/v1/realtime/violations/"


def api(actor: Any) -> Client:
    token = token_create(name=f"{actor}-{ApiToken.objects.count()}", user=actor, now=timezone.now())
    return Client(headers={"Authorization": f"Token {token}"}, raise_request_exception=False)


def post(client: Client, data: Any, **headers: str) -> Any:
    return client.post(URL, json.dumps(data), content_type="application/json", headers=headers)


def asked(floor: Floor, **change: Any) -> dict[str, Any]:
    at = (timezone.now() - timedelta(minutes=5)).isoformat()
    return {"employee": floor.agent.number, "rule": "1", "seen_at": at, "what": "HP di meja"} | change


def test_recorded_once_under_one_key(floor: Floor) -> None:
    rule("1")
    client, given = api(floor.leader), asked(floor)
    first = post(client, given, **{"Idempotency-Key": "k1"})
    assert first.status_code == 201, first.content
    again = post(client, given, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert Violation.objects.count() == 1
    other = post(client, given | {"what": "lain"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    body = first.json()
    assert (body["employee"], body["rule"], body["version"], body["status"]) == (floor.agent.number, "1", 1, "recorded")


def test_two_posts_at_once_record_once(live_floor: Floor) -> None:
    rule("1")
    given = asked(live_floor)
    clients = [api(live_floor.leader), api(live_floor.leader)]

    def send() -> int:
        return int(post(clients.pop(), given, **{"Idempotency-Key": "k"}).status_code)

    assert in_threads(2, send) == [201, 201] and Violation.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"employee": "N99999"}, "employee"), ({"rule": "77"}, "rule"), ({"what": "  "}, "what"),
        ({"seen_at": "2099-01-01T00:00:00Z"}, "seen_at"), ({"seen_at": "kemarin"}, "seen_at"), ({"what": None}, "what"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_refused_with_its_field(floor: Floor, change: dict[str, Any], field: str) -> None:
    rule("1")
    answer = post(api(floor.leader), asked(floor, **change))
    assert answer.status_code in {400, 422} and answer.json()["field"] == field
    assert not Violation.objects.exists()


def test_who_sees_what(floor: Floor) -> None:
    which = rule("1")
    stranger = person(floor.ygy)
    mine = seen(floor, which)
    foreign = seen(floor, which, person=stranger, actor=user(Role.TEAM_LEADER, floor.ygy))

    def ids(who: Any, **query: str) -> set[int]:
        return {one["id"] for one in api(who).get(URL, query).json()["results"]}

    assert ids(agent_user(floor.agent)) == {mine.pk} and ids(agent_user(stranger)) == {foreign.pk}
    assert ids(floor.leader) == ids(floor.coordinator) == {mine.pk}
    assert ids(user(Role.QUALITY_ASSURANCE)) == {mine.pk, foreign.pk}
    assert ids(user(Role.QUALITY_ASSURANCE), site="YGY") == {foreign.pk}
    assert ids(floor.leader, status="upheld") == set() and ids(floor.leader, employee=floor.agent.number) == {mine.pk}
    assert ids(floor.leader, **{"from": "2026-11-21"}) == set()
    assert ids(floor.leader, **{"from": "2026-11-20", "to": "2026-11-20"}) == {mine.pk}
    assert api(user(Role.CLIENT)).get(URL).status_code == 403
    assert post(api(agent_user(floor.agent)), asked(floor)).status_code == 403
    answer = post(api(floor.leader), asked(floor, employee=stranger.number))
    assert answer.json()["field"] == "employee"
    assert api(floor.leader).get(URL, {"status": "nonsense"}).status_code == 400
