"""What is wrong with a roster (RTM-2): the rules at their edges, without a database; and need against cover."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from occ.people.choices import Channel, Role
from occ.people.hindrances import LEAVE, USER_ID, Hindrance
from occ.people.models import Person
from occ.policies.services import policy_set
from realtime import erlang
from realtime.choices import FindingCode as F
from realtime.forecasting.services import forecast_enter
from realtime.models import Interval
from realtime.policies import REST, SHRINKAGE
from realtime.rostering.checking import Facts, Limits, Worked, findings_of, limits_at, unled
from realtime.rostering.need import Expected, Forecast, agents_for, slots
from realtime.rostering.plan import Planned, parts_of
from realtime.rostering.words import words
from tests.factories import NOW, Floor, user
from tests.realtime.floors import MORNING

pytestmark = pytest.mark.req("RTM-2")
MONDAY = date(2026, 12, 7)
LIMITS = Limits(timedelta(hours=11), 40 * 60, 6, 0, {}, frozenset({F.REST, F.DOUBLE}))


def at(day: int, hour: float) -> datetime:
    return datetime(2026, 12, 7, tzinfo=UTC) + timedelta(days=day, hours=hour)


def shift(day: int, start: float = 0, hours: float = 9, person: int = 1, **fields: Any) -> Worked:
    given = {"shift_id": 1, "paid": 480, "leads": False, "channel": ""} | fields
    return Worked(
        person, MONDAY + timedelta(days=day), starts_at=at(day, start), ends_at=at(day, start + hours), **given
    )


def found(*worked: Worked, limits: Limits = LIMITS, days: int = 7, **facts: Any) -> list[tuple[str, int]]:
    """(code, day after Monday) of what is found."""
    person = Person(pk=1, number="N1", name="Sari", joined_on=date(2024, 1, 1))
    given: dict[str, Any] = {
        "planned": {(one.person_id, one.day) for one in worked}, "people": {1: person}, "present": {},
        "channels": {1: ["voice"]}, "hindered": {},
    } | facts  # fmt: skip
    wanted = [MONDAY + timedelta(days=n) for n in range(days)]
    got = findings_of(Facts(list(worked), **given), limits, wanted)
    return [(str(one.code), (one.day - MONDAY).days) for one in got]


def test_eleven_hours_of_rest_to_the_minute() -> None:
    assert found(shift(0, 0), shift(0, 20)) == []
    assert found(shift(0, 0), shift(1, -4)) == []  # 9 to 20
    assert found(shift(0, 0), shift(1, -4 - 1 / 60)) == [("rest", 1)]


def test_two_shifts_at_once() -> None:
    assert found(shift(0, 20), shift(1, 4)) == [("double", 1)]
    assert found(shift(0, 20), shift(1, 5)) == [("rest", 1)], "one begins as the other ends"


def test_a_day_of_another_site_is_double_also_where_the_shifts_do_not_touch() -> None:
    assert found(shift(0, 0), shift(0, 23, own=False)) == [("double", 0)]
    assert found(shift(0, 0), shift(0, 4, own=False)) == [("double", 0)], "told once"


def test_a_neighbouring_months_shift_counts_but_is_not_found() -> None:
    before = shift(-1, 20, own=False)
    assert found(before, shift(0, 6)) == [("rest", 0)]
    after = shift(1, -5, own=False)
    assert found(shift(0, 0), after) == [("rest", 0)], "told at the own one"
    assert found(before, shift(0, 6, own=False)) == []


def test_forty_hours_from_monday_to_sunday() -> None:
    week = [shift(day) for day in range(5)]
    assert found(*week) == []
    assert found(*week, shift(5, paid=30)) == [("hours", 5)]
    assert found(*week[1:], shift(-1, paid=480), days=5) == [], "the Sunday before is another week's"


def test_six_days_in_a_row() -> None:
    limits = Limits(timedelta(0), 9e9, 6, 0, {}, frozenset())
    assert found(*[shift(day) for day in range(6)], limits=limits) == []
    assert found(*[shift(day) for day in range(7)], limits=limits) == [("in_row", 6)]
    assert found(shift(-1, own=False), *[shift(day) for day in range(6)], limits=limits) == [("in_row", 5)]
    assert found(*[shift(day) for day in (0, 1, 2, 4, 5, 6)], limits=limits) == []


def test_who_is_not_there() -> None:
    gone = Person(pk=1, number="N1", name="Sari", joined_on=date(2026, 12, 8), last_working_day=date(2026, 12, 9))
    assert found(*[shift(day) for day in range(4)], people={1: gone}) == [("leaver", 0), ("leaver", 3)]
    hindered = {1: [Hindrance(1, MONDAY, MONDAY, LEAVE), Hindrance(1, MONDAY + timedelta(days=1), MONDAY + timedelta(
        days=1), USER_ID)]}  # fmt: skip
    assert found(*[shift(day) for day in range(3)], hindered=hindered) == [("leave", 0), ("user_id", 1)]
    led = [shift(day, leads=True) for day in range(3)]
    assert found(*led, hindered=hindered) == [("leave", 0)], "who leads the floor needs no ID of the application"


def test_who_is_missing() -> None:
    other = Person(pk=2, number="N2", name="Budi", joined_on=date(2026, 12, 8), last_working_day=date(2026, 12, 10))
    assert found(shift(0), present={2: other}) == [("missing", 1), ("missing", 2), ("missing", 3)]
    assert found(shift(0), present={2: other}, planned={(2, MONDAY + timedelta(days=2))}) == [
        ("missing", 1), ("missing", 3)
    ]  # fmt: skip


def test_skills_and_leaders_of_a_shift() -> None:
    limits = Limits(timedelta(0), 9e9, 31, 1, {"voice": 2, "chat": 1}, frozenset())
    two = [shift(0), shift(0, person=2)]
    lead = shift(0, person=9, leads=True, shift_id=2)
    given = {"limits": limits, "channels": {1: ["voice"], 2: ["voice", "chat"]}}
    assert found(*two, lead, **given) == []
    assert found(*two, **given) == [("leader", 0)]
    assert found(two[0], shift(0, person=2, channel="chat"), lead, **given) == [("skill", 0)], "planned for another"


def test_the_first_time_without_a_leader() -> None:
    leaders = [shift(0, 0, 4, leads=True), shift(0, 6, 4, leads=True)]
    assert unled(at(0, 0), at(0, 4), leaders, 1) is None
    assert unled(at(0, 0), at(0, 9), leaders, 1) == (at(0, 4), at(0, 6))
    assert unled(at(0, 0), at(0, 4), leaders, 2) == (at(0, 0), at(0, 4))
    assert unled(at(1, 0), at(1, 9), leaders, 1) == (at(1, 0), at(1, 9))


def test_limits_are_dated_policies(floor: Floor) -> None:
    later = NOW + timedelta(days=30)
    policy_set(key=REST, value=8, valid_from=later, reason="PKB", site=floor.jkt, actor=floor.manager, now=NOW)
    assert limits_at(floor.jkt.pk, NOW).rest == timedelta(hours=11)
    assert limits_at(floor.jkt.pk, later).rest == timedelta(hours=8)
    assert limits_at(floor.ygy.pk, later).rest == timedelta(hours=11)
    assert limits_at(floor.jkt.pk, NOW).skilled == {"voice": 1}


@pytest.mark.parametrize("code", [str(one) for one in F])
def test_each_finding_has_words(code: str, english: None) -> None:
    params = {
        "month": "2026-12", "last": "2026-12-01", "joined": "2026-12-01", "hours": 9.5, "least": 11, "most": 40,
        "days": 7, "channel": "voice", "people": 1, "from": at(0, 0).isoformat(), "to": at(0, 9).isoformat(),
        "slots": 2, "at": at(0, 3).isoformat(), "need": 10, "cover": 8.5,
    }  # fmt: skip
    said = words({"code": code, "params": params}, floor_zone())
    assert said and "%(" not in said


def floor_zone() -> Any:
    from occ.times import JAKARTA

    return JAKARTA


# Need and cover -------------------------------------------------------------------------------------------------------


def history(floor: Floor, weeks: int = 4, calls: int = 30) -> None:
    """Each Monday of the last weeks, 07:00 to 08:00 WIB: so many calls a quarter, of 450 s."""
    for week in range(1, weeks + 1):
        for quarter in range(4):
            Interval.objects.create(
                site=floor.jkt, channel=Channel.VOICE, computed_at=NOW, offered=calls + week, answered=calls,
                handled=calls, talk_ms=calls * 400_000, hold_ms=0, wrapup_ms=calls * 50_000,
                starts_at=at(-7 * week, 0) + timedelta(minutes=15 * quarter),
            )  # fmt: skip


def test_the_forecast_is_the_same_weekdays_mean(floor: Floor) -> None:
    history(floor)
    forecast = Forecast(floor.jkt, at(0, 0), at(1, 0), now=at(0, -12))
    expected = forecast.at(at(0, 0))
    assert expected == Expected(2 * (31 + 32 + 33 + 34) / 4, 450)
    assert forecast.at(at(0, 2)) is None, "nothing is known of that time"
    tuesday = Forecast(floor.jkt, at(1, 0), at(2, 0), now=at(0, 12)).at(at(1, 0))
    assert tuesday is not None and 60 <= tuesday.calls <= 70, "of no Tuesday: of any day at that time"
    need = forecast.need(expected)
    load = erlang.Load(65, 1800, 450)
    for agents, good in ((need, True), (need - 1, False)):
        outcome = erlang.with_patience(load, agents, patience=240, within=20)
        assert (outcome.answered >= 0.9 and outcome.within >= 0.8) is good


@pytest.mark.req("RTM-3")
def test_a_forecast_that_is_kept_goes_before_history(floor: Floor) -> None:
    """Of two quarters that it tells of; of the rest history is asked."""
    history(floor)
    day, wfm = at(0, 0).astimezone(floor.jkt.zone).date(), user(Role.WFM, floor.jkt)
    when = {"site": floor.jkt, "channel": Channel.VOICE, "day": day, "actor": wfm, "now": at(0, -12)}
    forecast_enter(**when, start=time(7), end=time(7, 30), volume=100, aht=300, reason="promo")
    forecast = Forecast(floor.jkt, at(0, 0), at(1, 0), now=at(0, -12))
    foreseen, past = forecast.at(at(0, 0)), forecast.at(at(0, 0.5))
    assert foreseen is not None and past is not None
    assert (foreseen.handling, past.handling) == (300, 450)
    assert foreseen.calls > past.calls


def test_no_calls_need_nobody() -> None:
    assert agents_for(0, 450, 240, 0.9, 0.8, 20) == 0


def test_the_cover_is_who_works_then_less_shrinkage(floor: Floor) -> None:
    history(floor, calls=60)
    start, end = at(0, 0), at(0, 9)
    parts = parts_of(start, end, MORNING)
    plan = [Planned(n, MONDAY, "shift", "P", start, end, parts) for n in range(1, 11)]
    plan.append(Planned(11, MONDAY, "shift", "P", start, end, parts, channel="chat"))
    forecast = Forecast(floor.jkt, at(0, 0), at(1, 0), now=NOW)
    got = slots(floor.jkt, start, end, plan, set(range(1, 10)) | {11}, forecast=forecast, now=NOW)
    assert len(got) == 18
    assert got[0].cover == 8.1, "nine can take calls, one in ten is lost; one is planned for chat"
    assert got[4].cover == 4.05, "at 09:00 half of the half-hour is a break"
    assert got[8].cover == 0, "the meal"
    assert got[0].short and got[0].need and got[0].need > 8
    assert (got[6].need, got[6].short) == (None, False)
    policy_set(key=SHRINKAGE, value=0, valid_from=NOW, reason="x", site=None, actor=floor.manager, now=NOW)
    assert slots(floor.jkt, start, end, plan, {1}, forecast=forecast, now=NOW)[0].cover == 1


def test_a_half_hour_in_which_all_rest_is_told_so() -> None:
    given = {"slots": 1, "at": "2026-12-10T04:30:00+00:00", "need": 5, "cover": 0.0}
    zone = ZoneInfo("Asia/Jakarta")
    kept = {"code": "cover", "params": given}
    assert "istirahat" not in words(kept, zone) and "0" in words(kept, zone)
    kept["params"] = given | {"resting": 6}
    assert "semua 6" in words(kept, zone) and "istirahat" in words(kept, zone)
