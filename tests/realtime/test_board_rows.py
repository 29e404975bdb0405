"""What the board says of one agent, and when it changes by itself (RTM-5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from occ.policies.registry import DEFINITIONS
from realtime.choices import Activity, AgentState, AuxReason
from realtime.floorwatch.adherence import AT, COLUMNS, TABLE, Adherence, adherence, reason_of
from realtime.floorwatch.rows import TICK, House, Known, Row, Who
from realtime.models import Source
from realtime.rostering.plan import Planned, parts_of
from tests.realtime.floors import MORNING, wib

pytestmark = pytest.mark.req("RTM-5")
NINE = wib(9)
WHO = Who("p1", "Sari", "N1", 1, 1, "JKT", 1, "Tim A")
START, END = wib(8), wib(17)
SHIFT = Planned(1, START.date(), "shift", "P", START, END, parts_of(START, END, MORNING), "voice")


def house(now: datetime, **fields: Any) -> House:
    one = Source(pk=1, code="omni", received_at=now, **fields)
    return House({1: one}, lambda key, site: DEFINITIONS[key].default)


def known(state: str, since: datetime, **fields: Any) -> Known:
    given = {"reason": "", "heard_at": since, "first_at": START} | fields
    return Known(1, 1, "voice", state, since=since, **given)  # type: ignore[arg-type]


def row(one: Known | None, now: datetime = NINE, shift: Planned | None = SHIFT, **source: Any) -> Row:
    given = {"each_agent": False} | source
    return Row(WHO, shift, one, house(now, **given), now)


@pytest.mark.parametrize(
    ("state", "reason", "activity", "verdict"),
    [
        ("available", "", "work", "in"), ("wrapup", "", "work", "in"), ("offline", "", "work", "out"),
        ("aux", "istirahat", "work", "out"), ("aux", "system", "work", "neutral"), ("aux", "toilet", "work", "out"),
        ("aux", "sholat", "break", "in"), ("aux", "toilet", "meal", "in"), ("available", "", "meal", "out"),
        ("busy", "", "break", "neutral"), ("offline", "", "meal", "neutral"), ("offline", "", "", "in"),
        ("busy", "", "", "neutral"), ("aux", "coaching", "briefing", "in"), ("offline", "", "briefing", "out"),
        ("offline", "", "training", "neutral"), ("unknown", "", "work", "unknown"), ("unknown", "", "", "unknown"),
    ],
)  # fmt: skip
def test_the_table_of_adherence(state: str, reason: str, activity: str, verdict: str) -> None:
    assert adherence(state, reason, activity) == verdict


def test_the_table_knows_every_activity_and_state() -> None:
    assert set(TABLE) == {"", *Activity.values}
    assert len(AT) == len(TABLE) * len(COLUMNS)
    for activity in TABLE:
        for state in AgentState.values:
            for reason in ["", *AuxReason.values]:
                assert adherence(state, reason, activity) in Adherence.values
    assert (reason_of(" Makan "), reason_of("ganti baju"), reason_of("")) == ("meal", "other", "other")


@pytest.mark.parametrize(
    ("state", "reason", "since", "used", "over"),
    [
        ("busy", "", NINE, 901, True),
        ("busy", "", NINE, 900, False),  # ended, back at work
        ("aux", "toilet", wib(8, 50), 300, False),
        ("aux", "toilet", wib(8, 50), 301, True),  # it goes on
        ("aux", "meal", wib(8, 50), 901, True),  # another one is used up already
    ],
)
def test_a_quota_that_is_used_up_stays_so_for_the_shift(
    state: str, reason: str, since: datetime, used: int, over: bool
) -> None:
    one = row(known(state, since, reason=reason, aux={"toilet": used}))
    assert one.said()["aux_over"] is over
    assert (one.need == "aux") is (over and reason == "toilet"), "who is back at work needs something else"


def test_at_work_and_in_a_break_that_is_due() -> None:
    one = row(known("busy", wib(8, 50)))
    assert (one.verdict, one.need, one.activity, one.late) == ("in", "in", "work", 0)
    assert one.until == wib(10), "the break begins"
    resting = row(known("aux", wib(10), reason="break"), wib(10, 5))
    assert (resting.verdict, resting.need, resting.activity_until) == ("in", "in", wib(10, 15))


def test_late_is_silent_within_the_grace_and_counts_whole_beyond_it() -> None:
    absent = row(None, wib(8, 5))
    assert (absent.need, absent.late, absent.until) == ("neutral", 0, wib(8, 5) + TICK)
    absent = row(None, wib(8, 6))
    assert (absent.need, absent.late, absent.verdict) == ("absent", 6, "out")
    assert absent.until == wib(8, 7)
    assert row(known("available", wib(8, 12), first_at=wib(8, 12))).late == 12
    assert row(known("available", wib(8, 4), first_at=wib(8, 4))).late == 0


def test_gone_before_the_end_but_not_who_was_cut_off_or_rests() -> None:
    left = known("offline", wib(16), first_at=START)
    assert (row(left, wib(16, 1)).need, row(left, wib(16, 1)).early) == ("neutral", 0)
    gone = row(left, wib(16, 3))
    assert (gone.need, gone.verdict, gone.early) == ("gone", "out", 60)
    assert row(known("offline", wib(12)), wib(12, 30)).need == "neutral", "a meal away from the desk"
    assert row(left, wib(17, 10)).need == "off"
    assert row(left, wib(17, 10)).early == 60


def test_aux_beyond_what_is_allowed() -> None:
    one = known("aux", wib(8, 50), reason="toilet", aux={"toilet": 600, "break": 300})
    before = row(one, wib(8, 54))
    assert (before.need, before.aux) == ("out", [("break", 300, 900), ("toilet", 600, 900)])
    assert before.until == wib(8, 55) + TICK
    assert row(one, wib(8, 56)).need == "aux"


@pytest.mark.req("RTM-7")
@pytest.mark.parametrize("fields", [{"down_since": wib(8, 30)}, {"active": False}])
def test_who_is_told_of_by_a_feed_that_is_down_is_unknown_and_never_absent(fields: dict[str, Any]) -> None:
    one = row(known("busy", wib(8, 50)), **fields)
    assert (one.stale, one.verdict, one.need) == (True, "unknown", "unknown")
    assert one.said()["heard_at"] == "2026-11-20T01:50:00Z"


@pytest.mark.req("RTM-7")
def test_who_has_not_come_is_unknown_while_the_feed_is_down() -> None:
    down = row(None, down_since=wib(8, 30))
    assert (down.stale, down.verdict, down.need, down.late, down.state) == (True, "unknown", "unknown", 0, "unknown")
    yesterday = row(known("offline", wib(17, day=19), first_at=None), down_since=wib(8, 30))
    assert (yesterday.verdict, yesterday.need, yesterday.late) == ("unknown", "unknown", 0)
    assert row(known("offline", wib(17, day=19), first_at=None)).need == "absent"


def test_a_silent_feed_makes_stale_after_twice_its_heartbeat() -> None:
    at = wib(8, 50)
    one = Source(pk=1, code="omni", received_at=at, each_agent=False)
    kept = House({1: one}, lambda key, site: DEFINITIONS[key].default)
    assert not Row(WHO, SHIFT, known("busy", at), kept, at + timedelta(seconds=120)).stale
    assert Row(WHO, SHIFT, known("busy", at), kept, at + timedelta(seconds=121)).stale


def test_an_agent_of_whom_nothing_is_heard_is_stale_alone() -> None:
    quiet = known("busy", wib(8, 30), heard_at=NINE - timedelta(seconds=121))
    assert row(quiet, each_agent=True).stale
    assert not row(quiet, each_agent=False).stale
    heard = known("busy", wib(8, 30), heard_at=NINE - timedelta(seconds=119))
    assert row(heard, each_agent=True).until == heard.heard_at + timedelta(seconds=120) + TICK
    out = known("offline", wib(8, 30), heard_at=wib(8, 30))
    assert not row(out, each_agent=True).stale, "who has logged out gives no sign of life"


def test_outside_the_shift() -> None:
    assert row(None, wib(7, 30)).need == "off"
    assert row(None, wib(7, 30)).activity_until == START
    early = row(known("available", wib(7, 50)), wib(7, 55))
    assert (early.need, early.verdict, early.late) == ("neutral", "neutral", 0)
    assert row(known("available", wib(8)), shift=None).need == "neutral"
