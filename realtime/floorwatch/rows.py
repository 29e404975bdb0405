"""What the board says of one agent at an instant (RTM-5): a pure function of what is planned, known and allowed.

Beside it, when it will change without anything happening: a part of the roster begins, an allowance is used up, what is
known grows stale. Until then, and until something is heard, the row stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from realtime.choices import AgentState, AuxReason
from realtime.floorwatch.adherence import AT, AWAY, Adherence, adherence, reason_of
from realtime.floorwatch.feeds import DEAF, stale_at, state_of
from realtime.models import Source
from realtime.policies import DROP, GRACE, aux_allowance
from realtime.rostering.plan import Planned

# What of an agent needs a person, and how soon: the order of the board. The last three need nobody; before them the
# page puts those of them whose AUX is used up (`aux_over`).
NEEDS = ("absent", "gone", "aux", "out", "unknown", "in", "neutral", "off")
SOON = timedelta(minutes=60)  # a shift is shown so long before it begins and after it ends
TICK = timedelta(milliseconds=1)  # just beyond what is still allowed
Policies = Callable[[str, int | None], Any]


@dataclass(frozen=True)
class Who:
    """`key`: p<person>, or n<AgentNow> where nobody is known to hold the name."""

    key: str
    name: str
    number: str
    person_id: int | None
    site_id: int | None
    site: str
    team_id: int | None = None
    team: str = ""
    channels: str = ""


@dataclass(frozen=True)
class Known:
    """One AgentNow row. `first_at`: since when in this shift they are there; `aux`: seconds of ended AUX, by reason."""

    pk: int
    source_id: int
    channel: str
    state: str
    reason: str
    since: datetime
    heard_at: datetime
    first_at: datetime | None = None
    aux: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class House:
    """What holds for everybody: sources by key, and the policies."""

    sources: Mapping[int, Source]
    policy: Policies

    def feeds_of(self, site_id: int | None) -> list[Source]:
        """Who would tell of somebody of that site, had they logged in."""
        return [
            one for one in self.sources.values()
            if one.active and not one.from_files and one.site_id in (None, site_id)
        ]  # fmt: skip


def present_shift(shifts: list[Planned], now: datetime) -> Planned | None:
    """The one that goes on, else the one that begins soon, else the one that ended lately."""
    near = [one for one in shifts if one.starts_at and one.ends_at]
    for wanted in (
        lambda one: one.starts_at <= now < one.ends_at,
        lambda one: now < one.starts_at <= now + SOON,
        lambda one: now - SOON < one.ends_at <= now,
    ):
        if found := [one for one in near if wanted(one)]:
            return found[0]
    return None


@lru_cache(maxsize=8192)  # the same parts of the same shifts, for everybody
def stamp(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


class Row:
    """One agent's row: `said`, as the API gives it, and `until`, when it changes by itself (None: never)."""

    def __init__(self, who: Who, shift: Planned | None, known: Known | None, house: House, now: datetime) -> None:
        self.who, self.shift, self.known, self.house, self.now = who, shift, known, house, now
        self.edges: list[datetime] = []
        self.activity, self.activity_until = self.planned()
        self.stale = self.unheard()
        self.state = known.state if known else AgentState.UNKNOWN if self.stale else AgentState.OFFLINE
        self.reason = reason_of(known.reason) if known and known.state == AgentState.AUX else ""
        self.since = known.since if known else None
        self.late, self.early = self.minutes()
        self.aux = self.allowances()
        self.verdict = self.judged()
        self.need = self.needed()

    @property
    def until(self) -> datetime | None:
        return min((one for one in self.edges if one > self.now), default=None)

    # Its parts ---------------------------------------------------------------------------------------------------

    def planned(self) -> tuple[str, datetime | None]:
        if self.shift is None or self.shift.starts_at is None or self.shift.ends_at is None:
            return "", None
        grace = timedelta(minutes=self.house.policy(GRACE, self.who.site_id))
        self.edges += [self.shift.starts_at, self.shift.starts_at + grace + TICK, self.shift.ends_at]
        for part in self.shift.parts:
            if part.starts_at <= self.now < part.ends_at:
                self.edges.append(part.ends_at)
                return part.activity, part.ends_at
        return "", self.shift.starts_at if self.now < self.shift.starts_at else None

    def unheard(self) -> bool:
        """Whether what is known is too old, or its source cannot be heard: then it is not shown as live.

        Of whom nothing is known nothing was heard because they are not there, if whoever would tell can be heard.
        """
        if self.known is None or self.of_before():
            return any(self.deaf(one) for one in self.house.feeds_of(self.who.site_id))
        source = self.house.sources.get(self.known.source_id)
        if source is None:
            return True
        at = stale_at(source, self.known.state, self.known.heard_at)
        if at is not None:
            self.edges.append(at + TICK)
        return self.deaf(source) or (at is not None and at < self.now)

    def deaf(self, source: Source) -> bool:
        """A feed that falls silent is no edge: it is looked at each second, for all of its rows (floorwatch.board)."""
        return state_of(source, self.now) in DEAF

    def of_before(self) -> bool:
        """Whether the last that was heard is a log-out before this shift: of the shift it says nothing."""
        known, shift = self.known, self.shift
        if known is None or known.state != AgentState.OFFLINE or known.first_at:
            return False
        return bool(shift and shift.starts_at and known.since < shift.starts_at <= self.now)

    def begun(self) -> bool:
        return bool(self.shift and self.shift.starts_at and self.shift.starts_at <= self.now)

    def over(self) -> bool:
        return bool(self.shift and self.shift.ends_at and self.shift.ends_at <= self.now)

    def came(self) -> bool:
        """Whether they were there in this shift."""
        return bool(self.known and (self.known.first_at or self.known.state != AgentState.OFFLINE))

    def minutes(self) -> tuple[int, int]:
        """Late and early, whole minutes; the grace silences both, and once it is passed all of it counts."""
        shift, known = self.shift, self.known
        if not self.begun() or shift is None or shift.starts_at is None or shift.ends_at is None:
            return 0, 0
        grace = timedelta(minutes=self.house.policy(GRACE, self.who.site_id))
        late = early = timedelta(0)
        if known is not None and self.came():
            late = (known.first_at or known.since) - shift.starts_at
            if known.state == AgentState.OFFLINE and known.since > shift.starts_at and not self.stale:
                early = shift.ends_at - known.since
                self.edges.append(known.since + self.drop())
                if not self.over() and (self.back_soon() or self.now < known.since + self.drop()):
                    early = timedelta(0)
        elif not self.stale:
            late = min(self.now, shift.ends_at) - shift.starts_at
            self.edges.append(shift.starts_at + timedelta(minutes=late // timedelta(minutes=1) + 1))
        return whole(late, grace), whole(early, grace)

    def drop(self) -> timedelta:
        return timedelta(minutes=self.house.policy(DROP, self.who.site_id))

    def back_soon(self) -> bool:
        """Logged off for a rest that is planned now."""
        return self.activity != "" and AT[self.activity, AWAY] == Adherence.NEUTRAL

    def allowances(self) -> list[tuple[str, int, int]]:
        """(reason, seconds used in ended spells, seconds allowed), those that were used; the present one is last."""
        if self.known is None:
            return []
        used = {reason: seconds for reason, seconds in self.known.aux.items() if seconds >= 1}
        if self.reason:
            used[self.reason] = used.pop(self.reason, 0)
        found = []
        for reason, seconds in used.items():
            allowed = 60 * int(self.house.policy(aux_allowance(reason), self.who.site_id))
            found.append((reason, int(seconds), allowed))
            if reason == self.reason:
                self.edges.append(self.known.since + timedelta(seconds=max(0, allowed - int(seconds))) + TICK)
        return found

    def judged(self) -> Adherence:
        """Whom nobody can hear of is unknown, never absent; who is cut off for a moment is still there."""
        if self.stale:
            return Adherence.UNKNOWN
        inside = self.begun() and not self.over()
        left = self.known is not None and self.state == AgentState.OFFLINE and self.came()
        if inside and left and self.known and self.now < self.known.since + self.drop():
            return Adherence.NEUTRAL
        return adherence(self.state, self.reason, self.activity)

    def overrun(self) -> bool:
        if not self.reason or self.known is None or not self.aux:
            return False
        _reason, used, allowed = self.aux[-1]
        return used + (self.now - self.known.since).total_seconds() > allowed

    def used_up(self) -> bool:
        """An allowance of this shift is used up, whether they are in AUX still or back at work."""
        return (not self.stale and self.overrun()) or any(used > allowed for _reason, used, allowed in self.aux)

    def needed(self) -> str:
        inside = self.begun() and not self.over()
        if self.verdict == Adherence.UNKNOWN:
            return "unknown" if inside or self.state != AgentState.OFFLINE else "off"
        if self.state == AgentState.OFFLINE:
            if not inside:
                return "off"
            if not self.came():
                return "absent" if self.late else "neutral"
            return "gone" if self.verdict == Adherence.OUT else "neutral"
        if self.overrun():
            return "aux"
        return str(self.verdict)

    # As it is said -----------------------------------------------------------------------------------------------

    def said(self) -> dict[str, Any]:
        who, shift, known = self.who, self.shift, self.known
        made: dict[str, Any] = {
            "id": who.key, "person": who.person_id, "name": who.name, "number": who.number, "site": who.site,
            "team": who.team, "channel": (known.channel if known else "") or (shift.channel if shift else ""),
            "shift": None, "activity": self.activity, "activity_until": stamp(self.activity_until),
            "state": str(self.state), "reason": self.reason, "since": stamp(self.since), "stale": self.stale,
            "adherence": str(self.verdict), "need": self.need, "late_minutes": self.late, "early_minutes": self.early,
            "aux_over": self.used_up(),
            "aux": [{"reason": one, "used_seconds": used, "allowed_seconds": most} for one, used, most in self.aux],
        }  # fmt: skip
        if shift is not None:
            made["shift"] = {"code": shift.code, "starts_at": stamp(shift.starts_at), "ends_at": stamp(shift.ends_at)}
        if self.stale and known is not None:
            made["heard_at"] = stamp(known.heard_at)
        return made


def whole(span: timedelta, grace: timedelta) -> int:
    return int(span.total_seconds() // 60) if span > grace else 0


def reasons_summed(pairs: list[tuple[str, float]]) -> dict[str, int]:
    """Seconds by our reasons, out of the source's words."""
    found: dict[str, float] = {}
    for word, seconds in pairs:
        reason = reason_of(word)
        found[reason] = found.get(reason, 0) + seconds
    return {reason: int(found[reason]) for reason in AuxReason.values if reason in found}
