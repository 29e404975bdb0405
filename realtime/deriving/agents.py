"""An agent's states over time, from the events of one name in one source (RTM-4, RTM-7).

What holds after an event is said by that event alone; an event that names another previous state than the one that is
known tells that one in between is missing: from the last time at which anything was known until then it is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from realtime.choices import AgentState, EventType

# Words that applications use for the same thing.
ALIASES = {
    "ready": AgentState.AVAILABLE, "idle": AgentState.AVAILABLE, "online": AgentState.AVAILABLE,
    "on_call": AgentState.BUSY, "talking": AgentState.BUSY, "ringing": AgentState.BUSY, "connected": AgentState.BUSY,
    "on_hold": AgentState.HOLD, "acw": AgentState.WRAPUP, "wrap_up": AgentState.WRAPUP,
    "after_call_work": AgentState.WRAPUP, "not_ready": AgentState.AUX, "break": AgentState.AUX,
    "logged_out": AgentState.OFFLINE, "logout": AgentState.OFFLINE,
}  # fmt: skip
STATES = frozenset(AgentState.values)
TYPES = frozenset({EventType.AGENT_LOGIN, EventType.AGENT_LOGOUT, EventType.AGENT_STATE, EventType.AGENT_HEARTBEAT})


@dataclass(frozen=True, order=True)
class AgentEvent:
    """In the order of what happened: by time, then by the source's own count, then by its id."""

    at: datetime
    seq: int
    event_id: str
    type: str = ""
    state: str = ""
    reason: str = ""
    before: str = ""  # the state that the source says there was before; "" where it says none


@dataclass(frozen=True)
class Segment:
    """Half-open; `ends_at` None: it goes on."""

    starts_at: datetime
    ends_at: datetime | None
    state: str
    reason: str = ""
    gap: bool = False


def state_of(word: Any) -> str:
    """A source's word for a state as one of ours; "" for none, UNKNOWN for one that we do not know."""
    text = str(word or "").strip().lower().replace(" ", "_").replace("-", "_")
    if not text:
        return ""
    return text if text in STATES else str(ALIASES.get(text, AgentState.UNKNOWN))


def agent_event(type_: str, at: datetime, seq: int | None, event_id: str, body: dict[str, Any]) -> AgentEvent:
    """An event as it was kept, as far as it speaks of an agent's state."""
    said = state_of(body.get("state"))
    if type_ == EventType.AGENT_LOGOUT:
        said = AgentState.OFFLINE
    elif type_ == EventType.AGENT_LOGIN:
        said = said or AgentState.AVAILABLE
    elif type_ == EventType.AGENT_STATE:
        said = said or AgentState.UNKNOWN
    reason = str(body.get("reason") or "").strip().lower()[:40]
    before = state_of(body.get("prev_state"))
    return AgentEvent(at, seq or 0, event_id, type_, str(said), reason, before)


def segments_of(events: Iterable[AgentEvent]) -> list[Segment]:
    """The segments that these events tell, each from the first of them on; in order, without holes or overlaps."""
    found: list[Segment] = []
    state, reason, since = "", "", None
    known_until: datetime | None = None  # the last instant at which somebody said so

    def close(until: datetime) -> None:
        if since is not None and state and until > since:
            _append(found, Segment(since, until, state, reason))

    for one in sorted(events):
        if not one.state:  # a sign of life that names no state
            known_until = one.at if state else None
            continue
        missing = bool(one.before) and bool(state) and one.before != state and one.type != EventType.AGENT_HEARTBEAT
        if missing and known_until is not None and one.at > known_until:
            close(known_until)
            _append(found, Segment(known_until, one.at, AgentState.UNKNOWN, gap=True))
            state, reason, since = one.state, one.reason, one.at
        elif (one.state, one.reason) != (state, reason):
            if one.type == EventType.AGENT_HEARTBEAT and one.state == state:
                known_until = one.at
                continue
            close(one.at)
            state, reason, since = one.state, one.reason, one.at
        known_until = one.at
    if since is not None:
        _append(found, Segment(since, None, state, reason))
    return found


def _append(found: list[Segment], one: Segment) -> None:
    """Two at the same instant: the later one in order is what held."""
    if found and found[-1].starts_at == one.starts_at:
        found.pop()
    last = found[-1] if found else None
    if (
        last
        and (last.state, last.reason, last.gap) == (one.state, one.reason, one.gap)
        and last.ends_at == one.starts_at
    ):
        found[-1] = Segment(last.starts_at, one.ends_at, last.state, last.reason, last.gap)
    else:
        found.append(one)
