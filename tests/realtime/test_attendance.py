"""Attendance from events and rosters: kept, corrected, confirmed and handed over (RTM-6, RTM-7, RTM-8)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connections, transaction

from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import Person
from realtime.choices import AttendanceStatus
from realtime.models import (
    AgentSegment,
    Alert,
    AttendanceMark,
    Headcount,
    RosterLine,
    ShiftCorrection,
    ShiftRecord,
    Source,
)
from realtime.policies import HEADCOUNT
from realtime.services import attendance, headcounts
from tests.factories import DAY, Floor, person, user
from tests.realtime.conftest import event
from tests.realtime.floors import past_triggers, rostered, shift, source, wib

pytestmark = [pytest.mark.req("RTM-6"), pytest.mark.django_db]
NIGHT = wib(19)
Tell = Callable[..., Any]


@pytest.fixture(autouse=True)
def heard(floor: Floor) -> None:
    """The applications have told of somebody there long since."""
    AgentSegment.objects.create(
        source=source("old", active=False), agent="x", site=floor.jkt, starts_at=wib(1, day=1), ends_at=wib(2, day=1),
        state="available",
    )  # fmt: skip


def login(agent: Person, at: datetime, **more: Any) -> dict[str, Any]:
    return event("agent.login", at, agent=agent.number, **more)


def logout(agent: Person, at: datetime) -> dict[str, Any]:
    return event("agent.logout", at, agent=agent.number)


def keep(now: datetime = NIGHT) -> dict[int, ShiftRecord]:
    attendance.records_keep(now=now)
    return {one.person_id: one for one in ShiftRecord.objects.all()}


def test_a_day_is_kept_once_it_is_over_and_made_anew_when_more_is_told(floor: Floor, tell: Tell) -> None:
    other = person(floor.jkt, team=floor.team)
    for one in (floor.agent, other):
        rostered(one, wib(8))
    tell(login(floor.agent, wib(8, 10)), logout(floor.agent, wib(17)), now=wib(17, 1))
    assert not keep(wib(18)), "a forgotten log-out may still end"
    found = keep(wib(18, 16))
    assert (found[floor.agent.pk].status, found[floor.agent.pk].late_ms) == ("late", 600_000)
    assert found[other.pk].status == "absent"
    assert attendance.records_keep(now=NIGHT) == 0, "the same again is the same"
    tell(login(other, wib(8)), logout(other, wib(17)), now=NIGHT)  # it comes late
    assert ShiftRecord.objects.get(person=other).stale
    assert keep()[other.pk].status == "present"
    assert not ShiftCorrection.objects.exists(), "not yet settled"


@pytest.mark.req("RTM-7")
def test_what_changes_after_all_had_settled_is_a_correction_that_stays(floor: Floor, tell: Tell) -> None:
    rostered(floor.agent, wib(8))
    tell(login(floor.agent, wib(8)), logout(floor.agent, wib(17)), now=NIGHT)
    keep()
    settled = wib(20, day=21)
    keep(settled)
    record = ShiftRecord.objects.get()
    assert record.computed_at == settled and record.corrections == 0
    tell(event("agent.state", wib(9), agent=floor.agent.number, state="aux", reason="toilet"), now=settled)
    record = keep(settled + timedelta(hours=1))[floor.agent.pk]
    found = ShiftCorrection.objects.get()
    assert record.corrections == 1 and record.aux == found.after["aux"] and found.before["aux"] == {}
    with pytest.raises(IntegrityError), transaction.atomic():
        found.delete()


def test_a_changed_roster_makes_it_anew_and_a_line_that_went_takes_it_along(floor: Floor, tell: Tell) -> None:
    line = rostered(floor.agent, wib(8))
    tell(login(floor.agent, wib(9)), logout(floor.agent, wib(18)), now=NIGHT)
    assert keep()[floor.agent.pk].status == "late"
    line.starts_at, line.ends_at = wib(9), wib(18)
    with past_triggers():
        line.save()
    assert keep(wib(20))[floor.agent.pk].status == "present"
    with past_triggers():
        line.delete()
    attendance.records_make(site=floor.jkt, day=DAY, now=wib(20))
    assert not ShiftRecord.objects.exists()


def test_leave_is_no_absence(floor: Floor) -> None:
    line = rostered(floor.agent, wib(8))
    line.kind, line.shift, line.starts_at, line.ends_at = "sick", None, None, None
    with past_triggers():
        line.save()
    assert keep(wib(1, day=21))[floor.agent.pk].status == "sick"


def test_a_source_that_was_away_makes_unknown_and_not_absent(floor: Floor, tell: Tell) -> None:
    """It says so; or an alert said so."""
    rostered(floor.agent, wib(8))
    tell(event("feed.down", wib(7, 30)), event("feed.up", wib(9)), now=NIGHT)
    assert keep()[floor.agent.pk].status == "unknown"
    ShiftRecord.objects.all().delete()
    Source.objects.update(active=False)
    rostered(other := person(floor.jkt), wib(8))
    Source.objects.create(code="chat", name="Chat", received_at=NIGHT)
    assert keep()[other.pk].status == "absent"
    Alert.objects.create(
        site=floor.jkt, kind="source", about="chat", opened_at=wib(10), closed_at=wib(11), seen_at=wib(11),
        figures={"silent_seconds": 900},
    )  # fmt: skip
    assert attendance.deaf_times(floor.jkt, wib(6), NIGHT, NIGHT) == [(wib(9, 45), wib(11))]
    attendance.records_make(site=floor.jkt, day=DAY, now=NIGHT)
    assert ShiftRecord.objects.get(person=other).status == "unknown"


def test_before_anything_was_told_nobody_is_absent(floor: Floor, tell: Tell) -> None:
    AgentSegment.objects.all().delete()
    for one in (floor.agent, person(floor.jkt)):
        rostered(one, wib(8))
    assert {one.status for one in keep().values()} == {"unknown"}
    tell(login(floor.agent, wib(14)), logout(floor.agent, wib(17)), now=NIGHT)  # connected at two
    attendance.records_make(site=floor.jkt, day=DAY, now=NIGHT)
    found = {one.status: one for one in ShiftRecord.objects.all()}
    assert found.keys() == {"present", "unknown"} and found["present"].late_ms == 0
    assert found["present"].conformance == pytest.approx(100)


def test_a_state_that_nothing_ended_is_not_known_once_nobody_could_hear(floor: Floor, tell: Tell) -> None:
    rostered(floor.agent, wib(8))
    tell(login(floor.agent, wib(8)), event("feed.down", wib(10)), now=wib(12))
    found = attendance.days_judged(site=floor.jkt, first=DAY, last=DAY, now=wib(12))
    assert [(one.shift.status, one.shift.unknown_ms) for one in found] == [("present", 2 * 3_600_000)]


# Confirming ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def begun(floor: Floor, tell: Tell) -> Headcount:
    """Four of the morning: one there, one late, one absent, one of another shift."""
    people = [floor.agent, person(floor.jkt, team=floor.team), person(floor.jkt, team=floor.team)]
    for one in people:
        rostered(one, wib(8))
    rostered(person(floor.jkt), wib(14), code="S")
    tell(login(people[0], wib(7, 55)), login(people[1], wib(8, 20)), now=wib(8, 30))
    assert headcounts.headcounts_open(now=wib(8, 30)) == 1
    assert headcounts.headcounts_open(now=wib(8, 31)) == 0
    return Headcount.objects.get()


def test_the_numbers_of_a_shift_go_to_rtfm_with_one_click(floor: Floor, begun: Headcount) -> None:
    rtfm = user(Role.RTFM, floor.jkt)
    owed = Obligation.objects.get(rule=HEADCOUNT)
    assert (owed.due_at, owed.owner_role) == (wib(9), "team_leader")
    done = headcounts.headcount_hand(
        headcount_id=begun.pk, note="one is on the way", actor=floor.leader, now=wib(8, 31)
    )
    assert done.counts == {"rostered": 3, "there": 2, "absent": 1, "late": 1, "present": 1}
    assert Obligation.objects.get(rule=HEADCOUNT).state == "fulfilled"
    assert AttendanceMark.objects.filter(marked_by=floor.leader).count() == 2, "who is absent may still come"
    assert Notification.objects.filter(user=rtfm).get().params["there"] == 2
    with pytest.raises(WrongState):
        headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=floor.leader, now=wib(8, 32))
    with pytest.raises(InternalError), transaction.atomic():
        Headcount.objects.filter(pk=begun.pk).update(counts={})


def test_no_shift_is_handed_over_before_it_has_begun(floor: Floor) -> None:
    """Also where somebody's own hours under its code are earlier."""
    for one in (floor.agent, person(floor.jkt)):
        rostered(one, wib(8))
    rostered(person(floor.jkt), wib(3))
    assert headcounts.headcounts_open(now=wib(7, 59)) == 0
    assert headcounts.headcounts_open(now=wib(8)) == 1
    begun = Headcount.objects.get()
    assert (begun.starts_at, begun.ends_at) == (wib(8), wib(17))
    with pytest.raises(WrongState, match=r"mulai pukul 08\.00|mulai pukul 08:00"):
        headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=floor.leader, now=wib(7, 59))
    assert Headcount.objects.get().status == "open"


