"""How many will come, and how long each will take: a day's quarters out of what was known some days before (RTM-3).

What is usual for a quarter is the average of that weekday's last twelve, the newest counting most. Two models learn how
a day departs from that: a ridge regression the whole day's level (month, payday, holidays, the last days' level),
gradient boosting that of each quarter. The forecast is the mean of both. What is known only after the day on which the
forecast is made is never used: a model for days further ahead learns from what lay that much further back.

The same history gives the same forecast: one thread, no chance.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from realtime.forecasting.calendar import Calendar
from realtime.forecasting.history import QUARTERS, History, Table

VERSION = f"1 (scikit-learn {version('scikit-learn')})"
MODEL, SEASONAL, AVERAGE = "model", "seasonal", "average"
# Days that are known: from so many on the model learns; from so many on each weekday has its own average.
LEARNS, WEEKDAYS = 56, 14
LONGEST = 400  # days of history that are looked at: a year, and last year's holidays with it
AHEAD = (1, 2, 7, 14, 45)  # a day is forecast by the first of these models that reaches so far
HELD_BACK = 28  # last days, forecast by a model that does not know them: what the interval is made of
COVERS = 0.8
HALF_LIFE, SAME_DAYS = 4.0, 12  # weeks; how many of the same weekday
AHT_DAYS, AHT_WEIGHT = 28, 40.0  # an interval's own handling time counts half from so many customers on


class NoHistory(Exception):
    """Nothing is known from which anything could be expected."""


@dataclass(frozen=True)
class DayForecast:
    """Quarters of a day. `aht` in seconds, NaN where nobody's handling was ever timed."""

    day: date
    method: str
    volume: Table
    low: Table
    high: Table
    aht: Table


def forecast(history: History, days: Sequence[date], calendar: Calendar) -> list[DayForecast]:
    """Each of these days, by what is known at the end of the history. Raises NoHistory, ValueError (too far ahead)."""
    if not history.known.any():
        raise NoHistory
    keep = max(0, len(history) - LONGEST)
    if keep:
        first = history.first + timedelta(days=keep)
        history = History(first, history.volume[keep:], history.handled[keep:], history.seconds[keep:])
    end = history.first + timedelta(days=len(history))
    models: dict[int, _WithInterval | None] = {}
    found = []
    for day in days:
        ahead = (day - end).days + 1
        lag = next((one for one in AHEAD if one >= ahead), None)
        if ahead < 1 or lag is None:
            raise ValueError(f"a day from 1 to {AHEAD[-1]} days ahead: {day}")
        if lag not in models:
            models[lag] = _model(history, lag, calendar)
        model = models[lag]
        aht = _handling(history)
        made = None if model is None else model.predict(day)
        if made is not None:
            volume, low, high = made
            found.append(DayForecast(day, MODEL, volume, low, high, aht))
            continue
        volume, method = _averages(history, day)
        spread = 1.2816 * np.sqrt(volume + (0.15 * volume) ** 2)
        found.append(DayForecast(day, method, volume, np.maximum(0, volume - spread), volume + spread, aht))
    return found


def _averages(history: History, day: date) -> tuple[Table, str]:
    """Too little is known to learn from: the averages of the weekday, or of all days."""
    known = history.known
    weekdays = np.array([one.weekday() for one in history.days()])
    same = known & (weekdays == day.weekday())
    if known.sum() >= WEEKDAYS and same.any():
        return history.volume[same][-SAME_DAYS:].mean(axis=0), SEASONAL
    return history.volume[known].mean(axis=0), AVERAGE


def _handling(history: History) -> Table:
    """Seconds for a customer, by quarter: the hour's around it, drawn to the average of all where they are few."""
    handled, seconds = history.handled[-AHT_DAYS:].sum(axis=0), history.seconds[-AHT_DAYS:].sum(axis=0)
    if not handled.sum():
        return np.full(QUARTERS, np.nan)
    around = np.array([1.0, 1, 1, 1, 1])
    n = np.convolve(np.r_[handled[-2:], handled, handled[:2]], around, "valid")
    took = np.convolve(np.r_[seconds[-2:], seconds, seconds[:2]], around, "valid")
    return (took + AHT_WEIGHT * seconds.sum() / handled.sum()) / (n + AHT_WEIGHT)


