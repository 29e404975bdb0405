"""Which warning letter follows (SDM-5): the arithmetic of PP 35/2021, at its edges and over any history."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdm.discipline.levels import TERMINATION, Given, covering, in_force, next_level, valid_until

pytestmark = pytest.mark.req("SDM-5")
DAY = timedelta(days=1)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("issued", "months", "last"),
    [
        (date(2026, 1, 1), 6, date(2026, 6, 30)),
        (date(2026, 11, 20), 6, date(2027, 5, 19)),
        (date(2028, 2, 29), 6, date(2028, 8, 28)),  # begun on a leap day
        (date(2026, 8, 31), 6, date(2027, 2, 28)),  # February has no 31st: its last day
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2027, 8, 29), 6, date(2028, 2, 28)),
        (date(2026, 8, 29), 6, date(2027, 2, 28)),  # nor, in most years, a 29th
        (date(2027, 2, 28), 12, date(2028, 2, 27)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 30)),
        (date(2026, 7, 1), 6, date(2026, 12, 31)),  # the end of a year
    ],
)
def test_the_last_day_of_six_months(issued: date, months: int, last: date) -> None:
    assert valid_until(issued, months) == last


def sp(level: int, issued: date) -> Given:
    return Given(level, issued, valid_until(issued, 6))


def test_each_violation_inside_the_last_letter_raises_the_level_by_one() -> None:
    first = sp(1, date(2026, 1, 10))
    assert next_level([], date(2026, 1, 9)) == 1
    assert next_level([first], date(2026, 3, 1)) == 2
    second = sp(2, date(2026, 3, 5))
    assert next_level([first, second], date(2026, 4, 1)) == 3
    third = sp(3, date(2026, 4, 3))
    assert next_level([first, second, third], date(2026, 5, 1)) == TERMINATION


def test_the_last_day_is_within_and_the_next_is_not() -> None:
    first = sp(1, date(2026, 1, 10))
    assert first.valid_until == date(2026, 7, 9)
    assert (next_level([first], date(2026, 7, 9)), next_level([first], date(2026, 7, 10))) == (2, 1)


def test_the_day_of_the_letter_is_no_new_violation() -> None:
    first = sp(1, date(2026, 1, 10))
    assert covering([first], date(2026, 1, 10), date(2026, 1, 12)) == first
    assert covering([first], date(2026, 1, 11), date(2026, 1, 12)) is None
    assert next_level([first], date(2026, 1, 10)) == 1


def test_what_a_letter_answered_is_not_punished_again_once_it_is_over() -> None:
    first = sp(1, date(2026, 1, 10))
    assert covering([first], date(2026, 1, 5), date(2026, 8, 1)) == first
    assert covering([first], date(2026, 1, 11), date(2026, 8, 1)) is None


def test_after_a_higher_letter_is_over_the_lower_one_that_stands_counts() -> None:
    """SP 2 of January is over in August; an SP 1 given then begins anew, and is followed by SP 2."""
    rows = [sp(2, date(2026, 1, 10)), sp(1, date(2026, 8, 1))]
    assert next_level(rows, date(2026, 8, 2)) == 2


@given(st.lists(st.tuples(days, days), max_size=12))
def test_any_history_climbs_one_by_one_and_never_from_what_is_over(events: list[tuple[date, date]]) -> None:
    """Letters given by the rule, in the order of their days: each is one above one that was in force, or the first."""
    letters: list[Given] = []
    for issued, violated in sorted(events):
        if violated > issued or covering(letters, violated, issued):
            continue
        level = next_level(letters, violated)
        below = {one.level for one in in_force(letters, violated)}
        assert level == 1 or level - 1 in below
        assert 1 <= level <= TERMINATION
        if level == TERMINATION:
            assert 3 in below
            continue
        letters.append(sp(level, issued))
    for one in letters:
        if one.level > 1:
            assert any(
                other.level == one.level - 1 and other.issued_on <= one.issued_on for other in letters
            )  # fmt: skip


@given(days, st.integers(1, 24))
def test_validity_has_no_gap_and_no_overlap(issued: date, months: int) -> None:
    last = valid_until(issued, months)
    assert issued <= last
    assert 27 * months <= (last - issued + DAY).days <= 31 * months
    assert valid_until(issued + DAY, months) >= last


@given(days, days)
def test_two_at_once_for_one_violation_are_one_letter(violated: date, issued: date) -> None:
    """The second request of the same day finds the first one's letter, which answers it."""
    if violated <= issued:
        assert covering([sp(1, issued)], violated, issued) is not None
