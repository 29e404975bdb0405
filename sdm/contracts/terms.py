"""Terms of contracts as pure functions: months, chains of PKWTs with their limit, compensation (PP 35/2021).

A term of so many months ends on the day before its anniversary; where the month has no such day, on its last one: a
year from 29 February ends on 28 February, a month from 31 January on 28 or 29 February.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

ONE = timedelta(days=1)


def last_day(first: date, months: int) -> date:
    """The last day of a term of so many months that begins on `first`; of none, the day before."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    there = monthrange(year, month + 1)[1]
    if first.day > there:
        return date(year, month + 1, there)
    return date(year, month + 1, first.day) - ONE


def full_months(first: date, last: date) -> int:
    """How many whole months lie in the term, both days included."""
    count = max(0, (last.year - first.year) * 12 + last.month - first.month - 1)
    while last_day(first, count + 1) <= last:
        count += 1
    return count


def months_of(first: date, last: date) -> Fraction:
    """Whole months, and of the one begun its share: the days worked in it over the days that it has."""
    if last < first:
        return Fraction(0)
    whole = full_months(first, last)
    until, after = last_day(first, whole), last_day(first, whole + 1)
    return whole + Fraction((last - until).days, (after - until).days)


@dataclass(frozen=True, order=True)
class Span:
    """From the first to the last day of a contract, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Chain:
    """PKWTs that count as one: from the first one's beginning to `limit` at most."""

    spans: tuple[Span, ...]
    limit: date

    @property
    def first(self) -> date:
        return self.spans[0].first

    @property
    def last(self) -> date:
        return max(one.last for one in self.spans)

    @property
    def months(self) -> Fraction:
        """In all, gaps included."""
        return months_of(self.first, self.last)

    @property
    def days_left(self) -> int:
        return max(0, (self.limit - self.last).days)

    @property
    def too_long(self) -> bool:
        return self.last > self.limit


def chains(spans: Iterable[Span], *, gap_days: int, max_months: int) -> list[Chain]:
    """A person's PKWTs in order. A gap of at most `gap_days` days neither ends a chain nor makes it longer."""
    groups: list[list[Span]] = []
    for one in sorted(spans):
        if groups and (one.first - max(each.last for each in groups[-1])).days - 1 <= gap_days:
            groups[-1].append(one)
        else:
            groups.append([one])
    return [Chain(tuple(group), last_day(group[0].first, max_months)) for group in groups]


def chain_with(spans: Iterable[Span], span: Span, *, gap_days: int, max_months: int) -> Chain:
    """The chain in which `span` would lie beside the others."""
    found = chains([*spans, span], gap_days=gap_days, max_months=max_months)
    return next(one for one in found if span in one.spans)


def continuous_since(spans: Iterable[Span], span: Span) -> date:
    """Since when, without a day between, somebody had worked when `span` began."""
    since = span.first
    for one in sorted(spans, reverse=True):
        if one.first < since <= one.last + ONE:
            since = one.first
    return since


def owed(*, service: date, first: date, last: date, from_months: int) -> bool:
    """Whether a compensation is owed: so many months of continuous service (since `service`) by the term's end."""
    return last >= first and months_of(service, last) >= from_months


def compensation(*, first: date, last: date, wage: Decimal, full: int) -> Decimal:
    """months / `full` x one month's wage for the term's own months, in whole rupiah, half of one up (article 16)."""
    share = months_of(first, last) / full
    exact = Decimal(share.numerator) * wage / Decimal(share.denominator)
    return exact.quantize(Decimal(1), ROUND_HALF_UP)


def rounded(months: Fraction) -> Decimal:
    """For people to read: four places."""
    return (Decimal(months.numerator) / Decimal(months.denominator)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
