"""Months, chains of PKWTs, compensation and working days: pure functions at their edges (SDM-7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occ.working_days import holidays_of, is_working_day, working_days_after
from sdm.contracts.deadlines import registration_due, renewal_due
from sdm.contracts.terms import (
    Span,
    chain_with,
    chains,
    compensation,
    continuous_since,
    full_months,
    last_day,
    months_of,
    owed,
)
from tests.sdm.contracts import wib

pytestmark = pytest.mark.req("SDM-7")
DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
WAGES = st.decimals(Decimal(1), Decimal(100_000_000), places=2)
NUMBERS = {"gap_days": 30, "max_months": 60}


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2024, 1, 1), 12, date(2024, 12, 31)), (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)), (date(2024, 3, 1), 12, date(2025, 2, 28)),
        (date(2023, 3, 1), 12, date(2024, 2, 29)), (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)), (date(2024, 12, 15), 1, date(2025, 1, 14)),
        (date(2024, 5, 10), 0, date(2024, 5, 9)), (date(2024, 2, 29), 60, date(2029, 2, 28)),
    ],
)  # fmt: skip
def test_a_term_ends_on_the_day_before_its_anniversary(first: date, months: int, last: date) -> None:
    assert last_day(first, months) == last
    if months:
        assert full_months(first, last) == months
        assert full_months(first, last - timedelta(days=1)) == months - 1
        assert months_of(first, last) == months


@given(DAYS, st.integers(0, 3000))
def test_a_day_more_is_more_and_never_more_than_a_month(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    now, then = months_of(first, last), months_of(first, last + timedelta(days=1))
    assert now < then <= now + Fraction(1, 28)


def test_a_begun_month_counts_by_its_own_days() -> None:
    assert months_of(date(2026, 1, 1), date(2026, 2, 14)) == 1 + Fraction(14, 28)
    assert months_of(date(2028, 1, 1), date(2028, 2, 14)) == 1 + Fraction(14, 29)
    assert months_of(date(2026, 1, 1), date(2025, 12, 31)) == 0


@given(DAYS, st.integers(1, 60), WAGES)
def test_compensation_of_whole_months_is_their_twelfths(first: date, months: int, wage: Decimal) -> None:
    amount = compensation(first=first, last=last_day(first, months), wage=wage, full=12)
    assert abs(amount - wage * months / 12) <= Decimal("0.5")
    assert amount == amount.to_integral_value()


@given(DAYS, st.integers(0, 2000), WAGES)
def test_a_longer_term_never_pays_less(first: date, days: int, wage: Decimal) -> None:
    last = first + timedelta(days=days)
    less = compensation(first=first, last=last, wage=wage, full=12)
    assert less <= compensation(first=first, last=last + timedelta(days=1), wage=wage, full=12)
    assert less <= compensation(first=first, last=last, wage=wage * 2, full=12)


def test_compensation_by_the_law_s_examples() -> None:
    def paid(last: date, wage: int = 5_067_381) -> Decimal:
        return compensation(first=date(2026, 1, 1), last=last, wage=Decimal(wage), full=12)

    assert paid(date(2026, 12, 31)) == 5_067_381
    assert paid(date(2026, 6, 30)) == 2_533_691  # half up: 2 533 690.5
    assert paid(date(2027, 12, 31)) == 10_134_762
    assert paid(date(2026, 1, 31)) == 422_282


@pytest.mark.parametrize(
    ("service", "last", "is_owed"),
    [
        (date(2026, 1, 1), date(2026, 1, 30), False), (date(2026, 1, 1), date(2026, 1, 31), True),
        (date(2026, 2, 1), date(2026, 2, 28), True), (date(2026, 2, 1), date(2026, 2, 27), False),
        (date(2025, 6, 1), date(2026, 1, 10), True),
    ],
)  # fmt: skip
def test_it_is_owed_from_a_month_of_continuous_service(service: date, last: date, is_owed: bool) -> None:
    first = date(2026, 1, 1) if service < date(2026, 1, 1) else service
    assert owed(service=service, first=first, last=last, from_months=1) is is_owed


def test_continuous_is_without_a_day_between() -> None:
    year = Span(date(2025, 1, 1), date(2025, 12, 31))
    assert continuous_since([year], Span(date(2026, 1, 1), date(2026, 1, 15))) == year.first
    assert continuous_since([year], Span(date(2026, 1, 2), date(2026, 1, 15))) == date(2026, 1, 2)
    early = Span(date(2024, 1, 1), date(2024, 12, 31))
    assert continuous_since([year, early], Span(date(2026, 1, 1), date(2026, 1, 15))) == early.first


def test_a_chain_lasts_five_years_from_its_first_day() -> None:
    first = Span(date(2024, 2, 29), date(2025, 2, 28))
    found = chain_with([first], Span(date(2025, 3, 1), date(2029, 2, 28)), **NUMBERS)
    assert (found.limit, found.too_long, found.days_left) == (date(2029, 2, 28), False, 0)
    assert chain_with([first], Span(date(2025, 3, 1), date(2029, 3, 1)), **NUMBERS).too_long


@pytest.mark.parametrize(("gap", "together"), [(0, True), (1, True), (30, True), (31, False), (400, False)])
def test_a_short_gap_neither_ends_a_chain_nor_makes_it_longer(gap: int, together: bool) -> None:
    first = Span(date(2020, 1, 1), date(2024, 6, 30))
    begins = first.last + timedelta(days=1 + gap)
    found = chain_with([first], Span(begins, begins + timedelta(days=364)), **NUMBERS)
    assert (found.first == first.first) is together
    assert found.too_long is together


def test_one_between_joins_what_was_apart() -> None:
    early, late = Span(date(2018, 1, 1), date(2020, 12, 31)), Span(date(2022, 1, 1), date(2024, 12, 31))
    assert len(chains([early, late], **NUMBERS)) == 2
    assert chain_with([early, late], Span(date(2021, 1, 1), date(2021, 12, 31)), **NUMBERS).too_long


@given(st.lists(st.tuples(DAYS, st.integers(0, 700)), min_size=1, max_size=6), st.randoms())
def test_the_order_in_which_contracts_come_says_nothing(rows: list[tuple[date, int]], chance: object) -> None:
    spans = [Span(first, first + timedelta(days=days)) for first, days in rows]
    mixed = sorted(spans, key=lambda one: hash((one, repr(chance))))
    assert chains(spans, **NUMBERS) == chains(mixed, **NUMBERS)
    found = chains(spans, **NUMBERS)
    assert sorted(one for chain in found for one in chain.spans) == sorted(spans)
    assert all((later.first - sooner.last).days - 1 > 30 for sooner, later in pairwise(found))


def test_working_days_leave_out_weekends_holidays_and_joint_leave() -> None:
    assert working_days_after(date(2026, 11, 20), 1) == date(2026, 11, 23)  # a Friday
    assert working_days_after(date(2026, 11, 20), 0) == date(2026, 11, 20)
    assert not is_working_day(date(2026, 12, 25))
    assert not is_working_day(date(2026, 12, 26))
    assert date(2026, 8, 17) in holidays_of("ID", 2026, 2026)
    # Signed on 23 December 2026: 24 is joint leave, 25 Christmas, 26 and 27 a weekend.
    assert working_days_after(date(2026, 12, 23), 3) == date(2026, 12, 30)


def test_the_registration_is_due_at_the_end_of_the_third_working_day() -> None:
    jakarta = ZoneInfo("Asia/Jakarta")
    assert registration_due(date(2026, 11, 20), jakarta, 3) == wib(2026, 11, 26, 0)
    assert registration_due(date(2026, 12, 30), jakarta, 3) == wib(2027, 1, 7, 0)  # 1 and 5 January are none
    assert renewal_due(date(2028, 2, 29), jakarta) == wib(2028, 3, 1, 0)
