"""A call, chat or case, from all events of its number (RTM-4, RTM-10, RTM-11).

Times come from the source's clocks: what lies up to `CLAMPED` in the wrong order is taken as simultaneous; more is a
fault, and a faulty interaction is counted and listed, but its durations are in no average.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from occ.times import in_reach
from realtime.choices import Category, EventType, Fault, Outcome

CLAMPED = timedelta(seconds=2)
LONGEST = timedelta(hours=10)
MENU = frozenset({"menu", "ivr", "vru"})
E = EventType
# At the same instant things happen in this order.
RANK = {
    kind: i
    for i, kind in enumerate(
        [E.OFFERED, E.CASE_OPENED, E.QUEUED, E.CASE_ASSIGNED, E.ANSWERED, E.CASE_ANSWERED, E.HOLD, E.UNHOLD,
         E.TRANSFERRED, E.WRAPUP, E.CASE_SUBMITTED, E.COMPLETED, E.ABANDONED, E.CASE_CLOSED]
    )
}  # fmt: skip
RANKS = {str(kind): rank for kind, rank in RANK.items()}
TYPES = frozenset({*RANK, E.RECORD})
CATEGORIES = frozenset(Category.values)
CASES = frozenset({E.CASE_OPENED, E.CASE_ASSIGNED, E.CASE_ANSWERED, E.CASE_SUBMITTED, E.CASE_CLOSED})


@dataclass(frozen=True)
class Said:
    """One event of an interaction."""

    at: datetime
    seq: int
    event_id: str
    type: str
    agent: str
    body: dict[str, Any]

    @property
    def place(self) -> tuple[datetime, int, int, str]:
        return self.at, RANKS.get(self.type, -1), self.seq, self.event_id


@dataclass
class Told:
    """What is known of an interaction; durations in milliseconds, None while they go on or never began."""

    arrived_at: datetime
    is_case: bool = False
    channel: str = ""
    site: str = ""
    category: str = ""
    outcome: str = Outcome.OPEN
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    agent: str = ""
    wait_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int | None = None
    wrapup_ms: int | None = None
    handled: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Turn:
    """One agent's time with the customer."""

    agent: str
    began: datetime
    talked_until: datetime | None = None
    done_at: datetime | None = None
    held: timedelta = timedelta()
    holding_since: datetime | None = None


def milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def interaction_of(events: Iterable[Said]) -> Told:
    """What these events tell together. There is at least one."""
    said = sorted({one.event_id: one for one in events}.values(), key=lambda one: one.place)
    # What tells of an end goes before what was told while it was open, whichever came first.
    records = [one for one in said if one.type == E.RECORD]
    record = max(records, key=lambda one: (one.body.get("outcome") != Outcome.OPEN, one.place), default=None)
    told = of_record(record) if record else of_steps(said)
    for one in said:  # the first to say it; a later, other word for where a call arrived moves it nowhere
        told.channel = told.channel or str(one.body.get("channel") or "").strip().lower()
        told.site = told.site or str(one.body.get("site") or "").strip()
    for one in [record, *said] if record else said:
        category = str(one.body.get("category") or "").strip().lower()
        told.category = told.category or (category if category in CATEGORIES else "")
    told.faults = sorted(set(told.faults))
    return told


def of_steps(said: list[Said]) -> Told:
    told = Told(said[0].at, is_case=any(one.type in CASES for one in said))
    first = {kind: next((one.at for one in said if one.type == kind), None) for kind in RANK}
    told.arrived_at = first[E.OFFERED] or first[E.CASE_OPENED] or said[0].at
    told.queued_at = first[E.QUEUED] or first[E.CASE_ASSIGNED]
    told.answered_at = first[E.ANSWERED] or first[E.CASE_ANSWERED]
    told.submitted_at = first[E.CASE_SUBMITTED]
    abandoned = next((one for one in said if one.type == E.ABANDONED), None)
    ends = [one.at for one in said if one.type in {E.COMPLETED, E.ABANDONED, E.CASE_CLOSED}]
    told.ended_at = max(ends) if ends else None
    if said[0].at < told.arrived_at - CLAMPED:
        told.faults.append(Fault.CLOCK)
    turns = turns_of(said)
    if told.answered_at is not None:
        told.outcome = Outcome.ANSWERED
        told.agent = next((turn.agent for turn in turns if turn.agent), "")
        measure(told, turns)
    elif abandoned is not None:
        in_menu = told.queued_at is None and str(abandoned.body.get("reason") or "").strip().lower() in MENU
        told.outcome = Outcome.MENU if in_menu else Outcome.ABANDONED
    elif told.ended_at is not None and not told.is_case:
        told.outcome = Outcome.MENU if told.queued_at is None else Outcome.ABANDONED
    elif told.is_case and (told.submitted_at or told.ended_at):
        told.outcome = Outcome.ANSWERED
    if told.is_case and not told.agent:
        told.agent = next((one.agent for one in reversed(said) if one.agent), "")
    waited_until = told.answered_at or (told.ended_at if told.outcome == Outcome.ABANDONED else None)
    if waited_until is not None and not told.is_case:
        told.wait_ms = span_ms(told, told.queued_at or told.arrived_at, waited_until)
    if told.is_case and told.submitted_at is not None:
        told.wait_ms = span_ms(told, told.arrived_at, told.submitted_at)
    return told