def test_who_is_not_known_must_be_said_and_another_word_needs_its_why(floor: Floor, begun: Headcount) -> None:
    absent = Person.objects.get(
        pk=next(d for d in headcounts.shift_days(begun, wib(8, 31)) if d.shift.status == "absent").planned.person_id
    )
    late = begun.starts_at + timedelta(minutes=31)
    tell_down(wib(7, 30), late)
    with pytest.raises(Invalid) as refused:
        headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=floor.leader, now=late)
    assert "1 agent" in str(refused.value)
    mark = {"person_id": absent.pk, "day": DAY, "actor": floor.leader, "now": late}
    with pytest.raises(Invalid) as refused:
        headcounts.attendance_mark(status="sick", note=" ", **mark)
    assert refused.value.field == "note"
    headcounts.attendance_mark(status="sick", note="called at 7, note to follow", **mark)
    done = headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=floor.leader, now=late)
    assert done.counts["sick"] == 1 and done.counts["there"] == 2
    later = headcounts.attendance_mark(
        person_id=absent.pk, day=DAY, status="permission", note="not ill after all", actor=floor.coordinator,
        now=late + timedelta(days=1),
    )  # fmt: skip
    assert later.history.count() == 2 and Headcount.objects.get().counts["sick"] == 1, "what was handed over stays"


