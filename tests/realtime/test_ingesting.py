"""Events in: each judged by itself, kept once, worked in whatever dies (RTM-4)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from occ.people.choices import Role
from realtime.floorwatch.feeds import CHANGED
from realtime.models import AgentNow, AgentSegment, Arrival, Event, Interaction, Interval, Source
from realtime.services import agents, working
from realtime.services.ingesting import Busy, Taken, events_take
from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work
from tests.factories import NOW, Floor, user
from tests.realtime.conftest import event

pytestmark = pytest.mark.req("RTM-4")
Tell = Callable[..., Taken]


def day(agent: str = "A1") -> list[dict[str, Any]]:
    """A quarter of an hour of one agent with two calls, and a call that nobody took."""

    def then(minutes: float) -> Any:
        return NOW - timedelta(hours=2) + timedelta(minutes=minutes)

    events = [
        event("agent.login", then(0), agent=agent),
        event("agent.state", then(2), agent=agent, state="busy", prev_state="available"),
        event("agent.state", then(6), agent=agent, state="acw", prev_state="busy"),
        event("agent.state", then(7), agent=agent, state="available", prev_state="wrapup"),
        event("agent.state", then(9), agent=agent, state="aux", reason="prayer", prev_state="available"),
        event("agent.logout", then(14), agent=agent),
    ]
    for number, start in (("c1", 1.5), ("c2", 7.5)):
        call = {"interaction_id": number, "channel": "voice"}
        events += [
            event("interaction.offered", then(start), **call), event("interaction.queued", then(start), **call),
            event("interaction.answered", then(start + 0.5), agent=agent, **call),
            event("interaction.completed", then(start + 1), agent=agent, **call),
        ]  # fmt: skip
    lost = {"interaction_id": "c3", "channel": "voice"}
    return [
        *events, event("interaction.offered", then(3), **lost), event("interaction.abandoned", then(4), **lost),
    ]  # fmt: skip


def picture() -> list[Any]:
    """All that was derived, without its keys."""
    segments = AgentSegment.objects.order_by("agent", "starts_at")
    calls = Interaction.objects.order_by("number")
    return [
        list(segments.values_list("agent", "starts_at", "ends_at", "state", "reason", "gap", "person", "site")),
        list(calls.values_list("number", "outcome", "wait_ms", "talk_ms", "agent", "faults")),
        list(
            Interval.objects.order_by("starts_at").values_list(
                "starts_at", "offered", "answered", "abandoned", "talk_ms"
            )
        ),
        list(AgentNow.objects.values_list("agent", "state", "since", "heard_at")),
    ]


def test_one_by_one_shuffled_repeated_and_in_pieces_end_alike(tell: Tell, django_db_blocker: Any) -> None:
    events = day()
    with transaction.atomic():
        tell(*events)
        ordered = picture()
        transaction.set_rollback(True)
    assert len(ordered[0]) == 6 and len(ordered[1]) == 3 and ordered[2][0][1:] == (3, 2, 1, 60_000)
    for seed in range(12):
        chance = random.Random(seed)
        mixed = events + chance.sample(events, 6)
        chance.shuffle(mixed)
        with transaction.atomic():
            while mixed:
                size = chance.randint(1, 5)
                tell(*mixed[:size], work=chance.random() < 0.7)
                mixed = mixed[size:]
            arrivals_work(now=NOW)
            intervals_compute(now=NOW)
            assert picture() == ordered, f"seed {seed}"
            transaction.set_rollback(True)


def test_told_again_changes_nothing(tell: Tell) -> None:
    events = day()
    assert (tell(*events).accepted, tell(*events).accepted, tell(*events).duplicates) == (16, 0, 16)
    assert Event.objects.count() == 16 and not Arrival.objects.exists()


GOOD: dict[str, Any] = {"agent": "A1", "state": "aux"}
RECORD: dict[str, Any] = {"type": "interaction.record", "interaction_id": "c", "outcome": "answered"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("text", "not_an_object"),
        ({"source": ""}, "source_missing"),
        ({"source_event_id": None}, "source_event_id_missing"),
        ({"source_event_id": "x" * 121}, "source_event_id_invalid"),
        ({"source_event_id": "a\x00b"}, "source_event_id_invalid"),
        ({"type": True}, "type_invalid"),
        ({"occurred_at": "2026-11-20T10:00:00"}, "occurred_at_invalid"),
        ({"occurred_at": "yesterday"}, "occurred_at_invalid"),
        ({"occurred_at": (NOW + timedelta(minutes=6)).isoformat()}, "in_the_future"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at_invalid"),
        ({"agent": ""}, "agent_missing"),
        ({"state": ""}, "state_missing"),
        ({"site": "XXX"}, "unknown_site"),
        ({"seq": 2**63}, "seq_invalid"),
        ({"type": "interaction.offered"}, "interaction_missing"),
        ({"type": "interaction.offered", "interaction_id": "c", "channel": "pigeon"}, "unknown_channel"),
        ({"type": "interaction.record", "interaction_id": "c", "outcome": 1, "arrived_at": 7}, "record_invalid"),
        (RECORD | {"arrived_at": "9999-12-31T20:00:00+00:00"}, "record_invalid"),
        (RECORD | {"wait_s": 9_100_000_000_000_000}, "record_invalid"),
        (RECORD | {"talk_s": "nan"}, "record_invalid"),
    ],
)  # fmt: skip
def test_a_bad_event_is_refused_with_its_index_and_its_fellows_are_taken(tell: Tell, wrong: Any, code: str) -> None:
    bad = wrong if isinstance(wrong, str) else event("agent.state", NOW, **GOOD) | wrong
    taken = tell(event("agent.state", NOW, **GOOD), bad, event("agent.state", NOW, **GOOD))
    assert (taken.accepted, [(one.index, one.code) for one in taken.rejected]) == (2, [(1, code)])


def test_unknown_fields_are_kept_and_unknown_types_parked(tell: Tell) -> None:
    tell(event("agent.danced", NOW, agent="A1", steps=7), event("agent.state", NOW, mood="good", **GOOD))
    parked = Event.objects.get(type="agent.danced")
    assert parked.parked == "unknown_type" and parked.body["steps"] == 7
    assert Event.objects.get(type="agent.state").body["mood"] == "good"
    assert AgentNow.objects.get().state == "aux"


def test_who_held_the_user_id_then_is_the_agent(floor: Floor, tell: Tell) -> None:
    tell(event("agent.login", NOW, agent=floor.account.user_id.lower()), event("agent.login", NOW, agent="nobody"))
    assert AgentNow.objects.get(agent=floor.account.user_id.lower()).person == floor.agent
    assert AgentNow.objects.get(agent="nobody").person is None


def test_a_sender_of_one_site_speaks_for_no_other(floor: Floor) -> None:
    local = user(Role.RTFM, floor.jkt, name="rtfm.jkt")
    there = event("agent.login", NOW, agent="A1")
    taken = events_take(events=[there, there | {"site": "YGY"}, there | {"site": ""}], actor=local, now=NOW)
    assert [one.code for one in taken.rejected] == ["site_not_allowed", "site_not_allowed"] and taken.accepted == 1


def test_a_sender_of_one_site_does_not_speak_as_anothers_source(floor: Floor) -> None:
    """Its own site's name beside the number of a call there would move that call, and show it."""
    Source.objects.create(code="pbx-ygy", name="PBX", site=floor.ygy)
    Source.objects.create(code="all", name="Everybody's")
    local = user(Role.RTFM, floor.jkt, name="rtfm.jkt")
    theirs = record("c1", NOW, 5) | {"source": "pbx-ygy"}
    taken = events_take(events=[theirs, record("c1", NOW, 5) | {"source": "all"}], actor=local, now=NOW)
    assert [one.code for one in taken.rejected] == ["source_not_allowed"] and taken.accepted == 1


