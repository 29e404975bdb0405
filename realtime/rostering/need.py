"""Agents needed against agents rostered, by half-hour (RTM-2): Erlang A from the forecast, the cover less shrinkage.

The forecast in force says how many calls to expect (RTM-3). Where there is none it is history's: the mean of the same
weekday of the last weeks, and where there is none of that weekday, of all days of that time. Only calls queue in the
way that Erlang knows: what can wait has no need here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Sum

from occ.people.choices import Channel
from occ.people.models import Site
from occ.policies.services import Values
from occ.times import local_day
from realtime import erlang
from realtime.choices import Activity
from realtime.forecasting.selectors import days_in_force
from realtime.models import Interval
from realtime.policies import COVERED, SCR, SERVICE_LEVEL, SHRINKAGE, WEEKS, WITHIN
from realtime.rostering.plan import Planned

HALF_HOUR = timedelta(minutes=30)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
USUAL_PATIENCE = 240.0
LEAST_ABANDONS = 20


@dataclass(frozen=True)
class Expected:
    """Of one half-hour: calls, and how long one is handled (talk, hold, after-call work), in seconds."""

    calls: float
    handling: float


@dataclass(frozen=True)
class Slot:
    """`need` and `calls` None: nothing is known to reckon them from."""

    at: str
    calls: float | None
    need: int | None
    cover: float
    short: bool
    resting: int = 0  # rostered, and all of the half-hour on a break

    def kept(self) -> dict[str, Any]:
        return asdict(self)


class Forecast:
    """What a site's calls on one day are expected to be; asks the database once for all of it."""

    def __init__(self, site: Site, starts: datetime, ends: datetime, *, now: datetime) -> None:
        values = Values([WEEKS, SCR, SERVICE_LEVEL, WITHIN], at=now)
        self.weeks = int(values(WEEKS, site.pk))
        self.target = (values(SCR, site.pk) / 100, values(SERVICE_LEVEL, site.pk) / 100, values(WITHIN, site.pk))
        since = min(now, starts) - timedelta(weeks=self.weeks)
        rows = Interval.objects.filter(site=site, channel=Channel.VOICE, starts_at__gte=since, starts_at__lt=now)
        self.offered = dict(rows.values_list("starts_at", "offered"))
        self.any_day: dict[timedelta, list[int]] = defaultdict(list)
        for at, calls in self.offered.items():
            self.any_day[(at - starts) % DAY].append(calls)
        self.starts = starts
        first, last = local_day(starts, site.zone), local_day(ends, site.zone)
        days = days_in_force(site, Channel.VOICE, [first + n * DAY for n in range((last - first).days + 1)], at=now)
        self.foreseen = {
            spot.starts_at: (spot.volume, spot.aht) for day in days.values() for spot in day.spots
            if spot.volume is not None
        }  # fmt: skip
        sums = rows.aggregate(
            handled=Sum("handled"), talk=Sum("talk_ms"), hold=Sum("hold_ms"), wrapup=Sum("wrapup_ms"),
            lost=Sum("abandoned"), waits=Sum("wait_ms"), lost_waits=Sum("lost_wait_ms"),
        )  # fmt: skip
        spent = (sums["talk"] or 0) + (sums["hold"] or 0) + (sums["wrapup"] or 0)
        self.handling = spent / sums["handled"] / 1000 if sums["handled"] else 0.0
        waited = ((sums["waits"] or 0) + (sums["lost_waits"] or 0)) / 1000
        enough = (sums["lost"] or 0) >= LEAST_ABANDONS and waited > 0
        self.patience = erlang.patience_of(sums["lost"], waited) if enough else USUAL_PATIENCE

    def at(self, start: datetime) -> Expected | None:
        """Of the half-hour from `start` on."""
        foreseen = [self.foreseen[at] for at in (start, start + QUARTER) if at in self.foreseen]
        if len(foreseen) == 2:
            calls = sum(volume for volume, _aht in foreseen)
            timed = [(volume, aht) for volume, aht in foreseen if aht]
            spent, weight = sum(volume * aht for volume, aht in timed), sum(volume for volume, _aht in timed)
            handling = spent / weight if weight else self.handling
            return Expected(calls, handling) if handling else None
        parts = [self._quarter(start), self._quarter(start + QUARTER)]
        known = [one for one in parts if one is not None]
        if not known or not self.handling:
            return None
        return Expected(sum(known) * 2 / len(known), self.handling)

    def _quarter(self, at: datetime) -> float | None:
        same = [self.offered[day] for n in range(1, self.weeks + 1) if (day := at - n * 7 * DAY) in self.offered]
        found = same or self.any_day.get((at - self.starts) % DAY, [])
        return sum(found) / len(found) if found else None

    def need(self, expected: Expected) -> int:
        return agents_for(round(expected.calls, 1), round(expected.handling), round(self.patience), *self.target)


@lru_cache(maxsize=20_000)
def agents_for(calls: float, handling: int, patience: int, scr: float, level: float, within: float) -> int:
    """The fewest agents with whom, callers having that patience, both the SCR and the service level are reached."""
    if not calls:
        return 0
    load = erlang.Load(calls, HALF_HOUR.total_seconds(), max(1, handling))

    def enough(outcome: erlang.Outcome) -> bool:
        return outcome.answered >= scr and outcome.within >= level

    try:
        return erlang.agents_needed(load, enough=enough, patience=max(1, patience), within=within)
    except ValueError:
        return erlang.MOST_AGENTS


def slots(
    site: Site, starts: datetime, ends: datetime, planned: Iterable[Planned], able: set[int], *, forecast: Forecast,
    now: datetime,
) -> list[Slot]:  # fmt: skip
    """Half-hours of [starts, ends). `able`: people who serve calls; who is planned for another channel does not."""
    values = Values([SHRINKAGE, COVERED], at=now)
    kept = 1 - values(SHRINKAGE, site.pk) / 100
    least = values(COVERED, site.pk) / 100
    mine = [one for one in planned if one.channel == Channel.VOICE or (not one.channel and one.person_id in able)]
    found, at = [], starts
    while at < ends:
        worked = [_minutes(one, at) for one in mine]
        resting = sum(
            not minutes and one.starts_at is not None and one.ends_at is not None and one.starts_at <= at < one.ends_at
            for one, minutes in zip(mine, worked, strict=True)
        )
        cover = round(sum(worked) / 30 * kept, 2)
        expected = forecast.at(at)
        need = forecast.need(expected) if expected else None
        calls = round(expected.calls, 1) if expected else None
        found.append(Slot(at.isoformat(), calls, need, cover, need is not None and cover < need * least, resting))
        at += HALF_HOUR
    return found


def _minutes(one: Planned, at: datetime) -> float:
    """Of work, in the half-hour from `at` on."""
    return sum(
        max(0.0, (min(part.ends_at, at + HALF_HOUR) - max(part.starts_at, at)).total_seconds()) / 60
        for part in one.parts
        if part.activity == Activity.WORK
    )
