"""What somebody's shift came to (RTM-6, RTM-7, RTM-8): a pure function of what was planned and what was seen.

A shift is one thing even over midnight, reported on the day it starts. All times are half-open. Where nobody could hear
of somebody they are unknown, never absent. `FORMULA` counts up when the same events would give other figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from realtime.choices import Activity, AgentState, AttendanceStatus, AuxReason
from realtime.floorwatch.adherence import (
    AUX,
    ERRAND,
    OF_REASON,
    OF_STATE,
    READY,
    SERVING,
    SYSTEM,
    Adherence,
    adherence,
    reason_of,
)
from realtime.floorwatch.adherence import VERSION as TABLE
from realtime.rostering.plan import Planned

FORMULA = 100 * TABLE + 1  # of the table state x activity, and of the rest
EARLIEST = timedelta(hours=2)  # a log-in so long before a shift belongs to it
NOTHING = timedelta(0)
WORKING = frozenset({READY, SERVING, ERRAND, SYSTEM})
WORK = frozenset({Activity.WORK, Activity.BRIEFING, Activity.COACHING, Activity.TRAINING})
# Of several applications that tell of somebody at once, what they do most.
FIRST: dict[str, int] = {state.value: i for i, state in enumerate((
    AgentState.BUSY, AgentState.HOLD, AgentState.WRAPUP, AgentState.AVAILABLE, AgentState.AUX, AgentState.UNKNOWN,
    AgentState.OFFLINE,
))}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A time in one state; `drop`: cut off for a moment, and back."""

    starts_at: datetime
    ends_at: datetime
    state: str
    reason: str = ""
    drop: bool = False

    @property
    def there(self) -> bool:
        return self.state not in {AgentState.OFFLINE, AgentState.UNKNOWN}

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def doing(self) -> str:
        return OF_REASON[reason_of(self.reason)] if self.state == AUX else OF_STATE[self.state]


@dataclass(frozen=True)
class Rules:
    """Policies as of the shift; `allowed`: milliseconds of AUX in a shift, by reason."""

    grace: timedelta = timedelta(minutes=5)
    drop: timedelta = timedelta(minutes=2)
    forgotten: timedelta = timedelta(minutes=60)
    allowed: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Shift:
    """Milliseconds. `late_ms` and `early_ms` are 0 within the grace; beyond it all of it counts."""

    status: str
    login_at: datetime | None = None
    logout_at: datetime | None = None
    forgotten: bool = False
    drops: int = 0
    late_ms: int = 0
    early_ms: int = 0
    in_ms: int = 0
    out_ms: int = 0
    neutral_ms: int = 0
    unknown_ms: int = 0
    planned_ms: int = 0  # of work up to now, breaks are not; without what nobody knows
    worked_ms: int = 0  # from log-in to log-out, without rest and unexplained AUX
    aux: dict[str, int] = field(default_factory=dict)
    over_ms: int = 0  # of AUX, beyond what is allowed


def ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


def window(planned: Planned, before: Planned | None, after: Planned | None, rules: Rules) -> tuple[datetime, datetime]:
    """When log-ins and log-outs belong to this shift: half of what lies between it and its neighbours at most."""
    assert planned.starts_at and planned.ends_at
    start, end = planned.starts_at - EARLIEST, planned.ends_at + rules.forgotten
    if before and before.ends_at:
        start = max(start, before.ends_at + max(NOTHING, planned.starts_at - before.ends_at) / 2)
    if after and after.starts_at:
        end = min(end, planned.ends_at + max(NOTHING, after.starts_at - planned.ends_at) / 2)
    return min(start, planned.starts_at), max(end, planned.ends_at)


