"""Annual leave as a pure function (SDM-9): years of service, what is carried over, leap days, later cancelled."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdm.absence.balance import Balance, Terms, balance, covered, lots_of, months_after
from sdm.absence.working import days_counted, holidays_between, public_holidays

pytestmark = pytest.mark.req("SDM-9")
LAW = Terms()
JOINED = date(2024, 3, 11)


def law(day: date) -> Terms:
    return LAW


def on(day: date, used: list[date] | None = None, *, joined: date = JOINED, last: date | None = None) -> Balance:
    return balance(joined, day, used or [], law, last)


def run(first: date, days: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(days)]


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2024, 3, 11), 12, date(2025, 3, 11)),
        (date(2024, 2, 29), 12, date(2025, 3, 1)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 1, 31), 1, date(2024, 3, 1)),
        (date(2023, 12, 31), 2, date(2024, 3, 1)),
        (date(2024, 10, 31), 1, date(2024, 12, 1)),
        (date(2024, 11, 30), 3, date(2025, 3, 1)),
        (date(2024, 12, 31), 12, date(2025, 12, 31)),
    ],
)
def test_a_month_of_service_is_full_on_the_day_that_follows_it(start: date, months: int, day: date) -> None:
    assert months_after(start, months) == day


def test_nothing_before_twelve_months_and_twelve_days_on_that_very_day() -> None:
    assert on(date(2025, 3, 10)).left == 0
    assert on(date(2025, 3, 10)).coming.arises == date(2025, 3, 11)  # type: ignore[union-attr]
    assert on(date(2025, 3, 11)).left == 12
    assert on(date(2025, 3, 1), joined=date(2024, 2, 29)).left == 12
    assert on(date(2025, 2, 28), joined=date(2024, 2, 29)).left == 0


def test_what_is_unused_is_carried_over_in_part_and_for_a_while() -> None:
    used = run(date(2025, 5, 1), 4)
    assert on(date(2026, 3, 10), used).left == 8
    first = on(date(2026, 3, 11), used)
    assert (first.left, first.lapsed, first.entitled, first.used) == (18, 2, 24, 4)
    assert on(date(2026, 9, 10), used).left == 18
    assert on(date(2026, 9, 11), used).left == 12


def test_what_lapses_first_is_used_first() -> None:
    later = on(date(2026, 9, 11), run(date(2026, 4, 1), 5))
    assert later.left == 12
    assert on(date(2026, 4, 1), run(date(2026, 4, 1), 5)).left == 6 + 12 - 5


def test_of_the_last_year_no_more_is_carried_over_than_is_left() -> None:
    used = run(date(2025, 5, 1), 10)
    assert on(date(2026, 3, 11), used).left == 2 + 12


def test_what_is_booked_for_the_next_year_takes_nothing_of_this_one() -> None:
    booked = run(date(2026, 10, 1), 12)
    now = on(date(2025, 6, 1), booked)
    assert (now.left, now.booked) == (12, 0)
    early = on(date(2025, 6, 1), run(date(2025, 12, 1), 3))
    assert (early.left, early.booked, early.used) == (9, 3, 0)


def test_days_wanted_are_covered_only_beside_those_that_are_booked() -> None:
    booked = run(date(2025, 12, 1), 10)
    assert covered(JOINED, booked, run(date(2025, 6, 2), 2), law)
    assert not covered(JOINED, booked, run(date(2025, 6, 2), 3), law)
    assert not covered(JOINED, [], [date(2025, 3, 10)], law)
    assert covered(JOINED, [], run(date(2026, 3, 11), 18), law)
    assert not covered(JOINED, [], run(date(2026, 3, 11), 19), law)


def test_what_was_cancelled_long_after_is_there_again_as_far_as_it_has_not_lapsed() -> None:
    used = run(date(2025, 5, 1), 12)
    assert on(date(2026, 4, 1), used).left == 12
    assert on(date(2026, 4, 1), used[:-3]).left == 15
    assert on(date(2026, 10, 1), used[:-3]).left == 12


def test_who_has_left_is_given_nothing_more() -> None:
    assert on(date(2026, 4, 1), last=date(2026, 3, 10)).entitled == 12
    assert on(date(2026, 4, 1), last=date(2026, 3, 11)).entitled == 24


def test_the_rules_of_the_day_on_which_they_arise_hold() -> None:
    def changed(day: date) -> Terms:
        return Terms(days=14) if day >= date(2026, 1, 1) else LAW

    assert balance(JOINED, date(2025, 12, 31), [], changed).left == 12
    assert balance(JOINED, date(2026, 3, 11), [], changed).left == 6 + 14


def test_days_that_nothing_covers_are_told_apart() -> None:
    assert on(date(2025, 6, 1), run(date(2025, 3, 1), 3)).over == 3
    assert on(date(2025, 6, 1), run(date(2025, 3, 11), 14)).over == 2


DAYS = st.dates(date(2020, 1, 1), date(2028, 12, 31))
TERMS = st.builds(
    Terms, days=st.integers(12, 20), after_months=st.integers(0, 12), carry_days=st.integers(0, 20),
    carry_months=st.integers(0, 12),
)  # fmt: skip
JOININGS = st.one_of(
    DAYS, st.sampled_from([date(2020, 2, 29), date(2024, 2, 29), date(2023, 12, 31), date(2024, 1, 31)])
)


@settings(max_examples=300, deadline=None)
@given(joined=JOININGS, used=st.sets(DAYS, max_size=60), day=DAYS, terms=TERMS)
def test_every_day_that_arose_is_used_left_lapsed_or_booked(
    joined: date, used: set[date], day: date, terms: Terms
) -> None:
    found = balance(joined, day, used, lambda _day: terms)
    assert sum(len(one.uses) for one in found.lots) + found.over == len(used)
    for lot in found.lots:
        if lot.arises <= day:
            assert lot.left(day) + len(lot.uses) + lot.lapsed(day) == lot.days
            assert 0 <= lot.left(day) <= lot.days
            assert lot.lapsed(day) >= 0
            assert all(lot.arises <= use < lot.gone for use in lot.uses)


@settings(max_examples=300, deadline=None)
@given(joined=JOININGS, used=st.sets(DAYS, min_size=1, max_size=60), day=DAYS, terms=TERMS, which=st.integers(0, 59))
def test_a_day_cancelled_never_takes_anything(
    joined: date, used: set[date], day: date, terms: Terms, which: int
) -> None:
    before = balance(joined, day, used, lambda _day: terms)
    gone = sorted(used)[which % len(used)]
    after = balance(joined, day, used - {gone}, lambda _day: terms)
    assert after.left >= before.left
    assert before.over - 1 <= after.over <= before.over


@settings(max_examples=200, deadline=None)
@given(joined=JOININGS, terms=TERMS)
def test_years_follow_each_other_without_a_gap(joined: date, terms: Terms) -> None:
    lots = lots_of(joined, date(2040, 1, 1), lambda _day: terms)
    for one, following in pairwise(lots):
        assert one.ends == following.arises
        assert timedelta(days=364) <= following.arises - one.arises <= timedelta(days=367)
        assert one.gone >= one.ends


def test_the_roster_says_which_days_count_and_else_the_week_without_holidays() -> None:
    first, last = date(2026, 12, 21), date(2026, 12, 27)  # Monday to Sunday; Christmas on Friday
    holidays = holidays_between(first, last)
    assert date(2026, 12, 25) in holidays
    usual = days_counted(first, last, counted="working", planned={}, week=5, holidays=holidays)
    assert usual == [date(2026, 12, day) for day in (21, 22, 23, 24)]
    six = days_counted(first, last, counted="working", planned={}, week=6, holidays=holidays)
    assert date(2026, 12, 26) in six
    planned = {date(2026, 12, 25): True, date(2026, 12, 21): False, date(2026, 12, 27): True}
    rostered = days_counted(first, last, counted="working", planned=planned, week=5, holidays=holidays)
    assert rostered == [date(2026, 12, day) for day in (22, 23, 24, 25, 27)]
    assert len(days_counted(first, last, counted="calendar", planned=planned, week=5, holidays=holidays)) == 7


def test_holidays_are_those_of_the_law_and_no_joint_leave() -> None:
    assert date(2026, 8, 17) in public_holidays(2026)
    assert all(day.year == 2026 for day in public_holidays(2026))
