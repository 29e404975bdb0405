"""How far a forecast was off: WAPE = sum of |forecast - real| / sum of real; bias = sum of (forecast - real) / that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from realtime.forecasting.calendar import Calendar
from realtime.forecasting.history import History, Table
from realtime.forecasting.model import DayForecast, forecast


@dataclass(frozen=True)
class Accuracy:
    """In percent; None where nothing came."""

    wape: float | None
    bias: float | None
    expected: float
    real: float
    intervals: int


def accuracy(pairs: Iterable[tuple[float, float]]) -> Accuracy:
    """Of (forecast, real) of each interval."""
    known = list(pairs)
    expected, real = sum(one for one, _real in known), sum(one for _expected, one in known)
    if not real:
        return Accuracy(None, None, expected, real, len(known))
    off = sum(abs(meant - was) for meant, was in known)
    return Accuracy(100 * off / real, 100 * (expected - real) / real, expected, real, len(known))


def halves(quarters: Table) -> Table:
    """Quarters as half hours."""
    return quarters.reshape(*quarters.shape[:-1], -1, 2).sum(axis=-1)


@dataclass
class Rolled:
    """A day forecast by what was known when it began, what came, and what came on the same day a week before."""

    made: DayForecast
    real: Table
    week_before: Table | None


def roll(history: History, first: date, calendar: Calendar, *, every: int = 1) -> list[Rolled]:
    """The known days from `first` on, or every so many of them, each by a model that knows only the days before it."""
    found = []
    days = [day for day in history.days() if day >= first and history.of(day) is not None]
    for day in days[::every]:
        real = history.of(day)
        assert real is not None
        made = forecast(history.until(day), [day], calendar)[0]
        found.append(Rolled(made, real, history.of(day - timedelta(days=7))))
    return found


def compared(rolled: list[Rolled]) -> dict[str, Accuracy]:
    """By half hours, pooled: `ours` and `naive` of the days whose day a week before is known; `all`: ours of all."""

    def pairs(days: list[tuple[Table, Table]]) -> Iterable[tuple[float, float]]:
        for meant, was in days:
            both = np.stack([halves(meant), halves(was)])
            yield from ((float(a), float(b)) for a, b in both.T if a or b)

    both = [one for one in rolled if one.week_before is not None]
    return {
        "ours": accuracy(pairs([(one.made.volume, one.real) for one in both])),
        "naive": accuracy(pairs([(one.week_before, one.real) for one in both if one.week_before is not None])),
        "all": accuracy(pairs([(one.made.volume, one.real) for one in rolled])),
    }


def coverage(rolled: list[Rolled]) -> float:
    """Percent of the quarters with any customers that lay within the interval."""
    inside = total = 0
    for one in rolled:
        busy = (one.real > 0) | (one.made.volume > 0)
        inside += int(((one.real >= one.made.low) & (one.real <= one.made.high))[busy].sum())
        total += int(busy.sum())
    return 100 * inside / total if total else 0.0
