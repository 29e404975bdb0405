"""What a shift came to, as a pure function (RTM-6, RTM-7, RTM-8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.attendance.judging import Rules, Shift, Span, joined, judge
from realtime.choices import AgentState
from realtime.formulas import adherence_percent, conformance_percent
from realtime.rostering.plan import Planned, parts_of
from tests.realtime.floors import MORNING, wib

pytestmark = pytest.mark.req("RTM-7")
RULES = Rules(allowed={"toilet": 15 * 60_000})
MINUTE = timedelta(minutes=1)
EIGHT, FIVE, LATER = wib(8), wib(17), wib(19)


def planned(start: datetime = EIGHT, hours: float = 9, breaks: Any = ()) -> Planned:
    end = start + timedelta(hours=hours)
    day = (start + timedelta(hours=7)).date()
    return Planned(1, day, "shift", "P", start, end, parts_of(start, end, list(breaks)))


def spans(*told: tuple[datetime, datetime, str]) -> list[Span]:
    """("aux:toilet" is AUX for that reason.)"""
    return [Span(start, end, *state.split(":")) for start, end, state in told]


def came(*told: tuple[datetime, datetime, str], now: datetime = LATER, deaf: Any = (), **more: Any) -> Shift:
    return judge(more.pop("shift", planned()), spans(*told), deaf, rules=RULES, now=now, **more)


@pytest.mark.parametrize(
    ("minutes", "late", "status"),
    [(-30, 0, "present"), (0, 0, "present"), (5, 0, "present"), (6, 6, "late"), (90, 90, "late")],
)
def test_the_grace_silences_and_beyond_it_all_of_the_lateness_counts(minutes: int, late: int, status: str) -> None:
    found = came((EIGHT + minutes * MINUTE, FIVE, "available"))
    assert (found.late_ms, found.status) == (late * 60_000, status)


@pytest.mark.parametrize(("minutes", "early"), [(0, 0), (5, 0), (6, 6), (60, 60)])
def test_who_leaves_early(minutes: int, early: int) -> None:
    found = came((EIGHT, FIVE - minutes * MINUTE, "available"))
    assert (found.early_ms, found.logout_at) == (early * 60_000, FIVE - minutes * MINUTE)


@pytest.mark.parametrize(("seconds", "drops", "out"), [(119, 1, 0), (120, 1, 0), (121, 0, 121)])
def test_back_within_two_minutes_is_a_drop_and_no_logout(seconds: int, drops: int, out: int) -> None:
    ten = wib(10)
    found = came((EIGHT, ten, "available"), (ten + timedelta(seconds=seconds), FIVE, "available"))
    assert (found.drops, found.out_ms, found.neutral_ms) == (drops, out * 1000, seconds * 1000 if drops else 0)


def test_a_forgotten_logout_is_closed_an_hour_after_the_end_and_marked() -> None:
    found = came((EIGHT, wib(23), "available"), now=wib(23))
    assert (found.logout_at, found.forgotten) == (FIVE + 60 * MINUTE, True)
    going_on = came((EIGHT, wib(17, 30), "available"), now=wib(17, 30))
    assert (going_on.logout_at, going_on.forgotten) == (None, False)


def test_who_never_came_is_awaited_then_absent_and_never_so_where_nobody_could_hear() -> None:
    assert came(now=EIGHT + 5 * MINUTE).status == "awaited"
    assert came(now=EIGHT + 6 * MINUTE).status == "absent"
    assert came().status == "absent" and came().out_ms == 9 * 3_600_000
    unheard = came(deaf=[(wib(7), wib(9))])
    assert (unheard.status, unheard.unknown_ms, unheard.out_ms) == ("unknown", 3_600_000, 8 * 3_600_000)


def test_who_may_have_come_while_nobody_could_hear_is_late_as_far_as_is_known() -> None:
    found = came((wib(9), FIVE, "available"), deaf=[(wib(7, 50), wib(9))])
    assert (found.status, found.late_ms, found.unknown_ms) == ("present", 0, 3_600_000)
    found = came((wib(9), FIVE, "available"), deaf=[(wib(8, 20), wib(9))])
    assert (found.status, found.late_ms) == ("late", 20 * 60_000)
    left = came((EIGHT, wib(16), "available"), deaf=[(wib(16), wib(18))])
    assert (left.early_ms, left.logout_at) == (0, None), "nobody knows when they left"


@pytest.mark.req("RTM-8")
def test_the_table_judges_every_minute_and_aux_is_held_against_its_allowance() -> None:
    """break 10:00 to 10:15, meal 12:00 to 13:00"""
    found = came(
        (EIGHT, wib(10), "available"), (wib(10), wib(10, 15), "aux:istirahat"), (wib(10, 15), wib(11), "busy"),
        (wib(11), wib(11, 20), "aux:toilet"), (wib(11, 20), wib(12), "available"), (wib(12), wib(13), "aux:meal"),
        (wib(13), wib(13, 30), "aux:system"), (wib(13, 30), FIVE, "available"), shift=planned(breaks=MORNING),
    )  # fmt: skip
    assert found.aux == {"break": 900_000, "meal": 3_600_000, "toilet": 1_200_000, "system": 1_800_000}
    assert found.over_ms == 5 * 60_000
    assert (found.out_ms, found.neutral_ms) == (20 * 60_000, 30 * 60_000)
    assert found.in_ms == (9 * 60 - 20 - 30) * 60_000
    assert adherence_percent(found.in_ms, found.out_ms) == pytest.approx(100 * 490 / 510)
    assert found.planned_ms == (9 * 60 - 75) * 60_000 and found.worked_ms == (9 * 60 - 95) * 60_000
    assert conformance_percent(found.worked_ms, found.planned_ms) == pytest.approx(100 * 445 / 465)


def test_conformance_may_pass_a_hundred_and_nothing_planned_has_none() -> None:
    found = came((wib(7), wib(18), "available"))
    assert conformance_percent(found.worked_ms, found.planned_ms) == pytest.approx(100 * 11 / 9)
    assert adherence_percent(0, 0) is None and conformance_percent(5, 0) is None


def test_a_night_shift_is_one_thing_and_has_its_own_neighbours() -> None:
    """22:00 to 07:00, then 15:00 to 23:00 of the same calendar day."""
    night = planned(wib(22), 9)
    late = planned(wib(15, day=21), 8)
    told = ((wib(21, 55), wib(7, 30, day=21), "available"), (wib(14, 30, day=21), wib(23, day=21), "available"))
    first = came(*told, shift=night, after=late, now=wib(23, 59, day=21))
    second = came(*told, shift=late, before=night, now=wib(9, day=22))
    assert night.day == date(2026, 11, 20) and (first.login_at, first.logout_at) == (told[0][0], told[0][1])
    assert (second.login_at, second.logout_at) == (told[1][0], told[1][1])
    assert not first.late_ms and not first.early_ms and not second.late_ms and not second.early_ms


def test_two_applications_at_once_are_one_person() -> None:
    found = joined(
        spans((EIGHT, FIVE, "aux:meal"), (wib(9), wib(10), "busy"), (wib(9, 30), wib(11), "offline")), [], EIGHT, FIVE
    )
    assert [(one.starts_at, one.state) for one in found] == [
        (EIGHT, "aux"), (wib(9), "busy"), (wib(10), "aux"),
    ]  # fmt: skip


STATES = [str(one) for one in AgentState]
times = st.integers(-120, 780).map(lambda n: EIGHT + n * MINUTE)
told_spans = st.lists(st.tuples(times, times, st.sampled_from(STATES)), max_size=12).map(
    lambda found: [(min(a, b), max(a, b), state) for a, b, state in found if a != b]
)


@given(told_spans, st.lists(st.tuples(times, times).map(sorted), max_size=3), times)
def test_every_minute_is_judged_once_whatever_was_told(told: Any, deaf: Any, now: datetime) -> None:
    shift = planned(breaks=MORNING)
    found = came(*told, deaf=deaf, now=now, shift=shift)
    elapsed = max(timedelta(0), min(now, FIVE) - EIGHT)
    assert found.in_ms + found.out_ms + found.neutral_ms + found.unknown_ms == elapsed // timedelta(milliseconds=1)
    assert found.late_ms >= 0 and found.early_ms >= 0 and found.worked_ms <= 12 * 3_600_000
    if found.status == "absent":
        assert not found.unknown_ms and not found.login_at
    line = joined(spans(*told), deaf, EIGHT, FIVE)
    assert line[0].starts_at == EIGHT and line[-1].ends_at == FIVE
    assert all(a.ends_at == b.starts_at for a, b in pairwise(line))


def test_while_the_shift_goes_on_both_shares_are_up_to_now() -> None:
    noon = wib(12)
    found = came((EIGHT, noon, "available"), now=noon)
    assert adherence_percent(found.in_ms, found.out_ms) == conformance_percent(found.worked_ms, found.planned_ms) == 100
    assert came((EIGHT, FIVE, "available")).planned_ms == 9 * 3_600_000, "of one that is over it is the whole"
