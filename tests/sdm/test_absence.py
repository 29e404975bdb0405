"""Leave (SDM-9): every step as every role, what is refused, who reads why, what follows in roster and attendance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from occ.demo.people import make_staff
from occ.demo.realtime.rostering import sickness
from occ.demo.realtime.rosters import rosters
from occ.demo.sdm.absence import leave as live_leave
from occ.documents.attachments import attachment_visible, attachments_of
from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import planned
from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.people.hindrances import excuses, hindrances
from occ.people.lifecycle import announce_left
from occ.people.models import Person, RoleAssignment, Team, TeamMembership, User
from occ.people.planned import PlannedDay
from occ.policies.services import policy_set, policy_value
from occ.search import search
from occ.times import local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.turns import turns_for
from realtime.models import RosterLine
from sdm.absence.choices import LeaveStatus
from sdm.absence.deadlines import decision_due, note_due
from sdm.absence.policies import ANNUAL_DAYS, CONFIRM, DECIDE, KINDS, NOTE
from sdm.absence.workflow import ENTERERS, LEAVE, ON_BEHALF
from sdm.models import Employment, LeaveRequest, Leaving
from sdm.services import absence, leavings, placements
from sdm.services.absence_reading import balances_on
from sdm.services.employees import employees_take_up
from tests.factories import DAY, NOW, PASSWORD, PDF, Floor, person, trying, user
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-9")
FIRST = date(2026, 12, 7)  # a Monday
LAST = date(2026, 12, 9)


def note(name: str = "surat.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF)


@pytest.fixture
def hr(floor: Floor) -> User:
    return user(Role.HR_RELATIONS)


def login(who: Person, role: Role = Role.AGENT) -> User:
    found = User.objects.create_user(f"u{who.pk}", password=PASSWORD, person=who, email=f"u{who.pk}@x.test")
    RoleAssignment.objects.create(user=found, role=role, site=who.site, starts_on=date(2020, 1, 1))
    return found


@pytest.fixture
def agent(floor: Floor) -> User:
    return login(floor.agent)


def ask(actor: User, who: Person | None = None, **values: Any) -> LeaveRequest:
    given: dict[str, Any] = {"kind": "annual", "starts_on": FIRST, "ends_on": LAST} | values
    now = given.pop("now", NOW)
    assert actor.person is not None or who is not None
    return absence.leave_ask(person_id=(who or actor.person).pk, actor=actor, now=now, **given)  # type: ignore[union-attr]


def approved(floor: Floor, found: LeaveRequest, now: datetime = NOW) -> LeaveRequest:
    return absence.leave_approve(leave_id=found.pk, actor=floor.leader, now=now)


def confirmed(floor: Floor, found: LeaveRequest, now: datetime = NOW) -> LeaveRequest:
    approved(floor, found, now)
    return absence.leave_confirm(leave_id=found.pk, actor=user(Role.WFM), now=now)


def brought(floor: Floor, state: str) -> LeaveRequest:
    """A leave of somebody, asked for by HR, brought to that state by its path."""
    hr = user(Role.HR_RELATIONS)
    found = ask(hr, person(floor.jkt))
    step: dict[str, Any] = {"leave_id": found.pk, "now": NOW}
    if state in {"approved", "confirmed", "taken"}:
        approved(floor, found)
    if state in {"confirmed", "taken"}:
        absence.leave_confirm(actor=user(Role.WFM), **step)
    if state == "taken":
        assert absence.leaves_end(now=NOW + timedelta(days=30)) == 1
    if state == "refused":
        absence.leave_refuse(actor=floor.leader, note="x", **step)
    if state == "cancelled":
        absence.leave_cancel(actor=hr, note="x", **step)
    found.refresh_from_db()
    assert found.status == state
    return found


@pytest.mark.parametrize("state", LeaveStatus.values)
def test_every_step_from_every_state_by_every_role(floor: Floor, state: str) -> None:
    found = brought(floor, state)
    kind = ContentType.objects.get_for_model(found)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk)
    before = steps.count()
    for one in LEAVE.transitions:
        if one.name not in absence.TRANSITIONS:
            assert not one.by_roles
            continue
        for role, where in trying(floor, one, state):
            actor = user(role, where, name=f"{role}-{where.code}")
            # Whoever works here cancels the own; somebody else's only who asks on behalf of others.
            # The Head Manager decides of managers only, HR of nobody who has a superior here.
            never = {Role.HEAD_MANAGER} | (ENTERERS if one.name in {"approve", "refuse"} else set())
            may = role in (ON_BEHALF if one.name == "cancel" else set(one.by_roles) - never)
            allowed = may and where == floor.jkt
            given: dict[str, Any] = {"leave_id": found.pk, "actor": actor, "now": NOW}
            given |= {"note": "catatan"} if "note" in one.needs else {}
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    absence.TRANSITIONS[one.name](**given)
                assert steps.count() == before
                continue
            if "note" in one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    absence.TRANSITIONS[one.name](**given | {"note": " "})
            with transaction.atomic():
                absence.TRANSITIONS[one.name](**given)
                found.refresh_from_db()
                assert (found.status, steps.count()) == (one.target, before + 1)
                assert Entry.objects.filter(action=f"sdm.leave.{one.name}").exists()
                transaction.set_rollback(True)
            found.refresh_from_db()


def test_nobody_decides_of_themselves(floor: Floor) -> None:
    boss = login(person(floor.jkt), Role.TEAM_LEADER)
    planner = login(person(floor.jkt), Role.WFM)
    with pytest.raises(NotAllowed):
        absence.leave_approve(leave_id=ask(boss).pk, actor=boss, now=NOW)
    found = ask(planner)
    approved(floor, found)
    with pytest.raises(NotAllowed):
        absence.leave_confirm(leave_id=found.pk, actor=planner, now=NOW)


def test_only_who_ranks_above_decides(floor: Floor) -> None:
    deciders = {role: login(person(floor.jkt), role) for role in (
        Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER)}  # fmt: skip
    others = {role: user(role, floor.jkt, name=f"second.{role}") for role in deciders}
    above = {
        Role.TEAM_LEADER: {Role.COORDINATOR, Role.MANAGER}, Role.COORDINATOR: {Role.MANAGER},
        Role.MANAGER: {Role.HEAD_MANAGER}, Role.HEAD_MANAGER: {Role.HEAD_MANAGER},
    }  # fmt: skip
    for role, asker in deciders.items():
        found = ask(asker)
        for other, actor in others.items():
            asked = {one.url for one in turns_for(User.objects.get(pk=actor.pk))}
            may = other in above[role]
            assert absence.may_decide(actor, found) == may, (role, other)
            assert may or found.get_absolute_url() not in asked
            if not may:
                with pytest.raises(NotAllowed):
                    absence.leave_approve(leave_id=found.pk, actor=actor, now=NOW)
        assert any(found.get_absolute_url() in {one.url for one in turns_for(User.objects.get(pk=others[one].pk))}
                   for one in above[role]), role  # fmt: skip


def test_leave_of_the_only_head_manager_is_entered_by_hr_with_who_decided_it(floor: Floor, hr: User) -> None:
    head = login(person(floor.jkt), Role.HEAD_MANAGER)
    found = ask(head)
    assert found.get_absolute_url() in {one.url for one in turns_for(User.objects.get(pk=hr.pk))}
    for actor in (floor.manager, floor.coordinator, head):
        with pytest.raises(NotAllowed):
            absence.leave_approve(leave_id=found.pk, actor=actor, now=NOW)
    with pytest.raises(Invalid):
        absence.leave_approve(leave_id=found.pk, actor=hr, now=NOW)
    with transaction.atomic():
        absence.leave_approve(leave_id=found.pk, note="Kepala Divisi, 19 November", actor=hr, now=NOW)
        transaction.set_rollback(True)
    user(Role.HEAD_MANAGER, floor.jkt, name="second")
    assert not absence.may_decide(User.objects.get(pk=hr.pk), found)
    assert found.get_absolute_url() not in {one.url for one in turns_for(User.objects.get(pk=hr.pk))}


def test_leave_ends_with_the_contract(floor: Floor, agent: User) -> None:
    employees_take_up(people=[floor.agent], actor=agent, now=NOW)
    held = Employment.objects.create(
        employee_id=floor.agent.pk, kind="pkwt", starts_on=DAY, agreed_until=LAST, ends_on=LAST
    )
    with pytest.raises(Invalid) as refusal:
        ask(agent, ends_on=LAST + timedelta(days=1))
    assert (refusal.value.code, refusal.value.field) == ("contract_ends", "ends_on")
    assert "9 Desember 2026" in str(refusal.value)
    with transaction.atomic():
        assert ask(agent).ends_on == held.ends_on
        transaction.set_rollback(True)
    Employment.objects.update(kind="pkwtt", agreed_until=None, ends_on=None)
    assert ask(agent, ends_on=LAST + timedelta(days=1))


def test_all_that_is_wrong_with_a_leave_is_told_at_once(floor: Floor, agent: User, client: Client) -> None:
    employees_take_up(people=[floor.agent], actor=agent, now=NOW)
    Employment.objects.create(employee_id=floor.agent.pk, kind="pkwt", starts_on=DAY, agreed_until=LAST, ends_on=LAST)
    client.force_login(agent)
    given = {"kind": "permission", "starts_on": "2029-01-08", "ends_on": "2029-01-08"}
    page = client.post("/sdm/leave/new/", given)
    assert page.status_code == 422 and set(page.context["form"].errors) == {"reason", "ends_on"}
    said = client.post("/api/v1/sdm/leaves/", given, "application/json", headers={"Idempotency-Key": "a"}).json()
    assert [one["field"] for one in said["errors"]] == ["reason", "ends_on"] and said["field"] == "reason"
    assert not LeaveRequest.objects.exists()


def test_to_roles_that_do_not_read_leave_the_pages_say_so(floor: Floor, agent: User, client: Client) -> None:
    ask(agent)
    employees_take_up(people=[floor.agent], actor=agent, now=NOW)
    stranger = login(person(floor.jkt), Role.HR_TRAINING)
    User.objects.update(language="en")
    url = f"/sdm/people/{floor.agent.pk}/"
    for who, shut in ((stranger, True), (floor.coordinator, False)):
        client.force_login(who)
        page = client.get(url).content.decode()
        assert "No leave is recorded" not in page
        assert ('id="panel-sdm.leave">Leave</span></li>' in page) == shut
    client.force_login(stranger)
    page = client.get("/sdm/leave/").content.decode()
    assert "Only your own leave is listed here" in page and "Nobody has asked" not in page


def test_a_leader_of_another_team_neither_sees_nor_decides(floor: Floor, agent: User) -> None:
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    stranger = user(Role.TEAM_LEADER, floor.jkt, name="tl.b", team=other)
    own = user(Role.TEAM_LEADER, floor.jkt, name="tl.a", team=floor.team)
    found = ask(agent)
    with pytest.raises(NotAllowed):
        absence.leave_approve(leave_id=found.pk, actor=stranger, now=NOW)
    with pytest.raises(NotAllowed):
        ask(stranger, floor.agent, starts_on=date(2027, 1, 4), ends_on=date(2027, 1, 4))
    assert not LeaveRequest.objects.visible_to(stranger).exists()
    assert LeaveRequest.objects.visible_to(own).get() == found
    assert absence.leave_approve(leave_id=found.pk, actor=own, now=NOW).status == "approved"


def test_the_page_names_only_who_may_decide_of_that_leave(floor: Floor, agent: User, client: Client) -> None:
    """A leader of another team, who would find no such page, is not named; nor is a role that decides of others."""
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    for name, team in (("tl.own", floor.team), ("tl.other", other)):
        user(Role.TEAM_LEADER, floor.jkt, name=name, team=team)
    found = ask(agent)
    client.force_login(agent)
    context = client.get(found.get_absolute_url()).context
    (one,) = context["waits"]
    assert "tl.own" in one.people and "tl.other" not in one.people
    head = ask(login(person(floor.jkt), Role.HEAD_MANAGER), starts_on=LAST, ends_on=LAST)
    client.force_login(User.objects.get(person_id=head.employee_id))
    hr = user(Role.HR_RELATIONS)
    (one,) = client.get(head.get_absolute_url()).context["waits"]
    assert (one.people, one.roles) == (str(hr), str(Role.HR_RELATIONS.label))


# Asking --------------------------------------------------------------------------------------------------------------


def test_asked_by_the_agent_the_team_leader_owes_a_decision_then_wfm(floor: Floor, agent: User) -> None:
    found = ask(agent)
    assert found.days == [FIRST, FIRST + timedelta(days=1), LAST]
    duty = Obligation.objects.get(rule=DECIDE)
    assert (duty.due_at, duty.owner_role, duty.team) == (found.due_at, Role.TEAM_LEADER, floor.team)
    assert duty.due_at == datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    confirmed(floor, found)
    duty.refresh_from_db()
    assert (duty.state, Obligation.objects.get(rule=CONFIRM).state) == ("fulfilled", "fulfilled")
    told = Notification.objects.get(kind="sdm.leave.decided")
    assert told.user == agent


@pytest.mark.parametrize(
    ("at", "first", "due"),
    [
        (datetime(2026, 11, 20, 3, tzinfo=UTC), date(2026, 12, 7), datetime(2026, 11, 22, 17, tzinfo=UTC)),
        (datetime(2026, 11, 20, 3, tzinfo=UTC), date(2026, 11, 21), datetime(2026, 11, 20, 17, tzinfo=UTC)),
        (datetime(2026, 11, 20, 3, tzinfo=UTC), date(2026, 11, 18), datetime(2026, 11, 20, 17, tzinfo=UTC)),
        (datetime(2026, 11, 20, 17, tzinfo=UTC), date(2026, 11, 22), datetime(2026, 11, 21, 17, tzinfo=UTC)),
    ],
)
def test_a_decision_is_due_before_the_first_day(floor: Floor, at: datetime, first: date, due: datetime) -> None:
    assert decision_due(at, first, floor.jkt.zone, 2) == due


def test_a_proof_is_due_after_the_first_day_or_after_it_was_told(floor: Floor) -> None:
    at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert note_due(at, date(2026, 11, 25), floor.jkt.zone, 2) == datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert note_due(at, date(2026, 11, 18), floor.jkt.zone, 2) == datetime(2026, 11, 22, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"ends_on": FIRST - timedelta(days=1)}, "order"),
        ({"kind": "holiday"}, "unknown"),
        ({"starts_on": date(2026, 12, 12), "ends_on": date(2026, 12, 13)}, "no_working_day"),
        ({"kind": "marries", "ends_on": FIRST + timedelta(days=3)}, "too_many_days"),
        ({"kind": "permission"}, "invalid"),
        ({"starts_on": DAY - timedelta(days=1)}, "too_late"),
        ({"kind": "sick", "starts_on": DAY - timedelta(days=4), "ends_on": DAY}, "too_late"),
        ({"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)}, "balance"),
        ({"kind": "unpaid", "reason": "x", "ends_on": date(2028, 1, 1)}, "too_long"),
        ({"starts_on": date(1980, 1, 1)}, "invalid"),
        ({"ends_on": date(2101, 1, 1)}, "order"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    floor: Floor, agent: User, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        ask(agent, **values)
    assert refusal.value.code == code
    assert not LeaveRequest.objects.exists()


def test_somebody_elses_leave_is_asked_for_by_who_leads_them_and_hr_only(floor: Floor, agent: User, hr: User) -> None:
    other = login(person(floor.jkt))
    with pytest.raises(NotAllowed):
        ask(other, floor.agent)
    for role in (Role.WFM, Role.CLIENT, Role.AUDITOR, Role.SUPPORT):
        with pytest.raises(NotAllowed):
            ask(user(role), floor.agent)
    ask(floor.leader, floor.agent)
    assert Notification.objects.get(kind="sdm.leave.recorded").user == agent
    ask(hr, person(floor.jkt))
    with pytest.raises(NotAllowed):
        ask(user(Role.COORDINATOR, floor.ygy), person(floor.jkt))


def test_hr_records_what_was_months_ago_and_not_years(floor: Floor, hr: User) -> None:
    ask(hr, floor.agent, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 3))
    with pytest.raises(Invalid):
        ask(hr, floor.agent, starts_on=date(2025, 3, 3), ends_on=date(2025, 3, 4))


def test_nobody_is_away_before_joining_or_after_the_last_day(floor: Floor, hr: User) -> None:
    new = person(floor.jkt, joined_on=DAY + timedelta(days=30))
    with pytest.raises(Invalid) as refusal:
        ask(hr, new)
    assert refusal.value.code == "not_employed"
    floor.resign(FIRST)
    with pytest.raises(Invalid) as refusal:
        ask(hr, floor.agent)
    assert refusal.value.code == "not_employed"


def test_two_at_once_are_refused_and_the_database_says_so_too(floor: Floor, agent: User, hr: User) -> None:
    found = ask(agent)
    with pytest.raises(Invalid) as refusal:
        ask(hr, floor.agent, kind="unpaid", reason="x", starts_on=LAST, ends_on=LAST + timedelta(days=5))
    assert refusal.value.code == "overlap"
    with pytest.raises(IntegrityError, match="leave_one_at_a_time"), transaction.atomic():
        LeaveRequest.objects.create(
            employee=found.employee, site=found.site, kind="x", label="x", group="unpaid", paid=False, proof=False,
            starts_on=LAST, ends_on=LAST, days=[LAST], asked_at=NOW,
        )  # fmt: skip
    absence.leave_cancel(leave_id=found.pk, note="x", actor=agent, now=NOW)
    ask(agent)


def test_asked_twice_at_once_there_is_one(live_floor: Floor) -> None:
    agent = login(live_floor.agent)
    results = in_threads(4, lambda: ask(agent))
    assert sum(isinstance(one, Invalid) for one in results) == 3
    assert LeaveRequest.objects.count() == 1


def test_the_balance_is_never_used_twice_at_once(live_floor: Floor) -> None:
    agent = login(live_floor.agent)
    spans = [date(2026, 12, day) for day in (1, 7, 14, 21)]  # five working days each; 18 are left
    before = absence.balance_on(live_floor.agent, DAY).left
    weeks = iter(list(spans))
    firsts = [next(weeks) for _n in range(4)]

    def one() -> LeaveRequest:
        first = firsts.pop()
        return ask(agent, starts_on=first, ends_on=first + timedelta(days=4))

    results = in_threads(4, one)
    taken = sum(len(one.days) for one in LeaveRequest.objects.all())
    assert taken <= before
    assert any(isinstance(one, Invalid) for one in results) == (taken < 4 * 4)


def test_the_kinds_and_their_limits_are_a_policy_by_date(floor: Floor, agent: User, hr: User) -> None:
    rows = [dict(one) for one in policy_value(KINDS, at=NOW)]
    for one in rows:
        if one["key"] == "marries":
            one["days"] = 5
    at = datetime(2026, 12, 20, tzinfo=UTC)
    policy_set(key=KINDS, value=rows, valid_from=at, reason="x", site=None, actor=floor.manager, now=NOW)
    later = {"starts_on": date(2026, 12, 21), "ends_on": date(2026, 12, 28)}
    with pytest.raises(Invalid):
        ask(agent, kind="marries", ends_on=FIRST + timedelta(days=4))
    assert len(ask(agent, kind="marries", **later).days) == 5
    with pytest.raises(Invalid):
        policy_set(key=KINDS, value=[], valid_from=at, reason="x", site=None, actor=floor.manager, now=NOW)
    with pytest.raises(Invalid):
        policy_set(key=ANNUAL_DAYS, value=11, valid_from=at, reason="x", site=None, actor=floor.manager, now=NOW)


# The roster ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def roster() -> Iterator[dict[tuple[int, date], PlannedDay]]:
    """What a roster says, for whoever asks."""
    plans: dict[tuple[int, date], PlannedDay] = {}

    def provider(people: Any, first: date, last: date) -> dict[tuple[int, date], PlannedDay]:
        return {key: one for key, one in plans.items() if key[0] in people and first <= key[1] <= last}

    planned.register(provider)
    yield plans
    planned.PROVIDERS.remove(provider)


def test_days_are_counted_by_the_roster_and_anew_when_it_is_confirmed(
    floor: Floor, agent: User, roster: dict[tuple[int, date], PlannedDay]
) -> None:
    sunday = date(2026, 12, 13)
    found = ask(agent, ends_on=sunday)
    assert len(found.days) == 5
    roster[floor.agent.pk, sunday] = PlannedDay(True, "P1")
    roster[floor.agent.pk, FIRST] = PlannedDay(False, "OFF")
    roster[floor.agent.pk, date(2026, 12, 12)] = PlannedDay(True, "P1")
    done = confirmed(floor, found)
    assert (len(done.days), FIRST in done.days, sunday in done.days) == (6, False, True)


def test_what_the_roster_makes_too_many_is_not_confirmed(
    floor: Floor, agent: User, roster: dict[tuple[int, date], PlannedDay]
) -> None:
    found = ask(agent, kind="marries", starts_on=date(2026, 12, 9), ends_on=date(2026, 12, 12))
    roster[floor.agent.pk, date(2026, 12, 12)] = PlannedDay(True, "P1")
    approved(floor, found)
    with pytest.raises(Invalid) as refusal:
        absence.leave_confirm(leave_id=found.pk, actor=user(Role.WFM), now=NOW)
    assert refusal.value.code == "too_many_days"
    found.refresh_from_db()
    assert found.status == "approved"


def test_an_approved_leave_hinders_and_excuses_and_a_cancelled_one_does_not(
    floor: Floor, agent: User, django_assert_num_queries: Any
) -> None:
    found = ask(agent)
    people = [floor.agent.pk]
    assert not [one for one in hindrances(people, FIRST, LAST) if one.kind == "leave"]
    approved(floor, found)
    (one,) = [one for one in hindrances(people, DAY, LAST) if one.kind == "leave"]
    assert (one.first, one.last, one.excuse) == (FIRST, LAST, "leave")
    with django_assert_num_queries(1):
        assert excuses(people, LAST, LAST)
    assert not excuses(people, LAST + timedelta(days=1), LAST + timedelta(days=9))
    absence.leave_cancel(leave_id=found.pk, note="x", actor=agent, now=NOW)
    assert not excuses(people, FIRST, LAST)


def test_who_says_they_are_ill_is_hindered_at_once_and_excused_with_the_note(floor: Floor, agent: User) -> None:
    found = ask(agent, kind="sick", starts_on=DAY, ends_on=DAY)
    (one,) = [one for one in hindrances([floor.agent.pk], DAY, DAY) if one.kind == "leave"]
    assert one.excuse == ""
    with pytest.raises(WrongState) as refusal:
        approved(floor, found)
    assert refusal.value.code == "proof_missing"
    assert Obligation.objects.get(rule=NOTE).state == "open"
    absence.proof_add(leave_id=found.pk, file=note(), actor=agent, now=NOW)
    assert Obligation.objects.get(rule=NOTE).state == "fulfilled"
    approved(floor, found)
    assert [one.excuse for one in excuses([floor.agent.pk], DAY, DAY)] == ["sick"]


# Afterwards ----------------------------------------------------------------------------------------------------------


def test_what_was_confirmed_is_taken_once_its_last_day_is_over(floor: Floor, agent: User) -> None:
    found = confirmed(floor, ask(agent))
    evening = datetime(2026, 12, 9, 16, 59, tzinfo=UTC)
    assert absence.leaves_end(now=evening) == 0
    assert absence.leaves_end(now=evening + timedelta(minutes=1)) == 1
    assert absence.leaves_end(now=evening + timedelta(minutes=1)) == 0
    found.refresh_from_db()
    assert found.status == "taken"


def test_what_has_begun_is_annulled_by_hr_and_the_days_come_back(floor: Floor, agent: User, hr: User) -> None:
    before = absence.balance_on(floor.agent, FIRST).left
    found = confirmed(floor, ask(agent))
    then = datetime(2026, 12, 8, 3, tzinfo=UTC)
    assert absence.balance_on(floor.agent, FIRST).left == before - 3
    with pytest.raises(WrongState) as refusal:
        absence.leave_cancel(leave_id=found.pk, note="x", actor=agent, now=then)
    assert refusal.value.code == "begun"
    absence.leave_annul(leave_id=found.pk, note="bekerja", actor=hr, now=then)
    assert absence.balance_on(floor.agent, FIRST).left == before


def test_what_was_approved_and_has_begun_is_not_called_off(floor: Floor, agent: User) -> None:
    """Before WFM has confirmed it, too: else the days would come back that were taken."""
    found = ask(agent)
    absence.leave_approve(leave_id=found.pk, actor=floor.leader, now=NOW)
    with pytest.raises(WrongState) as refusal:
        absence.leave_cancel(leave_id=found.pk, note="x", actor=agent, now=datetime(2026, 12, 20, 3, tzinfo=UTC))
    assert refusal.value.code == "begun"
    assert absence.leave_cancel(leave_id=found.pk, note="x", actor=agent, now=NOW).status == "cancelled"


def test_who_leaves_is_on_leave_no_longer_than_they_work(floor: Floor, agent: User, hr: User) -> None:
    spans = confirmed(floor, ask(agent))
    later = ask(agent, starts_on=date(2026, 12, 14), ends_on=date(2026, 12, 15))
    last = date(2026, 12, 8)
    leavings.leaving_record(person_id=floor.agent.pk, last_working_day=last, reason="resignation", actor=hr, now=NOW)  # type: ignore[arg-type]
    assert announce_left(now=datetime(2026, 12, 9, 3, tzinfo=UTC)) == 1
    spans.refresh_from_db()
    later.refresh_from_db()
    assert (spans.status, spans.ends_on, spans.days) == ("confirmed", last, [FIRST, last])
    assert later.status == "cancelled"
    assert not Obligation.objects.open().filter(rule__startswith="sdm.leave").exists()
    assert Leaving.objects.exists()


def test_who_moves_takes_along_what_is_not_decided(floor: Floor, agent: User) -> None:
    found = ask(agent)
    placements.person_transfer(
        person_id=floor.agent.pk, on=DAY, site=floor.ygy, position="Agent", team=None, leader=None,
        actor=user(Role.HR_RELATIONS), now=NOW,
    )  # fmt: skip
    found.refresh_from_db()
    assert found.site == floor.ygy
    assert Obligation.objects.open().get(rule__startswith="sdm.leave").site == floor.ygy


def test_what_was_late_where_somebody_left_is_owed_where_they_came_to_as_well(floor: Floor, agent: User) -> None:
    found = ask(agent)
    late = found.due_at + timedelta(hours=1)  # type: ignore[operator]
    sweep(now=late)
    Person.objects.filter(pk=floor.agent.pk).update(site=floor.ygy)
    absence.leaves_follow_move(person=Person.objects.get(pk=floor.agent.pk), actor=LIFECYCLE, now=late)
    duties = Obligation.objects.open().filter(object_id=found.pk)
    assert [(one.site, one.breached_at is None) for one in duties.order_by("opened_at")] == [
        (floor.jkt, False), (floor.ygy, True)]  # fmt: skip
    assert duties.get(site=floor.ygy).due_at >= late + timedelta(days=1)
    absence.leave_approve(leave_id=found.pk, actor=user(Role.TEAM_LEADER, floor.ygy, name="tl.ygy"), now=late)
    assert {one.state for one in Obligation.objects.filter(rule__startswith=DECIDE)} == {"fulfilled"}


def led(floor: Floor, team: Team, name: str) -> User:
    return user(Role.TEAM_LEADER, floor.jkt, name=name, team=team)


def to_team(floor: Floor, team: Team | None, now: datetime = NOW) -> None:
    placements.person_transfer(
        person_id=floor.agent.pk, on=local_day(now, floor.jkt.zone), site=floor.jkt, position="Agent", team=team,
        leader=None, actor=user(Role.HR_RELATIONS), now=now,
    )  # fmt: skip


def asked(who: User) -> set[str]:
    return set(Notification.objects.filter(user=who, kind__startswith="obligation").values_list("kind", flat=True))


def test_another_team_s_leader_owes_what_is_not_decided(floor: Floor, agent: User, client: Client) -> None:
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    before, after = led(floor, floor.team, "tl.a"), led(floor, other, "tl.b")
    found = ask(agent, kind="sick", starts_on=DAY + timedelta(days=1), ends_on=DAY + timedelta(days=1))
    assert (asked(before), asked(after)) == ({"obligation.remind"}, set())
    to_team(floor, other)
    duties = {one.rule: one for one in Obligation.objects.open().filter(object_id=found.pk)}
    assert {(one.rule, one.team) for one in duties.values()} == {(DECIDE, other), (NOTE, other)}
    assert asked(after) == {"obligation.remind"}
    late = duties[DECIDE].due_at + timedelta(hours=1)
    sweep(now=late)
    to_team(floor, floor.team, late)
    again = Obligation.objects.open().filter(object_id=found.pk, rule__startswith=DECIDE).order_by("opened_at")
    assert [(one.team, one.breached_at is None) for one in again] == [(other, False), (floor.team, True)]
    client.force_login(after)
    assert client.get(again[0].url).status_code == 200, "who owes it late sees what it is about"
    absence.proof_add(leave_id=found.pk, file=note(), actor=agent, now=late)
    absence.leave_approve(leave_id=found.pk, actor=before, now=late)
    client.logout()
    client.force_login(after)
    assert client.get(found.get_absolute_url()).status_code == 404


def test_what_is_late_at_the_site_that_was_left_is_seen_there_until_it_is_decided(floor: Floor, client: Client) -> None:
    agent = login(floor.agent)
    found = ask(agent, kind="sick", reason="Rahasia sekali", file=note(), starts_on=DAY, ends_on=DAY)
    late = found.due_at + timedelta(hours=1)  # type: ignore[operator]
    sweep(now=late)
    placements.person_transfer(
        person_id=floor.agent.pk, on=local_day(late, floor.jkt.zone), site=floor.ygy, position="Agent", team=None,
        leader=None, actor=user(Role.HR_RELATIONS), now=late,
    )  # fmt: skip
    for who in (floor.leader, floor.coordinator):
        client.force_login(who)
        page = client.get(Obligation.objects.open().get(rule=DECIDE).url)
        assert page.status_code == 200 and "Rahasia" not in page.content.decode()
    client.force_login(user(Role.TEAM_LEADER, floor.jkt, name="tl.other", team=Team.objects.create(
        code="JKT-C", name="Tim C", site=floor.jkt)))  # fmt: skip
    assert client.get(found.get_absolute_url()).status_code == 404
    absence.leave_refuse(leave_id=found.pk, note="x", actor=user(Role.TEAM_LEADER, floor.ygy), now=late)
    client.force_login(floor.leader)
    assert client.get(found.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("role", "owes"),
    [(Role.COORDINATOR, Role.MANAGER), (Role.MANAGER, Role.HEAD_MANAGER), (Role.TEAM_LEADER, Role.COORDINATOR)],
)
def test_of_a_superior_s_leave_nobody_below_is_reminded(floor: Floor, role: Role, owes: Role) -> None:
    head, hr = user(Role.HEAD_MANAGER), user(Role.HR_RELATIONS)
    who = login(person(floor.jkt), role)
    found = ask(who, kind="sick", starts_on=DAY + timedelta(days=1), ends_on=DAY + timedelta(days=1))
    duties = {one.rule: one.owner_role for one in Obligation.objects.open().filter(object_id=found.pk)}
    assert duties == {DECIDE: owes, NOTE: Role.HR_RELATIONS}
    sweep(now=NOW + timedelta(days=30))
    told = {one.pk: asked(one) for one in (floor.leader, floor.coordinator, floor.manager, head, hr)}
    assert not told[floor.leader.pk]
    assert told[hr.pk] == {"obligation.breach"}, "the proof"
    owner = {Role.COORDINATOR: floor.coordinator, Role.MANAGER: floor.manager, Role.HEAD_MANAGER: head}[owes]
    assert {"obligation.remind", "obligation.breach"} <= told[owner.pk]
    if owes != Role.COORDINATOR:
        assert not told[floor.coordinator.pk]


# Who reads what ------------------------------------------------------------------------------------------------------


def test_why_somebody_is_away_is_read_by_few_everywhere(floor: Floor, agent: User, hr: User, client: Client) -> None:
    found = ask(agent, kind="miscarriage", reason="Rahasia sekali", file=note(), starts_on=DAY, ends_on=DAY)
    proof = attachments_of(found).get()
    reads = {agent, hr, floor.leader, user(Role.HR_PAYROLL)}
    others = {floor.coordinator, floor.manager, user(Role.WFM), user(Role.AUDITOR), user(Role.RTFM)}
    for who in reads | others:
        client.force_login(who)
        why = who in reads
        for url in (found.get_absolute_url(), "/sdm/leave/", "/sdm/leave/calendar/?site=JKT&month=2026-11"):
            page = client.get(url, headers={"accept-language": "en"})
            if url == "/sdm/leave/calendar/?site=JKT&month=2026-11" and page.status_code == 403:
                continue  # the agent's role leads to no team's month
            assert page.status_code == 200, (who, url)
            assert ("Rahasia" in page.content.decode()) == (why and url == found.get_absolute_url()), (who, url)
            if not why:
                assert "Miscarriage" not in page.content.decode()
                assert "Keguguran" not in page.content.decode()
        assert attachment_visible(proof, who) is why
        said = client.get("/api/v1/sdm/leaves/").json()["results"][0]
        assert ("reason" in said, "kind" in said) == (why, why)
        found_by = str([one for group in search(who, floor.agent.name) for one in group.results])
        assert found.get_absolute_url() in found_by
        assert ("Miscarriage" in found_by or "Keguguran" in found_by) == why
    assert not Entry.objects.filter(data__icontains="Rahasia").exists()


def test_who_may_not_see_that_somebody_is_away_gets_404(floor: Floor, agent: User, client: Client) -> None:
    found = ask(agent)
    for role in (Role.IT, Role.SUPPORT, Role.QUALITY_CONTROL, Role.CLIENT, Role.HR_TRAINING):
        client.force_login(user(role))
        assert client.get(found.get_absolute_url()).status_code == 404
    client.force_login(login(person(floor.jkt)))
    assert client.get(found.get_absolute_url()).status_code == 404


def test_today_shows_whose_turn_it_is(floor: Floor, agent: User) -> None:
    found = ask(agent)
    boss = login(person(floor.jkt), Role.TEAM_LEADER)
    ask(boss, starts_on=LAST, ends_on=LAST)

    def waits(who: User) -> set[str]:
        return {one.title for one in turns_for(User.objects.get(pk=who.pk)) if "/leave/" in one.url}

    assert any(floor.agent.name in one for one in waits(floor.leader))
    assert len(waits(floor.leader)) == 1  # who leads a team too is not above
    assert not waits(agent)
    assert any(boss.person.name in one for one in waits(floor.coordinator))  # type: ignore[union-attr]
    approved(floor, found)
    assert any(floor.agent.name in one for one in waits(user(Role.WFM)))
    assert not any(floor.agent.name in one for one in waits(floor.leader))


# Pages and API -------------------------------------------------------------------------------------------------------


def test_an_agent_asks_on_the_page_and_reads_the_own(floor: Floor, agent: User, client: Client) -> None:
    client.force_login(agent)
    page = client.get("/sdm/leave/mine/")
    assert page.status_code == 200
    data = {"kind": "annual", "starts_on": FIRST.isoformat(), "ends_on": LAST.isoformat(), "reason": ""}
    wrong = client.post("/sdm/leave/new/", data | {"ends_on": "2026-12-01"})
    assert wrong.status_code == 422
    answer = client.post("/sdm/leave/new/", data)
    found = LeaveRequest.objects.get()
    assert answer.headers["Location"] == found.get_absolute_url()
    assert found.person == floor.agent
    assert client.get(found.get_absolute_url()).status_code == 200
    upload = client.post(f"/sdm/leave/{found.pk}/proof/", {"file": note()})
    assert upload.status_code == 302
    cancel = client.post(f"/sdm/leave/{found.pk}/cancel/", {"note": "tidak jadi"})
    assert cancel.status_code == 302
    found.refresh_from_db()
    assert found.status == "cancelled"


def test_the_list_and_the_month_take_the_same_queries_for_many(
    floor: Floor, hr: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(8):
        who = person(floor.jkt, team=floor.team)
        ask(hr, who, kind="annual" if n % 2 else "sick", starts_on=FIRST, ends_on=LAST)
    client.force_login(floor.leader)
    client.get("/sdm/leave/?site=JKT")
    for url, most in (
        ("/sdm/leave/?site=JKT", 20),
        ("/sdm/leave/calendar/?site=JKT&team=JKT-A&month=2026-12", 22),
        ("/sdm/leave/balances/?site=JKT", 20),
        ("/sdm/leave/?team=JKT-A&what=sick&status=waiting&since=2026-12-01&until=2026-12-31&q=orang", 22),
    ):
        with django_assert_max_num_queries(most):
            page = client.get(url)
        assert page.status_code == 200


def test_balances_of_many_are_those_of_each(floor: Floor, hr: User) -> None:
    people = [person(floor.jkt, joined_on=date(2024, 2, 29)) for _n in range(3)]
    ask(hr, people[0])
    found = balances_on(people, LAST)
    assert [found[one.pk].left for one in people] == [absence.balance_on(one, LAST).left for one in people]
    assert found[people[0].pk].left == found[people[1].pk].left - 3


def test_the_api_asks_decides_and_lists(floor: Floor, agent: User, client: Client) -> None:
    client.force_login(agent)
    body = {"kind": "annual", "starts_on": FIRST.isoformat(), "ends_on": LAST.isoformat()}
    send: dict[str, Any] = {"content_type": "application/json"}
    made = client.post("/api/v1/sdm/leaves/", body, headers={"Idempotency-Key": "a"}, **send)
    again = client.post("/api/v1/sdm/leaves/", body, headers={"Idempotency-Key": "a"}, **send)
    assert (made.status_code, again.json()) == (201, made.json())
    pk = made.json()["id"]
    assert client.post(f"/api/v1/sdm/leaves/{pk}/approve/", {}, **send).status_code == 403
    client.force_login(floor.leader)
    assert client.post(f"/api/v1/sdm/leaves/{pk}/approve/", {}, **send).json()["status"] == "approved"
    assert client.post(f"/api/v1/sdm/leaves/{pk}/approve/", {}, **send).status_code == 409
    assert client.post(f"/api/v1/sdm/leaves/{pk}/nonsense/", {}, **send).status_code == 404
    rows = client.get("/api/v1/sdm/leaves/?from=2026-12-09&to=2026-12-31&employee=" + floor.agent.number).json()
    assert [one["id"] for one in rows["results"]] == [pk]
    assert client.get("/api/v1/sdm/leaves/?from=2026-12-10").json()["results"] == []
    said = client.get(f"/api/v1/sdm/leave-balances/?as_of=2026-12-31&employee={floor.agent.number}").json()["results"]
    assert (said[0]["employee"], said[0]["booked"], said[0]["used"]) == (floor.agent.number, 0, 3)
    assert TeamMembership.objects.exists()


def test_the_demo_lives_a_year_of_leave_and_leaves_something_to_do(db: None) -> None:
    staff = make_staff(rng=random.Random(3), password="x", start=date(2024, 1, 1))
    for site, teams in staff.teams.items():
        for n in range(10):
            staff.hire(staff.sites[site], "Agent", date(2024, 2, 1) + timedelta(days=n), teams[n % len(teams)])
    live_leave(staff, NOW)
    rows = LeaveRequest.objects.all()
    assert {*LeaveStatus.values} - {one.status for one in rows} == {"cancelled"}
    assert rows.filter(status="taken").count() > 10
    assert rows.get(group="sick", status="requested").starts_on == DAY
    for one in rows.filter(group="annual", status="taken"):
        assert absence.balance_on(one.person, one.starts_on).over == 0


def test_the_demos_rosters_know_no_leave_but_the_leave_modules(db: None) -> None:
    staff = make_staff(rng=random.Random(3), password="x", start=date(2024, 1, 1))
    for site, teams in staff.teams.items():
        for n in range(30):
            staff.hire(staff.sites[site], "Agent", date(2024, 2, 1) + timedelta(days=n), teams[n % len(teams)])
    live_leave(staff, NOW)
    rosters(staff, NOW)
    for where in staff.sites.values():
        sickness(staff, where, NOW)
    lines = RosterLine.objects.in_force().filter(kind__in=["leave", "sick", "permission"])
    assert {one.kind for one in lines} == {"leave", "sick", "permission"}
    assert lines.filter(roster__version=2, kind="sick").exists()
    for line in lines:
        known = LeaveRequest.objects.alive().touching(line.day, line.day).filter(employee_id=line.person_id)
        assert [one.shown for one in known] == [line.kind], line
