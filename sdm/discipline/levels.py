"""Which warning letter follows (PP 35/2021 art. 36 k): pure functions of the letters given and of the violation's day.

Letters follow each other: a violation inside the validity of SP 1 allows SP 2, inside SP 2 allows SP 3, and inside SP 3
allows the end of the employment. A violation that lies on or before the day of a letter is no new one.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sdm.discipline.choices import LAST_LEVEL

TERMINATION = LAST_LEVEL + 1


@dataclass(frozen=True)
class Given:
    """A letter that was issued and not withdrawn; both days belong to its validity."""

    level: int
    issued_on: date
    valid_until: date


def valid_until(issued_on: date, months: int) -> date:
    """The last day of so many months: the one before the corresponding day, or the last of a month without that day.

    29 February + 6 months ends on 28 August; 31 August + 6 months on the last of February.
    """
    index = issued_on.year * 12 + issued_on.month - 1 + months
    year, month = divmod(index, 12)
    longest = monthrange(year, month + 1)[1]
    if issued_on.day > longest:
        return date(year, month + 1, longest)
    return date(year, month + 1, issued_on.day) - timedelta(days=1)


def in_force(given: Iterable[Given], day: date) -> list[Given]:
    """Those whose validity holds a new violation on that day: it came after the day of the letter."""
    return [one for one in given if one.issued_on < day <= one.valid_until]


def covering(given: Iterable[Given], violated_on: date, today: date) -> Given | None:
    """The letter that was issued on the violation's day or later: it answers that violation already, also once it is
    over, for nobody is punished twice."""
    rows = [one for one in given if violated_on <= one.issued_on <= today]
    return max(rows, key=lambda one: one.level, default=None)


def next_level(given: Iterable[Given], violated_on: date) -> int:
    """1 to 3, or TERMINATION: one above the highest letter inside whose validity the violation lies."""
    return min(max((one.level for one in in_force(given, violated_on)), default=0) + 1, TERMINATION)
