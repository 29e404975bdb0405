"""Turnover as pure functions: people by the day, averages of months, and how the shares are made of counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from occ.times import next_month

ONE_DAY = timedelta(days=1)
PROBE = 90  # days: who leaves within them left early
# Tenure bands: from so many days of employment on.
BANDS = (0, 90, 365, 730, 1826)


@dataclass(frozen=True)
class Span:
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def months(self) -> Iterator[Span]:
        """Cut by months."""
        at = self.first
        while at <= self.last:
            yield Span(at, min(self.last, next_month(at) - ONE_DAY))
            at = next_month(at)


def person_days(before: int, came: Mapping[date, int], went: Mapping[date, int], span: Span) -> int:
    """The days on which people worked here, summed. `before`: how many did on the day before the span; `came` by first
    day, `went` by last day (the last one counts)."""
    total, here = 0, before
    at = span.first
    while at <= span.last:
        here += came.get(at, 0) - went.get(at - ONE_DAY, 0)
        total += here
        at += ONE_DAY
    return total


def average(days: int, span: Span) -> float:
    return days / span.days


def share(part: float, whole: float) -> float | None:
    """In percent; None where there is nothing to divide by."""
    return 100 * part / whole if whole else None


def band_of(days: int) -> int:
    """Which band somebody is in who has been employed for so many days."""
    return max(i for i, first in enumerate(BANDS) if days >= first)


def band_days(band: int, day: date) -> tuple[date | None, date]:
    """Between which days (both included, None: ever) somebody of that band began, seen from `day`."""
    latest = day - timedelta(days=BANDS[band])
    return (day - timedelta(days=BANDS[band + 1] - 1) if band + 1 < len(BANDS) else None), latest


def counted(rows: Iterable[tuple[date, int]]) -> dict[date, int]:
    found: dict[date, int] = {}
    for day, n in rows:
        found[day] = found.get(day, 0) + n
    return found
