"""The forecast as such: pure, out of a history alone (RTM-3)."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from realtime.forecasting.calendar import Calendar, calendar_for
from realtime.forecasting.history import QUARTERS, History, history_of
from realtime.forecasting.measures import accuracy, compared, coverage, roll
from realtime.forecasting.model import AHEAD, AVERAGE, MODEL, SEASONAL, NoHistory, forecast

pytestmark = pytest.mark.req("RTM-3")
BANK = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "forecast" / "bank_calls_5min.csv"
MONDAY = date(2026, 7, 6)
CALENDAR = calendar_for(MONDAY, MONDAY + timedelta(days=200))


def made_up(days: int, *, first: date = MONDAY, noise: float = 0.1) -> History:
    """Open from 08:00 to 20:00, Mondays half as many again, weekends half; handling takes 300 s."""
    rng = np.random.default_rng(3)
    weekly = [1.5, 1.0, 1.0, 1.0, 1.1, 0.5, 0.5]
    shape = np.zeros(QUARTERS)
    shape[32:80] = 40 * np.sin(np.linspace(0.3, 2.8, 48))
    volume = np.vstack([
        shape * weekly[(first + timedelta(days=n)).weekday()] * rng.normal(1, noise, QUARTERS).clip(0.5, 1.5)
        for n in range(days)
    ])  # fmt: skip
    return History(first, volume, volume.copy(), volume * 300)


def after(history: History, days: int = 1) -> date:
    return history.first + timedelta(days=len(history) + days - 1)


@pytest.mark.shared_data
def test_day_ahead_it_is_better_than_last_week_by_a_fifth() -> None:
    """Every fourth day of the eight weeks that tests/benchmarks/forecast.py measures: each weekday twice."""
    with BANK.open() as lines:
        rows = [
            (at.date(), at.hour * 4 + at.minute // 15, float(row["calls"]), 0.0, 0.0)
            for row in csv.DictReader(lines)
            for at in (datetime.fromisoformat(row["starts_at"]),)
        ]
    history = history_of(rows, until=date(2003, 9, 27))
    calendar = calendar_for(history.first, date(2003, 9, 27), country="US", payday=15)
    rolled = roll(history, date(2003, 8, 4), calendar, every=4)
    found = compared(rolled)
    assert {one.made.method for one in rolled} == {MODEL} and found["ours"].intervals == 9 * 29
    assert found["ours"].wape is not None and found["naive"].wape is not None
    assert found["ours"].wape < 0.8 * found["naive"].wape, found
    assert 60 < coverage(rolled) < 95


def test_the_same_history_gives_the_same_forecast() -> None:
    history = made_up(90)
    first, again = (forecast(history, [after(history)], CALENDAR)[0] for _time in range(2))
    assert first.method == MODEL
    for name in ("volume", "low", "high", "aht"):
        assert np.array_equal(getattr(first, name), getattr(again, name)), name


@pytest.mark.parametrize("ahead", [1, 2, 5, 30])
def test_weekday_and_hour_are_learnt_however_far_ahead(ahead: int) -> None:
    history = made_up(120)
    day = after(history, ahead)
    made = forecast(history, [day], CALENDAR)[0]
    truth = made_up(120 + ahead, noise=0.0).of(day)
    assert truth is not None
    off = accuracy(zip(made.volume, truth, strict=True))
    assert off.wape is not None and off.wape < 8
    assert not made.volume[:32].any() and not made.volume[80:].any(), "nobody comes while it is shut"
    assert (made.low <= made.volume).all() and (made.volume <= made.high).all() and (made.low >= 0).all()
    assert made.aht[50] == pytest.approx(300, rel=0.01)


def test_what_comes_later_changes_nothing() -> None:
    history = made_up(80)
    first = MONDAY + timedelta(days=75)
    known = roll(history, first, CALENDAR, every=10)[0]
    other = History(history.first, history.volume.copy(), history.handled, history.seconds)
    other.volume[75:] *= 10
    assert np.array_equal(roll(other, first, CALENDAR, every=10)[0].made.volume, known.made.volume)


def test_a_day_that_is_not_known_is_no_empty_day() -> None:
    whole, holed = made_up(90), made_up(90)
    holed.volume[60:63] = np.nan
    day = after(whole)
    was, now = (forecast(one, [day], CALENDAR)[0].volume.sum() for one in (whole, holed))
    assert now == pytest.approx(was, rel=0.1)


@pytest.mark.parametrize(("days", "method"), [(1, AVERAGE), (13, AVERAGE), (14, SEASONAL), (55, SEASONAL), (70, MODEL)])
def test_too_short_a_history_is_averaged_and_says_so(days: int, method: str) -> None:
    history = made_up(days)
    made = forecast(history, [after(history)], CALENDAR)[0]
    assert made.method == method and made.volume.sum() > 0
    assert (made.low <= made.volume).all() and (made.volume <= made.high).all()


def test_nothing_known_and_too_far_are_refused() -> None:
    with pytest.raises(NoHistory):
        forecast(history_of([], until=MONDAY), [MONDAY], CALENDAR)
    history = made_up(30)
    for ahead in (0, AHEAD[-1] + 1):
        with pytest.raises(ValueError):
            forecast(history, [after(history, ahead)], CALENDAR)


def test_calls_without_a_timed_handling_have_no_aht() -> None:
    history = made_up(20)
    untimed = History(history.first, history.volume, history.handled * 0, history.seconds * 0)
    assert np.isnan(forecast(untimed, [after(untimed)], CALENDAR)[0].aht).all()


def test_paydays_and_indonesian_holidays() -> None:
    calendar = Calendar("ID", 25, (2025, 2027))
    assert calendar.payday_of(2026, 10) == date(2026, 10, 23), "the 25th is a Sunday"
    assert calendar.payday_of(2026, 12) == date(2026, 12, 23), "the 25th is Christmas, the 24th cuti bersama"
    assert Calendar("ID", 31, (2025, 2027)).payday_of(2026, 2) == date(2026, 2, 27), "28 February is a Saturday"
    assert calendar.facts(date(2026, 8, 17)).holiday, "Independence Day"
    assert calendar.facts(date(2026, 8, 18)).since_holiday == 1
    assert calendar.facts(date(2026, 8, 16)).until_holiday == 1
    assert calendar.facts(date(2026, 10, 24)).since_payday == 1
    assert calendar.facts(date(2026, 10, 22)).since_payday == 27, "25 September was the last one"


def test_wape_and_bias_by_hand() -> None:
    found = accuracy([(10, 8), (5, 10), (0, 2)])
    assert found.wape == pytest.approx(100 * (2 + 5 + 2) / 20) and found.bias == pytest.approx(100 * (15 - 20) / 20)
    assert accuracy([(3, 0)]).wape is None


def test_rows_become_days() -> None:
    history = history_of([(MONDAY, 40, 3, 2, 600), (MONDAY + timedelta(days=2), 0, 1, 0, 0)], until=date(2026, 7, 9))
    assert len(history) == 3 and list(history.known) == [True, False, True]
    assert history.volume[0].sum() == 3 and history.volume[0, 41] == 0
    assert history.until(date(2026, 7, 7)).volume.shape == (1, QUARTERS)