def test_more_than_is_worked_in_is_refused_whole(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.services.ingesting.MOST_WAITING", 1)
    tell(event("agent.state", NOW, **GOOD), work=False)
    tell(event("agent.state", NOW, **GOOD), work=False)
    with pytest.raises(Busy):
        tell(event("agent.state", NOW, **GOOD))
    assert Event.objects.count() == 2
    arrivals_work(now=NOW)
    assert tell(event("agent.state", NOW, **GOOD)).accepted == 1


def test_a_bad_arrival_is_parked_and_its_fellows_go_on(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    real = agents.segments_of

    def fails(events: Any) -> Any:
        if any(one.reason == "trap" for one in events):
            raise RuntimeError("trap")
        return real(events)

    monkeypatch.setattr(agents, "segments_of", fails)
    tell(event("agent.state", NOW, agent="A1", state="aux", reason="trap"), work=False)
    tell(event("agent.state", NOW, agent="A2", state="aux"), work=False)
    arrivals_work(now=NOW)
    assert AgentNow.objects.get().agent == "A2"
    assert Arrival.objects.get().parked_at == NOW


def test_killed_while_working_in_it_is_worked_in_again(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(*day(), work=False)
    monkeypatch.setattr(working, "active", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        arrivals_work(now=NOW)
    assert not AgentSegment.objects.exists() and Arrival.objects.count() == 1
    monkeypatch.undo()
    arrivals_work(now=NOW)
    assert AgentSegment.objects.count() == 6 and not Arrival.objects.exists()


@pytest.mark.req("KER-10")
@pytest.mark.parametrize("sql", ["UPDATE realtime_event SET type = 'x'", "DELETE FROM realtime_event"])
def test_events_only_grow(tell: Tell, sql: str) -> None:
    tell(event("agent.state", NOW, **GOOD))
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_feed_that_is_down_is_known_to_be(tell: Tell) -> None:
    tell(event("feed.down", NOW - timedelta(minutes=5)))
    assert Source.objects.get().down_since == NOW - timedelta(minutes=5)
    tell(event("feed.up", NOW))
    assert Source.objects.get().down_since is None


@pytest.mark.req("RTM-10")
def test_two_calls_of_one_agent_at_once_are_faults_whichever_came_first(tell: Tell) -> None:
    def call(number: str, start: int, end: int) -> list[dict[str, Any]]:
        fields = {"interaction_id": number, "channel": "voice", "agent": "A1"}
        begin = NOW - timedelta(minutes=30)
        return [event("interaction.answered", begin + timedelta(seconds=start), **fields),
                event("interaction.completed", begin + timedelta(seconds=end), **fields)]  # fmt: skip

    tell(*call("c1", 0, 60))
    tell(*call("c2", 60, 90))
    assert not Interaction.objects.exclude(faults=[]).exists(), "half-open: one begins when the other ends"
    tell(*call("c3", 30, 70))
    assert list(Interaction.objects.order_by("number").values_list("faults", flat=True)) == [["overlap"]] * 3
    figure = Interval.objects.get()
    assert (figure.offered, figure.answered, figure.handled, figure.faults) == (3, 3, 0, 3)


@pytest.mark.req("RTM-10")
def test_a_late_event_corrects_the_quarter_and_says_so(tell: Tell) -> None:
    start = NOW - timedelta(hours=5)
    call = {"interaction_id": "c1", "channel": "voice", "agent": "A1"}
    tell(event("interaction.answered", start, **call))
    assert Interval.objects.get().corrections == 0
    tell(event("interaction.completed", start + timedelta(seconds=60), **call))
    figure = Interval.objects.get()
    assert (figure.talk_ms, figure.corrections, figure.corrected_at) == (60_000, 1, NOW)


def record(number: str, start: Any, minutes: float, agent: str = "A1", **fields: Any) -> dict[str, Any]:
    """A whole call out of a report."""
    until = start + timedelta(minutes=minutes)
    said = {"arrived_at": start.isoformat(), "answered_at": start.isoformat(), "ended_at": until.isoformat()}
    return event("interaction.record", start, interaction_id=number, agent=agent, channel="voice", outcome="answered",
                 **said, **fields)  # fmt: skip


@pytest.mark.req("RTM-10")
def test_calls_that_overlap_are_faults_until_one_of_them_is_corrected(tell: Tell) -> None:
    def faulty() -> set[str]:
        return {one.number for one in Interaction.objects.all() if "overlap" in one.faults}

    start = NOW - timedelta(hours=3)
    tell(record("c1", start, 10), record("c2", start + timedelta(minutes=20), 10))
    tell(record("other", start, 30, agent="A2"), record("after", start + timedelta(minutes=30), 5))
    assert not faulty(), "one begins when the other ends"
    tell(record("c3", start + timedelta(minutes=5), 20))
    assert faulty() == {"c1", "c2", "c3"}
    tell(record("c4", start + timedelta(minutes=31), 2))
    assert faulty() == {"c1", "c2", "c3", "c4", "after"}
    shorter = record("c3", start + timedelta(minutes=11), 2)
    shorter["occurred_at"] = (start + timedelta(minutes=12)).isoformat()
    tell(shorter)
    assert faulty() == {"c4", "after"}


def test_which_rows_changed_is_told_in_payloads_that_fit(db: None) -> None:
    told: list[str] = []

    def hear(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "pg_notify" in sql and params[0] == CHANGED:
            told.append(params[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(hear):
        working.changed_tell([])
        assert not told
        working.changed_tell(list(range(10**9, 10**9 + 1000)))
        assert [len(json.loads(one)["now"]) for one in told] == [400, 400, 200]
        assert max(map(len, told)) < 8000
        told.clear()
        working.changed_tell(list(range(20_000)))
        assert told == ["{}"]
