"""Forecasts kept: made by beat and by people, and the one in force (RTM-3)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from occ.errors import Invalid, NotAllowed, WrongState
from occ.home.beat import DUTIES
from occ.ledger.models import Entry
from occ.people.choices import Channel, Role
from realtime.choices import ForecastMethod
from realtime.forecasting import services
from realtime.forecasting.selectors import compared, days_in_force, forecast_for, total
from realtime.forecasting.services import evaluation_make, forecast_enter, forecast_make, forecasts_make
from realtime.models import Forecast, ForecastDay, ForecastEvaluation
from tests.factories import NOW, site, user
from tests.realtime.forecasts import AHT, TODAY, calls_in, lived

pytestmark = [pytest.mark.req("RTM-3"), pytest.mark.django_db]
MORNING = NOW - timedelta(hours=9)  # 01:00 WIB
VOICE = str(Channel.VOICE)


def enter(**given: object) -> Forecast:
    said = {"site": site(), "channel": VOICE, "day": TODAY, "start": time(10), "end": time(12), "reason": "Promo emas",
            "actor": user(Role.WFM, site()), "now": NOW}  # fmt: skip
    return forecast_enter(**{**said, **given})  # type: ignore[arg-type]


def test_beat_makes_it_once_a_night_for_what_is_served() -> None:
    lived(days=90)
    lived(channel=Channel.CHAT, days=20)
    assert forecasts_make(now=MORNING) == (2, 0)
    assert forecasts_make(now=MORNING) == (0, 0) == forecasts_make(now=NOW)
    made = Forecast.objects.get(channel=VOICE)
    assert (made.first_day, made.last_day) == (TODAY, TODAY + timedelta(days=13)), "the policy's fourteen days"
    assert made.knows_until == date(2026, 11, 19) and made.days_known == 90 and "scikit-learn" in made.version
    assert set(made.days.values_list("method", flat=True)) == {ForecastMethod.MODEL}
    assert set(ForecastDay.objects.filter(forecast__channel="chat").values_list("method", flat=True)) == {"seasonal"}
    assert Entry.objects.filter(action="forecast.made").count() == 2
    assert forecasts_make(now=MORNING + timedelta(days=1)) == (2, 0), "the next night"


def test_not_before_the_night_has_begun_and_after_days_asleep() -> None:
    lived()
    assert forecasts_make(now=NOW.replace(hour=17, minute=10)) == (0, 0), "00:10 WIB"
    assert DUTIES["forecasts"](NOW + timedelta(days=3)) == 1, "whenever now is"


def test_one_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lived(days=20)
    lived(days=20, channel=Channel.CHAT)
    real = services.forecast_nightly

    def faulty(where: object, channel: str, *rest: object) -> object:
        if channel == "chat":
            raise ArithmeticError
        return real(where, channel, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(services, "forecast_nightly", faulty)
    assert forecasts_make(now=NOW) == (1, 1)


def test_need_is_told_by_quarter_and_half_hour() -> None:
    lived()
    forecasts_make(now=MORNING)
    told = forecast_for(site(), VOICE, TODAY)
    assert len(told) == 96 and told[0][0] == datetime(2026, 11, 20, tzinfo=site().zone)
    meant, was = sum(volume for _at, volume, _aht in told), sum(calls_in(n, TODAY) for n in range(96))
    assert meant == pytest.approx(was, rel=0.05)
    assert told[45][2] == pytest.approx(AHT, rel=0.01), "with after-call work"
    halves = forecast_for(site(), VOICE, TODAY, minutes=30)
    assert len(halves) == 48 and halves[20][1] == pytest.approx(told[40][1] + told[41][1])
    assert forecast_for(site(), VOICE, TODAY + timedelta(days=40)) == []
    assert forecast_for(site("YGY"), VOICE, TODAY) == forecast_for(site(), "chat", TODAY) == []
    assert forecast_for(site(), VOICE, TODAY, at=MORNING - timedelta(hours=1)) == [], "nothing was in force then"


def test_who_enters_goes_before_beat_until_it_is_computed_by_hand() -> None:
    lived()
    forecasts_make(now=MORNING)
    before = forecast_for(site(), VOICE, TODAY)
    enter(percent=20)
    after = forecast_for(site(), VOICE, TODAY)
    assert after[40][1] == pytest.approx(1.2 * before[40][1]) and after[47][1] == pytest.approx(1.2 * before[47][1])
    assert after[48] == before[48] and after[39] == before[39] and after[40][2] == before[40][2]
    day, was = (days_in_force(site(), VOICE, [TODAY], at=at)[TODAY].spots[44] for at in (NOW, MORNING))
    assert day.low is not None and was.low is not None and day.low == pytest.approx(1.2 * was.low)
    enter(volume=800, now=NOW + timedelta(minutes=1))
    assert sum(one[1] for one in forecast_for(site(), VOICE, TODAY)[40:48]) == pytest.approx(800)
    enter(aht=500, start=time(23), end=None, now=NOW + timedelta(minutes=2))
    latest = forecast_for(site(), VOICE, TODAY)
    assert latest[95][2] == 500 and latest[91][2] == before[91][2] and latest[95][1] == before[95][1]
    assert forecasts_make(now=NOW + timedelta(minutes=3)) == (0, 0)
    tomorrow = enter(day=TODAY + timedelta(days=1), percent=-50, now=NOW + timedelta(minutes=4))
    forecasts_make(now=MORNING + timedelta(days=1))
    kept = days_in_force(site(), VOICE, [tomorrow.first_day])[tomorrow.first_day]
    assert kept.spots[40].forecast_id == tomorrow.pk, "beat's newer one does not undo what somebody said"
    made = forecast_make(
        site=site(),
        channel=VOICE,
        first=TODAY,
        last=TODAY,
        actor=user(Role.WFM, site()),
        now=NOW + timedelta(minutes=5),
    )
    assert {one.forecast_id for one in days_in_force(site(), VOICE, [TODAY])[TODAY].spots} == {made.pk}
    assert forecast_for(site(), VOICE, TODAY) == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"percent": 20, "start": time(12)}, "end"),
        ({"percent": 20, "start": time(10, 7)}, "start"),
        ({"percent": 20, "day": TODAY - timedelta(days=1)}, "day"),
        ({"percent": 20, "reason": "  "}, "reason"),
        ({"percent": 20, "volume": 3}, ""),
        ({}, ""),
        ({"volume": float("inf")}, "volume"),
        ({"volume": float("nan")}, "volume"),
        ({"percent": float("nan")}, "percent"),
        ({"percent": 20}, "percent"),  # nothing is forecast
        ({"aht": 0}, "aht"),
    ],
)
def test_nonsense_is_refused(given: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        enter(**given)
    assert (refused.value.field or "") == field and not Forecast.objects.exists()


def test_only_wfm_of_the_site_makes_forecasts() -> None:
    lived(days=3)
    for role, where in ((Role.RTFM, site()), (Role.WFM, site("YGY")), (Role.MANAGER, None)):
        with pytest.raises(NotAllowed):
            enter(volume=10, actor=user(role, where))
        with pytest.raises(NotAllowed):
            forecast_make(site=site(), channel=VOICE, first=TODAY, last=TODAY, actor=user(role, where), now=NOW)
    actor = user(Role.WFM, site())
    for first, last in ((TODAY - timedelta(days=1), TODAY), (TODAY, TODAY + timedelta(days=45))):
        with pytest.raises(Invalid):
            forecast_make(site=site(), channel=VOICE, first=first, last=last, actor=actor, now=NOW)
    with pytest.raises(WrongState):
        forecast_make(site=site(), channel="video", first=TODAY, last=TODAY, actor=actor, now=NOW)


def test_what_was_made_is_never_changed() -> None:
    made = enter(volume=10)
    for change in (
        lambda: Forecast.objects.filter(pk=made.pk).update(reason="x"),
        lambda: ForecastDay.objects.update(day=TODAY),
        lambda: ForecastDay.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        ForecastDay.objects.create(forecast=made, day=TODAY + timedelta(days=1), volume=[1.0], low=[], high=[], aht=[])


def test_against_what_came_as_it_was_in_force_when_the_day_began() -> None:
    lived()
    night = MORNING - timedelta(days=3)
    forecasts_make(now=night)  # of 17 November, 01:00: it is in force for the days from the 18th on
    actor, where = user(Role.WFM, site()), site()
    forecast_enter(site=where, channel=VOICE, day=TODAY, start=time(10), end=time(11), volume=5000, reason="Promo",
                   actor=actor, now=NOW)  # fmt: skip
    found = compared(where, VOICE, date(2026, 11, 16), TODAY, NOW)
    by_day = {one.day.day: one for one in found}
    assert by_day[date(2026, 11, 16)].accuracy is None and by_day[date(2026, 11, 17)].accuracy is None, "none in force"
    good = by_day[date(2026, 11, 18)].accuracy
    assert good is not None and good.wape is not None and good.wape < 10 and good.intervals == 24
    assert by_day[TODAY].accuracy is None and not by_day[TODAY].over, "today is not over"
    later = {one.day.day: one for one in compared(where, VOICE, TODAY, TODAY, NOW + timedelta(days=2))}
    assert later[TODAY].accuracy is None, "of a day of which nothing is told, nothing is known"
    assert sum(one.volume or 0 for one in later[TODAY].day.spots) < 1000, "what was entered later does not count"
    pooled = total(found)
    assert pooled is not None and pooled.intervals == 48


def test_comparing_a_month_takes_three_queries() -> None:
    lived(days=20)
    forecasts_make(now=MORNING)
    enter(volume=20)
    where = site()
    with CaptureQueriesContext(connection) as seen:
        compared(where, VOICE, date(2026, 11, 1), date(2026, 11, 30), NOW)
    assert len(seen) == 3


def test_wfm_evaluates_a_day_and_a_month() -> None:
    lived(days=70)
    forecasts_make(now=MORNING - timedelta(days=3))
    said = {"site": site(), "channel": VOICE, "remark": "Sesuai", "proposal": "Dua agent lebih pada jam 10",
            "actor": user(Role.WFM, site()), "now": NOW}  # fmt: skip
    day = evaluation_make(period="day", day=date(2026, 11, 18), **said)  # type: ignore[arg-type]
    month = evaluation_make(period="month", day=date(2026, 11, 18), **said)  # type: ignore[arg-type]
    assert month.day == date(2026, 11, 1) and day.wape is not None and day.real > 0 and month.real > day.real
    for period, when in (("day", TODAY), ("day", TODAY + timedelta(days=1)), ("month", date(2026, 12, 1))):
        with pytest.raises(Invalid):
            evaluation_make(period=period, day=when, **said)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        evaluation_make(period="day", day=date(2026, 11, 18), **{**said, "actor": user(Role.RTFM, site())})  # type: ignore[arg-type]
    with pytest.raises(DatabaseError), transaction.atomic():
        ForecastEvaluation.objects.update(remark="Lain")
