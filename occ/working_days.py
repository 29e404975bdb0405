"""Public holidays and working days. Indonesia's joint leave ("cuti bersama") counts among its holidays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

SATURDAY = 5


@lru_cache(maxsize=64)
def holidays_of(country: str, first: int, last: int) -> tuple[date, ...]:
    """Those of the years from `first` to `last`, in order. Beyond what the library's tables hold it reckons them."""
    import holidays  # here: it is large, and few processes ask

    kinds = ("public", "government") if country == "ID" else ("public",)  # the second: cuti bersama
    return tuple(sorted(holidays.country_holidays(country, years=range(first, last + 1), categories=kinds)))


def is_working_day(day: date, country: str = "ID") -> bool:
    return day.weekday() < SATURDAY and day not in holidays_of(country, day.year, day.year)


def working_days_after(day: date, count: int, country: str = "ID") -> date:
    """The so many-th working day after `day`, which itself does not count; of none, `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, country)
    return day
