"""How long links and systems were up (RTM-12, MO 3.1), from link.up and link.down in whatever order they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, order=True)
class LinkEvent:
    at: datetime
    seq: int
    event_id: str
    name: str = ""
    up: bool = True


@dataclass
class Availability:
    """`known`: how long it is known of all of them together whether they were up."""

    known: timedelta = timedelta()
    down: timedelta = timedelta()
    outages: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)  # None: it goes on

    @property
    def percent(self) -> float | None:
        return 100 * (1 - self.down / self.known) if self.known else None


def availability(events: Iterable[LinkEvent], start: datetime, end: datetime) -> Availability:
    """Of [start, end), from all events before its end. What goes down first had been up; what comes up first was not
    known before."""
    found = Availability()
    by_name: dict[str, list[LinkEvent]] = {}
    for one in sorted(events):
        by_name.setdefault(one.name, []).append(one)
    for name, said in by_name.items():
        known_from, down_since = (start if not said[0].up else max(start, said[0].at)), None
        for one in said:
            if one.at >= end:
                break
            if not one.up and down_since is None:
                down_since = one.at
            elif one.up and down_since is not None:
                _outage(found, name, max(down_since, start), one.at)
                down_since = None
        if down_since is not None:
            _outage(found, name, max(down_since, start), end, on=True)
        found.known += max(timedelta(), end - known_from)
    found.outages.sort(key=lambda one: (one[1], one[0]))
    return found


def _outage(found: Availability, name: str, since: datetime, until: datetime, *, on: bool = False) -> None:
    if until > since:
        found.down += until - since
        found.outages.append((name, since, None if on else until))