def joined(
    told: Iterable[Span], deaf: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> list[Span]:
    """One state for each instant of [start, end): what is done most; nothing told is logged out, unknown while deaf."""
    spans = sorted((one for one in told if one.starts_at < end and one.ends_at > start), key=lambda one: one.starts_at)
    edges = {start, end}
    for one in spans:
        edges |= {max(start, one.starts_at), min(end, one.ends_at)}
    for begins, ends in deaf:
        edges |= {max(start, min(end, begins)), max(start, min(end, ends))}
    cuts, found = sorted(edges), list[Span]()
    here: list[Span] = []
    following = iter([*spans, None])
    upcoming = next(following)
    for at, until in itertools.pairwise(cuts):
        while upcoming is not None and upcoming.starts_at <= at:
            here.append(upcoming)
            upcoming = next(following)
        here = [one for one in here if one.ends_at > at]
        most = min(here, key=lambda one: FIRST[one.state], default=None)
        state, reason = (most.state, most.reason) if most else (AgentState.OFFLINE.value, "")
        if state == AgentState.OFFLINE and any(begins <= at and until <= ends for begins, ends in deaf):
            state = AgentState.UNKNOWN.value
        if found and (found[-1].state, found[-1].reason) == (state, reason):
            found[-1] = Span(found[-1].starts_at, until, state, reason)
        else:
            found.append(Span(at, until, state, reason))
    return found


def undropped(spans: list[Span], rules: Rules) -> list[Span]:
    """Who is back within the time was cut off, and did not log out."""
    return [
        Span(one.starts_at, one.ends_at, one.state, one.reason, drop=True)
        if one.state == AgentState.OFFLINE and one.length <= rules.drop
        and 0 < i < len(spans) - 1 and spans[i - 1].there and spans[i + 1].there
        else one
        for i, one in enumerate(spans)
    ]  # fmt: skip


def judge(
    planned: Planned,
    told: Iterable[Span],
    deaf: Sequence[tuple[datetime, datetime]],
    *,
    rules: Rules,
    now: datetime,
    before: Planned | None = None,
    after: Planned | None = None,
) -> Shift:
    """A shift's figures as of `now`; `before` and `after` are the person's neighbouring shifts."""
    assert planned.starts_at and planned.ends_at
    work = [one for one in planned.parts if one.activity in WORK]
    begun = [one for one in work if one.starts_at < now]
    shift = Shift(AttendanceStatus.AWAITED, planned_ms=sum(ms(min(one.ends_at, now) - one.starts_at) for one in begun))
    start, latest = window(planned, before, after, rules)
    end = min(latest, now)
    if end <= start:
        return shift
    spans = undropped(joined(told, deaf, start, end), rules)
    there = [one for one in blocks(spans) if one[1] > planned.starts_at and one[0] < planned.ends_at]
    if there:
        _came(shift, planned, spans, there, rules, end=end, latest=latest)
    else:
        _stayed_away(shift, planned, spans, rules, now)
    _adhered(shift, planned, spans, now)
    for one in spans:
        if one.doing in WORKING and there and there[0][0] <= one.starts_at < there[-1][1]:
            shift.worked_ms += ms(one.length)
        if one.state == AUX:
            reason = reason_of(one.reason)
            shift.aux[reason] = shift.aux.get(reason, 0) + ms(one.length)
    shift.aux = {reason: shift.aux[reason] for reason in AuxReason.values if reason in shift.aux}
    shift.over_ms = sum(max(0, used - rules.allowed.get(reason, used)) for reason, used in shift.aux.items())
    return shift


def blocks(spans: list[Span]) -> list[tuple[datetime, datetime]]:
    """Times in which somebody was there, drops included."""
    found: list[tuple[datetime, datetime]] = []
    for one in spans:
        if not (one.there or one.drop):
            continue
        if found and found[-1][1] == one.starts_at:
            found[-1] = (found[-1][0], one.ends_at)
        else:
            found.append((one.starts_at, one.ends_at))
    return found


def _came(
    shift: Shift,
    planned: Planned,
    spans: list[Span],
    there: list[tuple[datetime, datetime]],
    rules: Rules,
    *,
    end: datetime,
    latest: datetime,
) -> None:
    assert planned.starts_at and planned.ends_at
    shift.login_at = there[0][0]
    shift.drops = sum(one.drop for one in spans if there[0][0] <= one.starts_at < there[-1][1])
    # Who could not be heard just before may have been there already: late as far as they are known not to have been.
    since = next((one.starts_at for one in spans if one.ends_at == shift.login_at and one.state == "unknown"), None)
    late = (since or shift.login_at) - planned.starts_at
    shift.late_ms = ms(late) if late > rules.grace else 0
    out = there[-1][1]
    unheard = any(one.state == AgentState.UNKNOWN and one.starts_at == out for one in spans)
    if out < end and not unheard:  # else nobody knows when they left
        shift.logout_at = out
        early = planned.ends_at - out
        if early > rules.grace and end > out + rules.drop and not _resting(planned, out, end):
            shift.early_ms = ms(early)
    elif out == end == latest:  # still logged in, long after the end
        shift.logout_at, shift.forgotten = latest, latest == planned.ends_at + rules.forgotten
    shift.status = AttendanceStatus.LATE if shift.late_ms else AttendanceStatus.PRESENT


def _resting(planned: Planned, out: datetime, now: datetime) -> bool:
    """Logged off for a rest that still goes on."""
    part = next((one for one in planned.parts if one.starts_at <= out < one.ends_at), None)
    return part is not None and part.activity not in WORK and now < part.ends_at


def _stayed_away(shift: Shift, planned: Planned, spans: list[Span], rules: Rules, now: datetime) -> None:
    assert planned.starts_at and planned.ends_at
    if now <= planned.starts_at + rules.grace:
        return
    inside = [one for one in spans if one.ends_at > planned.starts_at and one.starts_at < planned.ends_at]
    unheard = any(one.state == AgentState.UNKNOWN for one in inside)
    shift.status = AttendanceStatus.UNKNOWN if unheard else AttendanceStatus.ABSENT


def _adhered(shift: Shift, planned: Planned, spans: list[Span], now: datetime) -> None:
    """Minutes of the shift by the table state x activity."""
    for part in planned.parts:
        for one in spans:
            start, end = max(part.starts_at, one.starts_at), min(part.ends_at, one.ends_at, now)
            if end <= start:
                continue
            verdict = Adherence.NEUTRAL if one.drop else adherence(one.state, one.reason, part.activity)
            name = f"{verdict.value}_ms"
            setattr(shift, name, getattr(shift, name) + ms(end - start))
            if verdict == Adherence.UNKNOWN and part.activity in WORK:
                shift.planned_ms -= ms(end - start)