class _Days:
    """What is known of each day `lag` days before it ends, of the days of the history and of those that follow."""

    def __init__(self, history: History, lag: int, calendar: Calendar, more: int) -> None:
        self.first, self.lag, self.n, self.more = history.first, lag, len(history), more
        total = self.n + more
        self.facts = [calendar.facts(history.first + timedelta(days=i)) for i in range(total)]
        self.volume = np.vstack([history.volume, np.full((more, QUARTERS), np.nan)])
        self.known = np.concatenate([history.known, np.zeros(more, bool)])
        self.weekday = np.array([one.weekday for one in self.facts])
        self.holiday = np.array([one.holiday for one in self.facts])
        self.base = self._usual(lag)
        near = self.base if lag == 1 else self._usual(1)
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            self.level = np.log(self.volume.sum(axis=1) / near.sum(axis=1))
        self.level[~np.isfinite(self.level) | self.holiday] = np.nan
        self.near = near

    def _usual(self, lag: int) -> Table:
        """The weighted mean of the same weekday's days that were over `lag` days before, without holidays."""
        found = np.full_like(self.volume, np.nan)
        plain = self.known & ~self.holiday
        for weekday in range(7):
            of = np.flatnonzero(plain & (self.weekday == weekday))
            for i in np.flatnonzero(self.weekday == weekday):
                past = of[: np.searchsorted(of, i - lag, "right")][-SAME_DAYS:]
                if len(past):
                    weight = 0.5 ** ((i - past) / 7 / HALF_LIFE)
                    found[i] = weight @ self.volume[past] / weight.sum()
        return found

    def _level(self, i: int, days: int) -> float:
        """How the last days that were over departed from the usual; 0 where nothing is known."""
        past = self.level[: max(0, i - self.lag + 1)]
        past = past[np.isfinite(past)][-days:]
        return float(past.mean()) if len(past) else 0.0

    def of_day(self, i: int) -> list[float]:
        f = self.facts[i]
        marks = [f.weekday == one for one in range(7)]
        marks += [f.day <= 1, f.day <= 3, f.day <= 5, 14 <= f.day <= 16, f.days_left <= 0, f.days_left <= 1]
        marks += [f.since_payday <= 0, f.since_payday <= 2, f.since_payday <= 4, f.holiday, 1 <= f.since_holiday <= 1]
        marks += [1 <= f.since_holiday <= 2, 1 <= f.since_holiday <= 4, f.until_holiday <= 1, f.until_holiday <= 3]
        return [*map(float, marks), self._level(i, 1), self._level(i, 5)]

    def of_quarters(self, i: int, open_: NDArray[np.intp]) -> Table:
        f, base = self.facts[i], np.maximum(self.base[i], 0.25)
        over = np.flatnonzero(self.known[: max(0, i - self.lag + 1)])
        same = over[self.weekday[over] == f.weekday]
        last = self.volume[same[-1]] / base if len(same) else np.full(QUARTERS, np.nan)
        lately = (
            self.volume[over[-1]] / np.maximum(self.near[over[-1]], 0.25) if len(over) else np.full_like(last, np.nan)
        )
        day = [f.weekday, f.day, f.days_left, f.since_payday, f.since_holiday, f.until_holiday, self._level(i, 1),
               self._level(i, 5)]  # fmt: skip
        columns = [np.arange(QUARTERS), np.log1p(base), last, lately, *(np.full(QUARTERS, float(one)) for one in day)]
        return np.column_stack(columns)[open_]


class _Model:
    def __init__(self, days: _Days, learns: NDArray[np.intp]) -> None:
        # Here, and not above: it takes a second and 100 MiB, and few processes ever learn.
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.linear_model import Ridge

        self.days = days
        self.open = np.flatnonzero(np.nansum(days.volume, axis=0) > 0)
        base = days.base[learns]
        factor = np.log(np.maximum(days.volume[learns].sum(axis=1), 1) / np.maximum(base.sum(axis=1), 1))
        self.ridge = Ridge(alpha=1.0).fit([days.of_day(i) for i in learns], factor)
        x = np.vstack([days.of_quarters(i, self.open) for i in learns])
        usual = np.maximum(base[:, self.open], 0.25).ravel()
        y = days.volume[learns][:, self.open].ravel() / usual
        self.trees = HistGradientBoostingRegressor(
            learning_rate=0.05, max_iter=80, max_leaf_nodes=8, min_samples_leaf=60, max_bins=64, early_stopping=False,
            random_state=0,
        ).fit(x, y, sample_weight=usual)  # fmt: skip

    def expect(self, i: int) -> Table:
        base, found = self.days.base[i], np.zeros(QUARTERS)
        level = float(np.exp(self.ridge.predict([self.days.of_day(i)])[0]))
        trees = self.trees.predict(self.days.of_quarters(i, self.open)) * np.maximum(base[self.open], 0.25)
        found[self.open] = np.maximum(0, (base[self.open] * level + trees) / 2)
        return found


class _WithInterval:
    """A model, and how far one that did not know the last four weeks was off in them."""

    def __init__(self, days: _Days, learns: NDArray[np.intp]) -> None:
        self.model = _Model(days, learns)
        held = learns[learns >= days.n - HELD_BACK]
        before = learns[learns < days.n - HELD_BACK]
        blind = _Model(days, before)
        meant = np.vstack([blind.expect(i) for i in held])[:, blind.open].ravel()
        was = days.volume[held][:, blind.open].ravel()
        busy = meant >= 1
        off = (was - meant)[busy]
        # Poisson's variance, and a share of the volume beside it.
        self.share = float(max(0.0, (off**2 - meant[busy]).sum() / (meant[busy] ** 2).sum())) if busy.any() else 0.0
        scaled = off / np.sqrt(self._variance(meant[busy])) if busy.any() else np.zeros(1)
        self.low, self.high = (float(np.quantile(scaled, q)) for q in ((1 - COVERS) / 2, (1 + COVERS) / 2))

    def _variance(self, volume: Table) -> Table:
        return np.maximum(volume, 0.25) + self.share * volume**2

    def predict(self, day: date) -> tuple[Table, Table, Table] | None:
        i = (day - self.model.days.first).days
        if np.isnan(self.model.days.base[i]).any():
            return None
        volume = self.model.expect(i)
        spread = np.sqrt(self._variance(volume)) * (volume > 0)
        return volume, np.clip(volume + self.low * spread, 0, volume), np.maximum(volume, volume + self.high * spread)


def _model(history: History, lag: int, calendar: Calendar) -> _WithInterval | None:
    """None where too little is known to learn from."""
    if history.known.sum() < LEARNS:
        return None
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        days = _Days(history, lag, calendar, lag)
        learns = np.flatnonzero(days.known & ~np.isnan(days.base[:, 0]))
        # A day whose usual is made of one other is no example.
        learns = learns[learns >= min(21 + lag, len(days.known))]
        if len(learns) - (learns >= days.n - HELD_BACK).sum() < 14 or not (learns >= days.n - HELD_BACK).any():
            return None
        return _WithInterval(days, learns)
