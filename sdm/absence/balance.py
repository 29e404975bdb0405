"""What annual leave somebody has on a day: a pure function of when they began, the rules by date, and the days used.

UU 13/2003 art. 79 (3): twelve days after twelve months without a break. They arise whole, on the day on which the year
of service is full; nobody has a part of a year that is not over. What is unused when the next year's arise is carried
over as far as the rules allow, for so many months; the rest lapses. The days that lapse first are used first.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

YEAR = 12
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """The rules as of a day: days a year, months before the first; days carried over, and for how many months."""

    days: int = 12
    after_months: int = 12
    carry_days: int = 6
    carry_months: int = 6


@dataclass
class Lot:
    """The days of one year of service. From `ends` on only `carry` of them hold, until `gone`; both are first days."""

    arises: date
    days: int
    ends: date
    carry: int
    gone: date
    uses: list[date] = field(default_factory=list)  # in order

    @property
    def before(self) -> int:
        """How many were used before the rest was carried over."""
        return bisect_left(self.uses, self.ends)

    @property
    def kept(self) -> int:
        """How many can be used in all, once the rest has lapsed."""
        return self.before + min(self.days - self.before, self.carry)

    @property
    def full_until(self) -> date:
        """The last day on which all of them hold."""
        return self.ends - ONE_DAY

    @property
    def carried_until(self) -> date:
        return self.gone - ONE_DAY

    def open_on(self, day: date) -> bool:
        """Whether a day more can be used on that day, after all that were used until then."""
        if not self.arises <= day < self.gone:
            return False
        return len(self.uses) < (self.days if day < self.ends else self.kept)

    def lapsed(self, day: date) -> int:
        if day >= self.gone:
            return self.days - len(self.uses)
        return self.days - self.kept if day >= self.ends else 0

    def left(self, day: date) -> int:
        """What is neither used, nor booked for later, nor lapsed; 0 before it arises."""
        return self.days - len(self.uses) - self.lapsed(day) if day >= self.arises else 0


@dataclass(frozen=True)
class Balance:
    """`over`: days used that nothing covered (brought in from elsewhere, or the rules changed afterwards)."""

    day: date
    lots: tuple[Lot, ...]
    over: int

    @property
    def left(self) -> int:
        return sum(one.left(self.day) for one in self.lots)

    @property
    def used(self) -> int:
        """Of the days that hold now, those until that day."""
        return sum(sum(1 for use in one.uses if use <= self.day) for one in self.current)

    @property
    def booked(self) -> int:
        """For later, of the days that hold now."""
        return sum(sum(1 for use in one.uses if use > self.day) for one in self.current)

    @property
    def entitled(self) -> int:
        return sum(one.days for one in self.current)

    @property
    def lapsed(self) -> int:
        """Of the days that hold in part: carried over no further."""
        return sum(one.lapsed(self.day) for one in self.current)

    @property
    def current(self) -> list[Lot]:
        return [one for one in self.lots if one.arises <= self.day < one.gone]

    @property
    def coming(self) -> Lot | None:
        """The next days to arise."""
        return next((one for one in self.lots if one.arises > self.day), None)


def months_after(start: date, months: int) -> date:
    """The first day after so many full months of service that began on `start`.

    Where the month has no such day it is the first of the next: who began on 29 February has a year of service behind
    them on 1 March.
    """
    year, month = divmod(start.year * YEAR + start.month - 1 + months, YEAR)
    month += 1
    if start.day <= monthrange(year, month)[1]:
        return date(year, month, start.day)
    return date(year + month // YEAR, month % YEAR + 1, 1)


def lots_of(begins: date, until: date, terms: Callable[[date], Terms]) -> list[Lot]:
    """What arises for somebody who works without a break from `begins`, up to and with the day `until`."""
    found: list[Lot] = []
    first = terms(begins).after_months
    while (arises := months_after(begins, first + YEAR * len(found))) <= until:
        ends = months_after(begins, first + YEAR * (len(found) + 1))
        rules, then = terms(arises), terms(ends)
        gone = months_after(begins, first + YEAR * (len(found) + 1) + then.carry_months)
        found.append(Lot(arises, rules.days, ends, then.carry_days, gone))
    return found


def balance(
    begins: date, day: date, used: Iterable[date], terms: Callable[[date], Terms], last: date | None = None
) -> Balance:
    """As of `day`. `used`: the days of annual leave taken, approved or asked for, also later ones; `last`: the last
    day of employment, where it is known."""
    uses = sorted(used)
    until = months_after(max([day, *uses[-1:]]), YEAR)  # so far that the next ones are seen coming
    lots = lots_of(begins, until if last is None else min(until, last), terms)
    over = 0
    for use in uses:
        lot = next((one for one in lots if one.open_on(use)), None)
        if lot is None:
            over += 1
        else:
            lot.uses.append(use)
    return Balance(day, tuple(lots), over)


def covered(
    begins: date, used: Iterable[date], wanted: Iterable[date], terms: Callable[[date], Terms], last: date | None = None
) -> bool:
    """Whether the wanted days can be had beside those that are used already, also those booked for later."""
    had, more = list(used), list(wanted)
    if not more:
        return True
    day = max(more)
    return balance(begins, day, [*had, *more], terms, last).over <= balance(begins, day, had, terms, last).over