def tell_down(at: datetime, now: datetime) -> None:
    from realtime.services.ingesting import events_take
    from realtime.services.working import arrivals_work

    events_take(events=[event("feed.down", at)], actor=user(Role.RTFM, None), now=now)
    arrivals_work(now=now)


@pytest.mark.parametrize("status", ["awaited", "unknown", "nonsense", ""])
def test_a_mark_says_something(floor: Floor, status: str) -> None:
    rostered(floor.agent, wib(8))
    with pytest.raises(Invalid):
        headcounts.attendance_mark(
            person_id=floor.agent.pk, day=DAY, status=status, note="x", actor=floor.leader, now=NIGHT
        )


def test_only_who_leads_there_marks_and_only_what_was_planned(floor: Floor, begun: Headcount) -> None:
    stranger = user(Role.TEAM_LEADER, floor.ygy)
    for actor in (stranger, floor.support):
        with pytest.raises(NotAllowed):
            headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=actor, now=wib(9))
        with pytest.raises(NotAllowed):
            headcounts.attendance_mark(
                person_id=floor.agent.pk, day=DAY, status="present", note="x", actor=actor, now=wib(9)
            )
    with pytest.raises(Invalid):
        headcounts.attendance_mark(
            person_id=floor.agent.pk, day=date(2026, 11, 25), status="sick", note="x", actor=floor.leader, now=wib(9)
        )


@pytest.mark.django_db(transaction=True)
def test_two_who_hand_over_at_once_hand_over_once(floor: Floor, tell: Tell) -> None:
    rostered(floor.agent, wib(8))
    tell(login(floor.agent, wib(8)), now=wib(8, 30))
    headcounts.headcounts_open(now=wib(8, 30))
    found, said = Headcount.objects.get(), []

    def hand() -> None:
        try:
            headcounts.headcount_hand(headcount_id=found.pk, note="", actor=floor.leader, now=wib(8, 31))
            said.append("done")
        except WrongState:
            said.append("refused")
        finally:
            connections.close_all()

    both = [threading.Thread(target=hand) for _one in range(2)]
    [one.start() for one in both]
    [one.join() for one in both]
    assert sorted(said) == ["done", "refused"] and AttendanceMark.objects.count() == 1


