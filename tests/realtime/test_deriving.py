"""What follows from events follows from all of them, in whatever order they came (RTM-4)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.deriving.agents import AgentEvent, Segment, agent_event, segments_of
from realtime.deriving.interactions import Said, interaction_of

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
pytestmark = pytest.mark.req("RTM-4")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def state(seconds: float, word: str, *, before: str = "", reason: str = "", seq: int = 0) -> AgentEvent:
    body = {"state": word, "prev_state": before, "reason": reason}
    return agent_event("agent.state", at(seconds), seq, f"e{seconds}{word}", body)


def login(seconds: float) -> AgentEvent:
    return agent_event("agent.login", at(seconds), 0, f"in{seconds}", {})


def logout(seconds: float) -> AgentEvent:
    return agent_event("agent.logout", at(seconds), 0, f"out{seconds}", {})


def test_from_log_in_to_log_out() -> None:
    told = [login(0), state(10, "on_call"), state(70, "acw"), state(80, "AUX", reason="Prayer"), logout(90)]
    assert segments_of(told) == [
        Segment(at(0), at(10), "available"), Segment(at(10), at(70), "busy"), Segment(at(70), at(80), "wrapup"),
        Segment(at(80), at(90), "aux", "prayer"), Segment(at(90), None, "offline"),
    ]  # fmt: skip


def test_between_what_does_not_fit_nobody_knows() -> None:
    """The event that the agent went to AUX is missing: until it comes the time is unknown, then it is not."""
    told = [login(0), state(60, "busy", before="available"), state(300, "available", before="aux")]
    assert segments_of(told) == [
        Segment(at(0), at(60), "available"), Segment(at(60), at(300), "unknown", gap=True),
        Segment(at(300), None, "available"),
    ]  # fmt: skip
    told.append(state(200, "aux", before="busy"))
    assert [one.state for one in segments_of(told)] == ["available", "busy", "aux", "available"]


def test_a_sign_of_life_says_until_when_something_is_known() -> None:
    beat = agent_event("agent.heartbeat", at(200), 0, "hb", {"state": "busy"})
    told = [login(0), state(60, "busy"), beat, state(300, "available", before="aux")]
    assert segments_of(told)[1:3] == [
        Segment(at(60), at(200), "busy"), Segment(at(200), at(300), "unknown", gap=True),
    ]  # fmt: skip


def test_a_word_that_nobody_knows_is_unknown_and_two_at_once_are_the_later_one() -> None:
    assert segments_of([state(0, "dancing")]) == [Segment(at(0), None, "unknown")]
    assert segments_of([state(0, "busy", seq=1), state(0, "aux", seq=2)]) == [Segment(at(0), None, "aux")]


STATES = st.sampled_from(["available", "busy", "aux", "offline", "wrapup"])
DAYS = st.lists(
    st.builds(state, st.integers(0, 500), STATES, before=st.sampled_from(["", "busy", "aux"]), seq=st.integers(0, 3)),
    min_size=1, max_size=25,
)  # fmt: skip


@given(DAYS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_ordered_day(day: list[AgentEvent], chance: random.Random) -> None:
    mixed = day + chance.sample(day, len(day) // 2)
    chance.shuffle(mixed)
    assert segments_of(mixed) == segments_of(sorted(day))


@given(DAYS)
def test_segments_follow_each_other_without_hole_or_overlap(day: list[AgentEvent]) -> None:
    found = segments_of(day)
    assert found[-1].ends_at is None and found[0].starts_at == min(one.at for one in day)
    for one, then in pairwise(found):
        assert one.ends_at == then.starts_at and one.starts_at < then.starts_at
        assert (one.state, one.reason, one.gap) != (then.state, then.reason, then.gap)


def said(type_: str, seconds: float, agent: str = "", **body: Any) -> Said:
    return Said(at(seconds), 0, f"{type_}{seconds}", type_, agent, {"channel": "voice", "site": "JKT", **body})


CALL = [
    said("interaction.offered", 0), said("interaction.queued", 20), said("interaction.answered", 35, "A1"),
    said("interaction.hold", 65, "A1"), said("interaction.unhold", 85, "A1"), said("interaction.wrapup", 335, "A1"),
    said("interaction.completed", 365, "A1"),
]  # fmt: skip


@pytest.mark.req("RTM-10")
def test_a_call_from_offer_to_after_call_work() -> None:
    told = interaction_of(CALL)
    assert (told.outcome, told.wait_ms, told.talk_ms, told.hold_ms, told.wrapup_ms) == (
        "answered", 15_000, 280_000, 20_000, 30_000,
    )  # fmt: skip
    assert (told.handled, told.agent, told.faults, told.arrived_at) == (1, "A1", [], at(0))


@given(st.permutations(CALL), st.integers(0, len(CALL) - 1))
def test_a_call_told_in_any_order_and_twice(mixed: list[Said], again: int) -> None:
    assert interaction_of([*mixed, mixed[again]]) == interaction_of(CALL)


@pytest.mark.req("RTM-10")
def test_transferred_is_one_call_and_two_turns() -> None:
    told = interaction_of([
        said("interaction.offered", 0), said("interaction.queued", 0), said("interaction.answered", 10, "A1"),
        said("interaction.transferred", 70, "A1"), said("interaction.answered", 90, "A2"),
        said("interaction.completed", 150, "A2"),
    ])  # fmt: skip
    assert (told.handled, told.talk_ms, told.agent, told.wait_ms) == (2, 120_000, "A1", 10_000)


@pytest.mark.req("RTM-10")
@pytest.mark.parametrize(
    ("events", "outcome", "wait", "faults"),
    [
        ([("offered", 0), ("completed", 9)], "menu", None, []),
        ([("offered", 0), ("abandoned", 9, {"reason": "IVR"})], "menu", None, []),
        ([("offered", 0), ("abandoned", 9)], "abandoned", 9_000, []),
        ([("offered", 0), ("queued", 4), ("abandoned", 9)], "abandoned", 5_000, []),
        ([("offered", 0), ("queued", 4)], "open", None, []),
        ([("offered", 5), ("queued", 4), ("answered", 6), ("completed", 8)], "answered", 2_000, ["no_agent"]),
        ([("offered", 0), ("answered", 9), ("completed", 8)], "answered", 9_000, ["no_agent", "zero"]),
        ([("offered", 0), ("answered", 9), ("completed", 3)], "answered", 9_000, ["negative", "no_agent", "zero"]),
        ([("offered", 0), ("answered", 1), ("completed", 36_001)], "answered", 1_000, ["no_agent", "too_long"]),
        ([("queued", 0), ("offered", 30), ("abandoned", 40)], "abandoned", 40_000, ["clock"]),
    ],
)  # fmt: skip
def test_how_calls_end_and_what_cannot_be(events: list[Any], outcome: str, wait: int | None, faults: list[str]) -> None:
    told = interaction_of([said(f"interaction.{one[0]}", one[1], **(one[2] if len(one) > 2 else {})) for one in events])
    assert (told.outcome, told.wait_ms, told.faults) == (outcome, wait, faults)


@pytest.mark.req("RTM-11")
def test_a_case_is_measured_from_its_origin_to_its_submission() -> None:
    told = interaction_of([
        said("case.opened", 0, category="Keluhan", channel="whatsapp"), said("case.assigned", 60, "A1"),
        said("case.answered", 120, "A1"), said("case.submitted", 700, "A1"), said("case.closed", 710, "A1"),
    ])  # fmt: skip
    assert (told.is_case, told.category, told.wait_ms, told.agent) == (True, "keluhan", 700_000, "A1")
