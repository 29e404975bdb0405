"""The forecast in force, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q

from occ.people.models import Site
from occ.times import end_of_day, local_day, start_of_day
from realtime.forecasting.history import QUARTERS, Counted, History, history_of
from realtime.forecasting.measures import Accuracy, accuracy
from realtime.forecasting.model import LONGEST
from realtime.models import Forecast, ForecastDay, Interval

QUARTER = timedelta(minutes=15)


@dataclass
class Spot:
    """What is expected of one interval. `volume` None: nothing is. `forecast_id`: what says so of its first quarter."""

    starts_at: datetime
    minutes: int = 15
    volume: float | None = None
    low: float | None = None
    high: float | None = None
    aht: float | None = None
    forecast_id: int | None = None
    method: str = ""


@dataclass
class Day:
    """A day in force: its quarters, and the forecasts that they come from."""

    day: date
    spots: list[Spot]
    forecasts: list[Forecast] = field(default_factory=list)


def forecast_for(
    site: Site, channel: str, day: date, *, minutes: int = 15, at: datetime | None = None
) -> list[tuple[datetime, float, float | None]]:
    """(starts_at, customers, seconds each takes with after-call work) of a day's intervals; empty: no forecast.

    `at`: what was in force then. The seconds are None where nobody's handling was ever timed.
    """
    spots = joined(days_in_force(site, channel, [day], at=at)[day].spots, minutes)
    return [(one.starts_at, one.volume, one.aht) for one in spots if one.volume is not None]


def days_in_force(
    site: Site, channel: str, days: Sequence[date], *, at: datetime | None = None, today: date | None = None
) -> dict[date, Day]:
    """In two queries, however many days. `today`: each day before it as it was in force when the day began."""
    found = {day: Day(day, [Spot(_quarter(site, day, n)) for n in range(QUARTERS)]) for day in days}
    if not days:
        return found
    rows = ForecastDay.objects.filter(
        forecast__site=site, forecast__channel=channel, day__gte=min(days), day__lte=max(days)
    ).select_related("forecast__made_by")
    if at is not None:
        rows = rows.filter(forecast__made_at__lte=at)
    if today is not None:
        late = Q()
        for day in (one for one in days if one < today):
            late |= Q(day=day, forecast__made_at__gt=start_of_day(day, site.zone))
        rows = rows.exclude(late) if late else rows
    order = ("day", "-forecast__made_at", "-forecast_id")
    by_hand = rows.exclude(forecast__made_by=None).order_by(*order)
    by_beat = rows.filter(forecast__made_by=None).order_by(*order).distinct("day")
    for row in [*by_hand, *by_beat]:
        if row.day in found:
            _lay(found[row.day], row)
    return found


def _lay(day: Day, row: ForecastDay) -> None:
    """What was not said by one that goes before."""
    used = False
    for n, spot in enumerate(day.spots):
        if spot.volume is None and row.volume[n] is not None:
            spot.volume, spot.low, spot.high = row.volume[n], row.low[n], row.high[n]
            spot.forecast_id, spot.method = row.forecast_id, row.method
            used = True
        if spot.aht is None and row.aht[n] is not None:
            spot.aht = row.aht[n]
            used = True
    if used:
        day.forecasts.append(row.forecast)


def _quarter(site: Site, day: date, n: int) -> datetime:
    return datetime.combine(day, time(n // 4, n % 4 * 15), tzinfo=site.zone)


def joined(spots: Sequence[Spot], minutes: int) -> list[Spot]:
    """Quarters as longer intervals. Borders are added up, which makes them wider than they need to be."""
    size = minutes // 15
    if size == 1:
        return list(spots)
    found = []
    for i in range(0, len(spots), size):
        some = spots[i : i + size]
        said = [one for one in some if one.volume is not None]
        one = Spot(some[0].starts_at, minutes)
        if said:
            one.volume, one.low, one.high = (whole(getattr(each, name) for each in said) for name in NAMES)
            one.aht = mean_aht((each.volume, each.aht) for each in said)
            one.forecast_id, one.method = said[0].forecast_id, said[0].method
        found.append(one)
    return found


NAMES = ("volume", "low", "high")


def whole(values: Iterable[float | None]) -> float | None:
    """The sum, if all of them are known."""
    found = list(values)
    return None if None in found else sum(one for one in found if one is not None)


def mean_aht(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Weighted by the customers; the plain mean where there are none."""
    known = [(volume or 0.0, aht) for volume, aht in pairs if aht is not None]
    weight = sum(volume for volume, _aht in known)
    if not known:
        return None
    return sum(v * a for v, a in known) / weight if weight else sum(a for _v, a in known) / len(known)


# What came ------------------------------------------------------------------------------------------------------------


def counted(site: Site, channel: str, first: date, last: date) -> list[Counted]:
    """Quarters in which anything arrived, by the site's clocks."""
    rows = Interval.objects.filter(
        site=site, channel=channel, starts_at__gte=start_of_day(first, site.zone),
        starts_at__lt=end_of_day(last, site.zone),
    ).values_list("starts_at", "offered", "cases", "handled", "talk_ms", "hold_ms", "wrapup_ms")  # fmt: skip
    found = []
    for at, offered, cases, handled, talk, hold, wrapup in rows:
        local = at.astimezone(site.zone)
        quarter = local.hour * 4 + local.minute // 15
        found.append((local.date(), quarter, float(offered + cases), float(handled), (talk + hold + wrapup) / 1000))
    return found


def history_at(site: Site, channel: str, now: datetime) -> History:
    """All whole days before today that a model may look at."""
    today = local_day(now, site.zone)
    rows = counted(site, channel, today - timedelta(days=LONGEST), today - timedelta(days=1))
    return history_of(rows, until=today)


@dataclass
class Compared:
    """A day's forecast against what came. `over`: the day is, and the forecast is the one in force when it began."""

    day: Day
    real: list[float]  # by quarter
    real_aht: list[float | None]
    over: bool

    def pairs(self, minutes: int = 30) -> list[tuple[float, float]]:
        """(forecast, real) of the intervals for which both are known and either is more than nothing."""
        if not any(self.real):
            return []
        size = minutes // 15
        spots = joined(self.day.spots, minutes)
        real = [sum(self.real[i : i + size]) for i in range(0, QUARTERS, size)]
        return [(s.volume, r) for s, r in zip(spots, real, strict=True) if s.volume is not None and (s.volume or r)]

    @property
    def accuracy(self) -> Accuracy | None:
        """By half hours. None: not over yet, no forecast, or nothing is known of what came."""
        pairs = self.pairs() if self.over else []
        return accuracy(pairs) if pairs else None


def compared(site: Site, channel: str, first: date, last: date, now: datetime) -> list[Compared]:
    """Three queries. A day of which nothing is told at all has no accuracy: it is unknown, not empty."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    today = local_day(now, site.zone)
    in_force = days_in_force(site, channel, days, at=now, today=today)
    real = {day: [0.0] * QUARTERS for day in days}
    seconds: dict[date, list[float | None]] = {day: [None] * QUARTERS for day in days}
    for day, quarter, volume, handled, took in counted(site, channel, first, last):
        real[day][quarter] += volume
        if handled:
            seconds[day][quarter] = took / handled
    return [Compared(in_force[day], real[day], seconds[day], day < today) for day in days]


def total(days: Iterable[Compared]) -> Accuracy | None:
    """Of all intervals together."""
    pairs = [pair for one in days if one.over for pair in one.pairs()]
    return accuracy(pairs) if pairs else None
