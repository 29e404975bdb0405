"""The events API as the application calls it (RTM-4), and the process that works events in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from occ.api.authentication import token_create
from occ.people.choices import Role
from realtime.models import AgentNow, AgentSegment, Event, Interaction, Interval
from realtime.services.floor import floor_once
from realtime.services.ingesting import MOST_EVENTS
from tests.factories import Floor, user
from tests.realtime.conftest import event

pytestmark = pytest.mark.req("RTM-4")
URL = "/api/v1/realtime/events/"


@pytest.fixture
def send(floor: Floor, client: Client) -> Any:
    token = token_create(name="omni", user=user(Role.IT, None), now=timezone.now())

    def sent(body: Any, content_type: str = "application/json", **headers: str) -> Any:
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(URL, text, content_type=content_type, headers={"Authorization": f"Token {token}"} | headers)

    return sent


def state(**fields: Any) -> dict[str, Any]:
    return event("agent.state", timezone.now(), agent="A1", state="available", **fields)


def test_one_a_list_and_lines(send: Any) -> None:
    assert send(state()).json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    many = [state(), state()]
    assert send(many).json()["accepted"] == 2
    again = "\n".join([json.dumps(many[0]), "{no json", "", json.dumps(state()), '"text"'])
    answer = send(again, "application/x-ndjson")
    assert answer.status_code == 202
    said = answer.json()
    assert (said["accepted"], said["duplicates"]) == (1, 1)
    assert [(one["index"], one["code"]) for one in said["rejected"]] == [(1, "invalid_json"), (3, "not_an_object")]
    assert Event.objects.count() == 4


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        ("", "application/json", 422), ("[]", "application/json", 422), ("7", "application/json", 422),
        ("[1", "application/json", 400), (b"\xff\xfe", "application/x-ndjson", 400), ("", "application/x-ndjson", 422),
        ("[" * 100_000, "application/json", 400), ('{"a": "\\ud800"}', "application/json", 202),
        ('{"a": "\\ud800"}', "application/x-ndjson", 202), ("x=1", "application/x-www-form-urlencoded", 415),
    ],
)  # fmt: skip
def test_what_is_no_event_is_told_so(send: Any, body: Any, type_: str, status: int) -> None:
    assert send(body, type_).status_code == status
    assert not Event.objects.exists()


def test_an_event_whose_body_fits_no_database_is_refused_alone(send: Any) -> None:
    bad = state(note="\x00") | {"weird": "a\u0000b"}
    lines = "\n".join([json.dumps(state()), json.dumps(bad), json.dumps(state()).replace("available", "\\ud800")])
    said = send(lines, "application/x-ndjson").json()
    assert said["accepted"] == 1 and [one["code"] for one in said["rejected"]] == ["not_storable"] * 2
    fine = state(note="a\\u0000b", more={"deep": [1, "x"]})
    assert send([fine, state(note="x" * 20_000), state() | {"n": 1e308}]).json()["rejected"][0]["code"] == "too_large"
    assert send('{"a": NaN}').status_code == 400


def test_too_many_at_once_are_refused_whole(send: Any) -> None:
    answer = send([{}] * (MOST_EVENTS + 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many")


def test_busy_says_when_to_come_again(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.services.ingesting.MOST_WAITING", 0)
    send(state())
    answer = send(state())
    assert answer.status_code == 429 and answer["Retry-After"] == "2" and Event.objects.count() == 1


def test_rebuilt_all_is_as_it_was(send: Any) -> None:
    begin = timezone.now() - timedelta(hours=30)
    events = [event("agent.login", begin, agent="A1"), event("agent.logout", begin + timedelta(hours=8), agent="A1")]
    for hour in range(8):
        call = {"interaction_id": f"c{hour}", "channel": "voice"}
        at = begin + timedelta(hours=hour)
        events += [event("interaction.offered", at, **call),
                   event("interaction.answered", at + timedelta(seconds=9), agent="A1", **call),
                   event("interaction.completed", at + timedelta(seconds=99), agent="A1", **call)]  # fmt: skip
    send(events)
    floor_once(now=timezone.now())

    def picture() -> list[Any]:
        figures = ("starts_at", "offered", "answered", "talk_ms", "handled")
        return [
            list(AgentSegment.objects.order_by("starts_at").values_list("starts_at", "ends_at", "state")),
            list(Interaction.objects.order_by("number").values_list("number", "talk_ms", "outcome")),
            list(Interval.objects.order_by("starts_at").values_list(*figures)),
            list(AgentNow.objects.values_list("agent", "state", "since")),
        ]

    was = picture()
    assert len(was[1]) == 8
    AgentSegment.objects.all().update(state="aux")
    Interaction.objects.all().update(talk_ms=1)
    call_command("rebuild", verbosity=0)
    assert picture() == was
    Interaction.objects.filter(number="c3").update(talk_ms=1)
    day = (begin + timedelta(hours=7)).date().isoformat()
    call_command("rebuild", "--from", (begin.date() - timedelta(days=1)).isoformat(), "--to", day, verbosity=0)
    call_command("rebuild", "--from", day, verbosity=0)
    assert picture() == was
