"""When fewer people than planned will be there: pure functions of days and numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Gap:
    """`today`: how many are lacking (negative: more than planned); `opens_on`: the first day on which some lack."""

    today: int
    opens_on: date | None
    at_end: int


def gap_of(
    planned: Iterable[tuple[date, int]], have: int, changes: Mapping[date, int], *, today: date, last: date
) -> Gap:
    """`planned`: numbers by the day from which they hold, in order; `have`: who is there today; `changes`: how many
    come or go on later days. A leaver is gone the day after the last working day."""
    steps = list(planned)

    def wanted(day: date) -> int:
        return next((number for since, number in reversed(steps) if since <= day), 0)

    days = sorted({today} | {one for one in (*changes, *(since for since, _n in steps)) if today < one <= last})
    opens_on, there, lacking = None, have, 0
    for day in days:
        there += changes.get(day, 0) if day > today else 0
        lacking = wanted(day) - there
        if lacking > 0 and opens_on is None:
            opens_on = day
    return Gap(wanted(today) - have, opens_on, lacking)


def summed(*parts: Mapping[date, int]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for part in parts:
        for day, number in part.items():
            found[day] += number
    return dict(found)