def test_standby_is_who_is_off_with_rest_before_and_after(floor: Floor, begun: Headcount) -> None:
    tired, free, gone = (person(floor.jkt) for _one in range(3))
    for one in (tired, free, gone):
        line = rostered(one, wib(8))
        line.kind, line.shift, line.starts_at, line.ends_at = "off", None, None, None
        with past_triggers():
            line.save()
    rostered(tired, wib(22, day=19), code="M")  # until seven of the morning itself
    Person.objects.filter(pk=gone.pk).update(last_working_day=DAY - timedelta(days=1))
    assert [one.person for one in headcounts.standby(begun)] == [free]


def test_every_status_can_be_shown() -> None:
    assert {one.value for one in headcounts.SAYABLE} == set(AttendanceStatus.values) - {"awaited", "unknown"}


def test_one_day_at_two_sites_has_one_record_and_stops_nobody(floor: Floor, tell: Tell) -> None:
    """A shift at Jakarta, leave at Yogyakarta: Jakarta's stands; and once only Yogyakarta knows the day, that one's."""
    rostered(floor.agent, wib(8))
    there = rostered(person(floor.ygy), wib(8)).roster
    with past_triggers():
        RosterLine.objects.create(roster=there, person=floor.agent, day=DAY, kind="leave")
    keep(wib(1, day=21))
    assert ShiftRecord.objects.get(person=floor.agent).site == floor.jkt and ShiftRecord.objects.count() == 2
    with past_triggers():
        RosterLine.objects.filter(person=floor.agent, kind="shift").delete()
    keep(wib(2, day=21))
    record = ShiftRecord.objects.get(person=floor.agent)
    assert (record.site, record.status) == (floor.ygy, "leave")


def test_a_site_whose_days_cannot_be_kept_stops_no_other_and_is_told(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beat leaves no sign of life then."""
    rostered(floor.agent, wib(8))
    rostered(there := person(floor.ygy), wib(8))
    make = attendance.records_make

    def made(*, site: Any, **more: Any) -> int:
        if site == floor.jkt:
            raise ValueError("broken")
        return make(site=site, **more)

    monkeypatch.setattr(attendance, "records_make", made)
    with pytest.raises(ValueError, match="broken"):
        attendance.records_keep(now=NIGHT)
    assert [one.person for one in ShiftRecord.objects.all()] == [there]


def test_a_past_day_put_right_takes_its_absence_away_and_says_so(floor: Floor) -> None:
    line = rostered(floor.agent, wib(8))
    keep()
    keep(wib(20, day=21))
    assert ShiftRecord.objects.get().status == "absent"
    line.kind, line.shift, line.starts_at, line.ends_at = "off", None, None, None
    with past_triggers():
        line.save()
    assert not keep(wib(8, day=23))
    assert ShiftCorrection.objects.get().before["status"] == "absent"


def test_who_comes_after_the_numbers_were_handed_over_is_late_and_not_absent(
    floor: Floor, tell: Tell, begun: Headcount
) -> None:
    headcounts.headcount_hand(headcount_id=begun.pk, note="", actor=floor.leader, now=wib(8, 31))
    missing = Person.objects.get(pk=next(
        d.planned.person_id for d in headcounts.shift_days(begun, wib(8, 31)) if d.shift.status == "absent"
    ))  # fmt: skip
    tell(login(missing, wib(9)), logout(missing, wib(17)), now=NIGHT)
    assert keep()[missing.pk].status == "late" and not AttendanceMark.objects.filter(person=missing).exists()


def test_nobody_marks_the_own_day(floor: Floor) -> None:
    rostered(floor.agent, wib(8))
    floor.leader.person = floor.agent
    floor.leader.save()
    with pytest.raises(NotAllowed):
        headcounts.attendance_mark(
            person_id=floor.agent.pk, day=DAY, status="present", note="I was there", actor=floor.leader, now=NIGHT
        )


def test_a_note_that_is_too_long_is_said(floor: Floor, begun: Headcount) -> None:
    with pytest.raises(Invalid) as refused:
        headcounts.headcount_hand(headcount_id=begun.pk, note="x" * 301, actor=floor.leader, now=wib(8, 31))
    assert refused.value.field == "note"


def test_who_leads_the_floor_takes_no_calls_and_is_nobodys_absence(floor: Floor, tell: Tell) -> None:
    leads = shift(floor.jkt, "L")
    leads.leads = True
    leads.save()
    rostered(person(floor.jkt), wib(8), code="L")
    assert headcounts.headcounts_open(now=wib(9)) == 0 and not keep()
