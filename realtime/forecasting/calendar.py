"""What is known of a day long before it comes: weekday, place in the month, payday, holidays around it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from occ.working_days import holidays_of

FAR = 15  # days; what is further off counts as that far


@dataclass(frozen=True)
class DayFacts:
    weekday: int
    day: int
    days_left: int  # in the month
    since_payday: int
    since_holiday: int  # 0 on a holiday
    until_holiday: int

    @property
    def holiday(self) -> bool:
        return self.since_holiday == 0


@dataclass(frozen=True)
class Calendar:
    """`country`: ISO code of whose public holidays count. `payday`: day of the month, paid before it if it is no
    working day; in a shorter month its last one."""

    country: str = "ID"
    payday: int = 25
    years: tuple[int, int] = (2000, 2100)
    _facts: dict[date, DayFacts] = field(default_factory=dict, compare=False)

    @cached_property
    def holidays(self) -> list[date]:
        """In order. Years beyond what the library's tables hold are reckoned by it."""
        return list(holidays_of(self.country, *self.years))

    def payday_of(self, year: int, month: int) -> date:
        day = date(year, month, min(self.payday, monthrange(year, month)[1]))
        while day.weekday() >= 5 or self._is_holiday(day):
            day -= timedelta(days=1)
        return day

    def _is_holiday(self, day: date) -> bool:
        at = bisect_left(self.holidays, day)
        return at < len(self.holidays) and self.holidays[at] == day

    def facts(self, day: date) -> DayFacts:
        if day not in self._facts:
            self._facts[day] = self._look(day)
        return self._facts[day]

    def _look(self, day: date) -> DayFacts:
        paid = self.payday_of(day.year, day.month)
        if paid > day:
            before = day.replace(day=1) - timedelta(days=1)
            paid = self.payday_of(before.year, before.month)
        after = bisect_right(self.holidays, day)
        since = (day - self.holidays[after - 1]).days if after else FAR
        until = (self.holidays[after] - day).days if after < len(self.holidays) else FAR
        return DayFacts(
            day.weekday(), day.day, monthrange(day.year, day.month)[1] - day.day, (day - paid).days, min(since, FAR),
            min(until, FAR),
        )  # fmt: skip


def calendar_for(first: date, last: date, *, country: str = "ID", payday: int = 25) -> Calendar:
    return Calendar(country, payday, (first.year - 1, last.year + 1))
