"""Leave that was agreed to excuses who does not come, and by the roster its days are counted (SDM-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from occ.people.choices import Role
from occ.people.planned import planned_for
from realtime.models import AgentSegment, RosterLine, ShiftRecord
from sdm.services import absence
from tests.factories import DAY, NOW, PDF, Floor, person, user
from tests.realtime.floors import past_triggers, rostered, source, wib
from tests.realtime.test_attendance import Tell, keep, login, logout

pytestmark = [pytest.mark.req("SDM-9", "RTM-6"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def heard(floor: Floor) -> None:
    """The applications have told of somebody there long since."""
    AgentSegment.objects.create(
        source=source("old", active=False), agent="x", site=floor.jkt, starts_at=wib(1, day=1), ends_at=wib(2, day=1),
        state="available",
    )  # fmt: skip


def test_who_did_not_come_is_absent_until_the_leave_is_agreed_and_again_when_it_is_annulled(
    floor: Floor, tell: Tell
) -> None:
    hr, other = user(Role.HR_RELATIONS), person(floor.jkt, team=floor.team)
    for one in (floor.agent, other):
        rostered(one, wib(8))
    tell(login(other, wib(8)), logout(other, wib(17)), now=wib(17, 1))
    found = keep()
    assert (found[floor.agent.pk].status, found[other.pk].status) == ("absent", "present")
    file = SimpleUploadedFile("surat.pdf", PDF)
    sick = absence.leave_ask(
        person_id=floor.agent.pk, kind="sick", starts_on=DAY, ends_on=DAY, file=file, actor=hr, now=NOW
    )
    assert not ShiftRecord.objects.filter(stale=True).exists(), "nobody has agreed to it yet"
    absence.leave_approve(leave_id=sick.pk, actor=floor.leader, now=NOW)
    assert ShiftRecord.objects.get(stale=True).person == floor.agent
    record = keep()[floor.agent.pk]
    assert (record.status, record.planned_ms, record.stale) == ("sick", 0, False)
    absence.leave_confirm(leave_id=sick.pk, actor=user(Role.WFM), now=NOW)
    keep()
    absence.leave_annul(leave_id=sick.pk, note="bekerja", actor=hr, now=NOW)
    assert keep()[floor.agent.pk].status == "absent"


def test_who_comes_on_a_day_of_leave_is_present(floor: Floor, tell: Tell) -> None:
    rostered(floor.agent, wib(8))
    leave = absence.leave_ask(
        person_id=floor.agent.pk, kind="unpaid", starts_on=DAY, ends_on=DAY, reason="x", actor=user(Role.HR_RELATIONS),
        now=NOW,
    )  # fmt: skip
    absence.leave_approve(leave_id=leave.pk, actor=floor.leader, now=NOW)
    tell(login(floor.agent, wib(8)), logout(floor.agent, wib(17)), now=wib(17, 1))
    assert keep()[floor.agent.pk].status == "present"


def test_the_roster_says_which_days_of_a_leave_count(floor: Floor) -> None:
    rostered(floor.agent, wib(8, day=28))  # a Saturday
    line = rostered(floor.agent, wib(8, day=27))
    with past_triggers():
        RosterLine.objects.filter(pk=line.pk).update(kind="off", shift=None, starts_at=None, ends_at=None)
    plans = planned_for([floor.agent.pk], DAY, DAY + timedelta(days=10))
    saturday, friday = DAY + timedelta(days=8), DAY + timedelta(days=7)
    assert (plans[floor.agent.pk, saturday].works, plans[floor.agent.pk, friday].works) == (True, False)
    assert plans[floor.agent.pk, saturday].words.startswith("P ")
    leave = absence.leave_ask(
        person_id=floor.agent.pk, kind="annual", starts_on=friday, ends_on=saturday, actor=user(Role.HR_RELATIONS),
        now=NOW,
    )  # fmt: skip
    assert leave.days == [saturday]