def turns_of(said: list[Said]) -> list[Turn]:
    turns: list[Turn] = []
    for one in said:
        turn = turns[-1] if turns and turns[-1].done_at is None else None
        if one.type in {E.ANSWERED, E.CASE_ANSWERED}:
            if turn is not None and turn.agent == one.agent:
                continue  # said twice
            if turn is not None:
                finish(turn, one.at)
            turns.append(Turn(one.agent, one.at))
        elif turn is None:
            continue
        elif one.type == E.HOLD and turn.holding_since is None:
            turn.holding_since = one.at
        elif one.type == E.UNHOLD and turn.holding_since is not None:
            turn.held, turn.holding_since = turn.held + (one.at - turn.holding_since), None
        elif one.type == E.WRAPUP:
            talked(turn, one.at)
        elif one.type in {E.COMPLETED, E.ABANDONED, E.TRANSFERRED, E.CASE_CLOSED}:
            finish(turn, one.at)
    return turns


def talked(turn: Turn, until: datetime) -> None:
    """The customer has gone."""
    if turn.talked_until is None:
        if turn.holding_since is not None:
            turn.held, turn.holding_since = turn.held + (until - turn.holding_since), None
        turn.talked_until = until


def finish(turn: Turn, at: datetime) -> None:
    talked(turn, at)
    turn.done_at = at


def measure(told: Told, turns: list[Turn]) -> None:
    """The durations of all turns that are over; a call that ends before it is answered is a fault."""
    assert told.answered_at is not None
    if told.ended_at is not None and told.ended_at < told.answered_at:
        if told.answered_at - told.ended_at > CLAMPED:
            told.faults.append(Fault.NEGATIVE)
        told.ended_at = told.answered_at
        for turn in turns:
            if turn.done_at is None:
                finish(turn, turn.began)
    over = [turn for turn in turns if turn.talked_until is not None]
    told.handled = len(over)
    if over:
        talks = [(turn.talked_until or turn.began) - turn.began - turn.held for turn in over]
        told.talk_ms = milliseconds(sum(talks, timedelta()))
        told.hold_ms = milliseconds(sum((turn.held for turn in over), timedelta()))
        wrapups = [turn.done_at - turn.talked_until for turn in over if turn.done_at and turn.talked_until]
        told.wrapup_ms = milliseconds(sum(wrapups, timedelta())) if wrapups else None
        judge(told)
    if any(not turn.agent for turn in turns) and not told.is_case:
        told.faults.append(Fault.NO_AGENT)


def judge(told: Told) -> None:
    """Durations that cannot be true."""
    whole = (told.talk_ms or 0) + (told.hold_ms or 0)
    if told.talk_ms is not None and told.talk_ms < 0:
        told.faults.append(Fault.NEGATIVE)
    if whole >= milliseconds(LONGEST):
        told.faults.append(Fault.TOO_LONG)
    if whole == 0 and not told.is_case:
        told.faults.append(Fault.ZERO)


def span_ms(told: Told, start: datetime, end: datetime) -> int:
    if end < start:
        if start - end > CLAMPED:
            told.faults.append(Fault.NEGATIVE)
        return 0
    return milliseconds(end - start)


MOST_SECONDS = 10_000_000  # a duration beyond it is none, and a month's sum of such would fit no figure


def seconds_ms(value: Any) -> int:
    """Raises ValueError for what is no duration."""
    found = float(value)
    if not abs(found) <= MOST_SECONDS:
        raise ValueError(value)
    return round(found * 1000)


def of_record(said: Said) -> Told:
    """A whole call in one line, as reports have it: instants in `body`, ISO 8601; durations of its own where given.

    `arrived_at`, `queued_at`, `answered_at`, `ended_at`, `submitted_at`, `outcome`, `hold_s`, `wrapup_s`, `talk_s`.
    """
    body = said.body

    def instant(name: str) -> datetime | None:
        at = datetime.fromisoformat(body[name]) if body.get(name) else None
        if at is not None and not in_reach(at):
            raise ValueError(name)
        return at

    told = Told(instant("arrived_at") or said.at, is_case=bool(body.get("is_case")), outcome=body["outcome"])
    told.queued_at, told.answered_at = instant("queued_at"), instant("answered_at")
    told.submitted_at, told.ended_at, told.agent = instant("submitted_at"), instant("ended_at"), said.agent
    if told.is_case:
        if told.submitted_at is not None:
            told.wait_ms = span_ms(told, told.arrived_at, told.submitted_at)
        return told
    if body.get("wait_s") is not None:
        told.wait_ms = seconds_ms(body["wait_s"])
    elif told.outcome != Outcome.MENU and (until := told.answered_at or told.ended_at):
        told.wait_ms = span_ms(told, told.queued_at or told.arrived_at, until)
    if told.outcome == Outcome.ANSWERED:
        told.handled = 1
        told.hold_ms = seconds_ms(body.get("hold_s") or 0)
        told.wrapup_ms = seconds_ms(body["wrapup_s"]) if body.get("wrapup_s") is not None else None
        if body.get("talk_s") is not None:
            told.talk_ms = seconds_ms(body["talk_s"])
        elif told.answered_at and told.ended_at:
            told.talk_ms = milliseconds(told.ended_at - told.answered_at) - told.hold_ms
        judge(told)
        if not said.agent:
            told.faults.append(Fault.NO_AGENT)
    if told.answered_at and told.ended_at and told.ended_at < told.answered_at - CLAMPED:
        told.faults.append(Fault.NEGATIVE)
    if told.wait_ms is not None and told.wait_ms < 0:
        told.faults.append(Fault.NEGATIVE)
    return told
