"""What came in, day by day and quarter by quarter of the site's clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
QUARTERS = 96


@dataclass(frozen=True)
class History:
    """Days in a row from `first`: each line holds a day's quarters. A day of which nothing is known is NaN.

    `handled`: customers whose handling was timed; `seconds`: what it took them all together.
    """

    first: date
    volume: Table
    handled: Table
    seconds: Table

    def __len__(self) -> int:
        return len(self.volume)

    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(len(self))]

    @property
    def known(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.volume[:, 0])

    def until(self, day: date) -> History:
        """What was known before that day began."""
        n = max(0, (day - self.first).days)
        return History(self.first, self.volume[:n], self.handled[:n], self.seconds[:n])

    def of(self, day: date) -> Table | None:
        n = (day - self.first).days
        return self.volume[n] if 0 <= n < len(self) and self.known[n] else None


Counted = tuple[date, int, float, float, float]  # day, quarter of it, volume, handled, seconds


def history_of(rows: Iterable[Counted], *, until: date) -> History:
    """Of counted quarters before the day `until`. A day with any quarter is known, its other quarters had nothing."""
    found = [row for row in rows if row[0] < until]
    if not found:
        empty = np.zeros((0, QUARTERS))
        return History(until, empty, empty, empty)
    first = min(row[0] for row in found)
    volume = np.full(((until - first).days, QUARTERS), np.nan)
    handled, seconds = np.zeros_like(volume), np.zeros_like(volume)
    for day, quarter, calls, timed, took in found:
        line = (day - first).days
        if np.isnan(volume[line, 0]):
            volume[line] = 0
        volume[line, quarter] += calls
        handled[line, quarter] += timed
        seconds[line, quarter] += took
    return History(first, volume, handled, seconds)
