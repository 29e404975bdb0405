"""Which days of a leave count: the roster's where it is known, else the week's working days without public holidays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache

from sdm.absence.choices import Counted

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Indonesia's. The joint leave that the government calls (cuti bersama) is none: it is taken as annual leave."""
    import holidays  # here: it is large, and few processes ask

    return frozenset(holidays.country_holidays("ID", years=year, categories=("public",)))


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def holidays_between(first: date, last: date) -> set[date]:
    return {day for year in range(first.year, last.year + 1) for day in public_holidays(year) if first <= day <= last}


def days_counted(
    first: date, last: date, *, counted: str, planned: Mapping[date, bool], week: int, holidays: Collection[date]
) -> list[date]:
    """The days from `first` to `last` that count. `planned`: whether the roster has the person work, by day; `week`:
    working days from Monday on, for days that no roster knows."""
    days = days_between(first, last)
    if counted == Counted.CALENDAR:
        return days
    return [day for day in days if planned.get(day, day.weekday() < week and day not in holidays)]
