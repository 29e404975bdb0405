"""What a list can differ in, each kind and what looks like it but is none (UID-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import Person
from occ.times import JAKARTA, end_of_day
from tests import factories
from tests.factories import DAY, Floor, account, person, user
from tests.reconcile.helpers import RUN, TELLS, found, listing, reconcile, shown
from userids.models import Account, DeactivationRequest
from userids.models.reconciliation import Finding, RemoteAccount
from userids.reconciling.reading import Listed
from userids.reconciling.words import advice, said
from userids.services import deactivations

pytestmark = pytest.mark.req("UID-11")
LEFT = end_of_day(DAY, JAKARTA)


def shut(floor: Floor, at: datetime = LEFT + timedelta(hours=2)) -> None:
    request = {"request_id": floor.request.pk, "actor": floor.leader, "now": at}
    deactivations.deactivation_start(**request)
    deactivations.deactivation_confirm(**request, evidence={"text": "x"})
    floor.account.refresh_from_db()


def test_a_list_that_agrees_finds_nothing_and_says_so_on_paper(floor: Floor) -> None:
    run = reconcile(shown(floor.account))
    assert found() == []
    assert (run.users, run.active_users, run.accounts, run.active_accounts) == (1, 1, 1, 1)
    assert run.seconds > 0


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: f"  {text} "])
def test_case_and_blanks_make_no_other_id(floor: Floor, change: Any) -> None:
    Account.objects.filter(pk=floor.account.pk).update(user_id="Omn-7x")
    floor.account.refresh_from_db()
    row = shown(floor.account)
    reconcile(row._replace(user_id=change(row.user_id).strip()))
    assert found() == []


def test_a_leaver_whose_id_is_active(floor: Floor) -> None:
    floor.resign()
    reconcile(shown(floor.account, last_login_at=LEFT - timedelta(hours=9)))
    assert found() == [("active_after_leaving", floor.account.user_id)]
    finding = Finding.objects.get()
    assert (finding.person, finding.owner_role, finding.critical) == (floor.agent, Role.TEAM_LEADER, True)
    assert floor.agent.name in said(finding)
    assert finding.moment("left_at") == floor.request.starts_at


def test_a_leaver_is_said_to_have_left_when_the_clock_of_the_request_began(floor: Floor) -> None:
    floor.resign()
    began = floor.request.starts_at - timedelta(hours=11)
    DeactivationRequest.objects.filter(pk=floor.request.pk).update(starts_at=began)
    reconcile(shown(floor.account, last_login_at=LEFT - timedelta(hours=20)))
    assert Finding.objects.get(kind="active_after_leaving").moment("left_at") == began


def test_a_leaver_still_inside_the_day_allowed_is_due_when_the_request_is(floor: Floor) -> None:
    floor.resign()
    reconcile(shown(floor.account, last_login_at=None), now=LEFT + timedelta(hours=1))
    assert Finding.objects.get(kind="active_after_leaving").due_at == floor.request.due_at


def test_on_the_last_day_itself_nothing_is_wrong(floor: Floor) -> None:
    floor.resign()
    reconcile(shown(floor.account, last_login_at=LEFT - timedelta(seconds=2)), now=LEFT - timedelta(seconds=1))
    assert found() == []


def test_an_id_that_was_shut_for_a_leaver_and_is_active_again(floor: Floor) -> None:
    floor.resign()
    shut(floor)
    reconcile(Listed(floor.account.user_id, True, last_login_at=LEFT - timedelta(days=1)))
    assert found() == [("active_after_leaving", floor.account.user_id)]
    assert Finding.objects.get().person == floor.agent


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("field", ["last_login_at", "last_activity_at"])
def test_activity_after_the_last_day_is_an_incident_whatever_the_status(
    floor: Floor, active: bool, closed: bool, field: str
) -> None:
    floor.resign()
    if closed:
        shut(floor)
    reconcile(Listed(floor.account.user_id, active, **{field: LEFT + timedelta(minutes=1)}))
    kinds = {kind for kind, _id in found()}
    assert "activity_after_last_day" in kinds
    assert ("active_after_leaving" in kinds) is active
    finding = Finding.objects.get(kind="activity_after_last_day")
    assert (finding.owner_role, finding.person) == (Role.IT, floor.agent)


def test_coordinators_and_it_hear_of_an_incident_at_once(floor: Floor) -> None:
    it, foreign = user(Role.IT), user(Role.COORDINATOR, floor.ygy)
    floor.resign()
    before = Notification.objects.count()
    reconcile(Listed(floor.account.user_id, False, last_login_at=LEFT + timedelta(hours=1)))
    told = Notification.objects.filter(kind="userids.incident")
    assert {one.user for one in told} == {floor.coordinator, it}
    assert foreign not in {one.user for one in Notification.objects.all()}
    assert Notification.objects.count() > before
    assert floor.agent.name in told[0].body and floor.account.user_id in told[0].subject


def test_a_login_before_the_shift_of_the_last_day_ended_is_none(floor: Floor) -> None:
    """A night shift ends next morning: what was done in it is not after the last day."""
    from occ.people import shifts

    ends = LEFT + timedelta(hours=7)

    def roster(who: Person, day: Any) -> shifts.ShiftEnd:
        return shifts.ShiftEnd(ends, "roster")

    shifts.register_last_shift(roster)
    try:
        floor.resign()
    finally:
        shifts.unregister_last_shift(roster)
    reconcile(Listed(floor.account.user_id, False, last_login_at=ends - timedelta(minutes=1)))
    assert found() == []
    reconcile(Listed(floor.account.user_id, False, last_login_at=ends), now=RUN + timedelta(days=1))
    assert found() == [("activity_after_last_day", floor.account.user_id)]


def test_the_next_holders_login_is_no_incident_but_one_in_between_is(floor: Floor) -> None:
    floor.resign()
    shut(floor)
    new = person(floor.jkt)
    handed = LEFT + timedelta(days=2)
    floor.account.assignments.create(person=new, email=new.email, starts_at=handed)
    Account.objects.filter(pk=floor.account.pk).update(status="active", activated_at=handed, deactivated_at=None)
    floor.account.refresh_from_db()
    reconcile(shown(floor.account, last_login_at=handed + timedelta(hours=1)))
    assert found() == []
    reconcile(shown(floor.account, last_login_at=handed - timedelta(hours=1)), now=RUN + timedelta(days=1))
    assert found() == [("activity_after_last_day", floor.account.user_id)]
    assert Finding.objects.get().person == floor.agent


@pytest.mark.parametrize("active", [True, False])
def test_an_id_that_the_logbook_does_not_know(floor: Floor, active: bool) -> None:
    reconcile(shown(floor.account), Listed("ADMIN2", active, name="Siapa Saja"))
    assert found() == [("unknown", "ADMIN2")]
    finding = Finding.objects.get()
    assert (finding.account, finding.person, finding.owner_role) == (None, None, Role.DOCUMENT_CONTROL)
    assert "Siapa Saja" in said(finding)


def test_an_e_mail_alone_makes_nobody_of_an_unknown_id_but_says_where_to_ask(floor: Floor) -> None:
    stranger = person(floor.ygy)
    other = account(stranger)
    reconcile(shown(floor.account), shown(other), Listed("X-1", True, name="Lain", email=stranger.email.upper()))
    assert found() == [("unknown", "X-1")]
    finding = Finding.objects.get()
    assert (finding.person, finding.site) == (None, floor.ygy)


def test_an_active_id_that_the_application_lacks(floor: Floor) -> None:
    reconcile()
    assert found() == [("missing", floor.account.user_id)]
    assert Finding.objects.get().person == floor.agent


def test_inactive_here_active_there_and_the_other_way(floor: Floor) -> None:
    idle = account(person(floor.jkt))
    idle.assignments.update(ends_at=RUN - timedelta(days=2))
    Account.objects.filter(pk=idle.pk).update(status="inactive", deactivated_at=RUN - timedelta(days=2))
    reconcile(shown(floor.account, active=False), Listed(idle.user_id, True))
    assert found() == [("active_in_application", idle.user_id), ("inactive_in_application", floor.account.user_id)]


def test_a_leavers_id_that_is_shut_there_already_is_evidence_and_no_finding(floor: Floor) -> None:
    floor.resign()
    reconcile(shown(floor.account, active=False, last_login_at=None, inactive_since=LEFT + timedelta(hours=3)))
    assert found() == []
    remote = RemoteAccount.objects.get()
    assert (remote.inactive_since, remote.inactive_said) == (LEFT + timedelta(hours=3), True)


def test_since_when_it_is_inactive_is_when_a_list_first_showed_it_and_stays(floor: Floor) -> None:
    row = shown(floor.account, active=False)
    reconcile(shown(floor.account))
    for day in (1, 2, 3):
        reconcile(row, now=RUN + timedelta(days=day))
    assert RemoteAccount.objects.get().inactive_since == RUN + timedelta(days=1)
    reconcile(shown(floor.account), now=RUN + timedelta(days=4))
    assert RemoteAccount.objects.get().inactive_since is None
    reconcile(row, now=RUN + timedelta(days=5))
    assert RemoteAccount.objects.get().inactive_since == RUN + timedelta(days=5)


@pytest.mark.parametrize(("name", "differs"), [
    ("Siti Nur Aminah", False), ("SITI  NUR AMINAH", False), ("Aminah, Siti Nur", False), ("siti-nur aminah.", False),
    ("Siti Aminah", True), ("Budi", True), ("", False),
])  # fmt: skip
def test_names_differ_by_their_words(floor: Floor, name: str, differs: bool) -> None:
    Person.objects.filter(pk=floor.agent.pk).update(name="Siti Nur Aminah")
    reconcile(shown(floor.account, name=name))
    assert found() == ([("holder_differs", floor.account.user_id)] if differs else [])


def test_an_id_without_a_holder_that_the_application_gives_one(floor: Floor) -> None:
    free = account(None, floor.jkt)
    reconcile(shown(floor.account), shown(free, name="Budi"))
    assert found() == [("holder_differs", free.user_id)]


@pytest.mark.parametrize(("email", "differs"), [("ORANG@X.TEST", False), ("lain@x.test", True), ("", False)])
def test_e_mails_differ_whatever_their_case(floor: Floor, email: str, differs: bool) -> None:
    floor.account.assignments.update(email="orang@x.test")
    reconcile(shown(floor.account, email=email))
    assert found() == ([("email_differs", floor.account.user_id)] if differs else [])


def test_two_ids_of_one_person_are_one_finding(floor: Floor) -> None:
    second = account(floor.agent)
    reconcile(shown(floor.account), shown(second))
    assert found() == [("two_ids", f"{floor.account.user_id}, {second.user_id}")]
    reconcile(shown(floor.account), shown(second, active=False), now=RUN + timedelta(days=1))
    assert ("two_ids", f"{floor.account.user_id}, {second.user_id}") in found("gone")


def test_an_unknown_id_is_a_persons_second_one_by_name_and_e_mail_together(floor: Floor) -> None:
    same = {"name": floor.agent.name.upper(), "email": floor.agent.email.upper()}
    reconcile(shown(floor.account), Listed("X-1", True, **same), Listed("X-2", True, email=floor.agent.email))
    assert found() == [("two_ids", f"{floor.account.user_id}, X-1"), ("unknown", "X-1"), ("unknown", "X-2")]


def test_two_ids_are_not_closed_by_a_list_that_cannot_tell_them(floor: Floor) -> None:
    second = account(floor.agent)
    other = person(floor.jkt)
    first = account(other)
    same = {"name": other.name, "email": other.email}
    reconcile(shown(floor.account), shown(second), shown(first), Listed("X-1", True, **same))
    both = [("two_ids", f"{floor.account.user_id}, {second.user_id}"), ("two_ids", f"{first.user_id}, X-1")]
    assert sorted(one for one in found() if one[0] == "two_ids") == sorted(both)
    bare = [Listed(one.user_id, one != second) for one in (floor.account, second, first)]
    reconcile(*bare, Listed("X-1", True, name=other.name), tells=TELLS - {"email"}, now=RUN + timedelta(days=1))
    assert both[1] in found(), "of an ID that the logbook does not know this list says nothing"
    assert both[0] in found("gone"), "of those that it knows it does"
    reconcile(*bare, Listed("X-1", False, **same), now=RUN + timedelta(days=2))
    assert both[1] in found("gone")


@pytest.mark.parametrize(("days", "dormant"), [(29, False), (30, False), (31, True), (None, True)])
def test_no_login_for_longer_than_the_policy(floor: Floor, days: int | None, dormant: bool) -> None:
    last = None if days is None else RUN - timedelta(days=days)
    reconcile(shown(floor.account, last_login_at=last))
    assert found() == ([("dormant", floor.account.user_id)] if dormant else [])


def test_an_id_that_is_new_is_not_dormant(floor: Floor) -> None:
    new = account(person(floor.jkt), since=RUN - timedelta(days=3))
    reconcile(shown(floor.account), shown(new, last_login_at=None))
    assert found() == []


def test_what_a_list_does_not_tell_is_not_judged_and_closes_nothing(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi", email="lain@x.test", last_login_at=RUN - timedelta(days=99)))
    assert {kind for kind, _id in found()} == {"holder_differs", "email_differs", "dormant"}
    reconcile(Listed(floor.account.user_id, True), tells=frozenset({"user_id", "status"}), now=RUN + timedelta(days=1))
    assert {kind for kind, _id in found()} == {"holder_differs", "email_differs", "dormant"}


def test_each_finding_is_owed_by_its_role_until_its_policys_time(floor: Floor) -> None:
    floor.resign()
    reconcile(Listed(floor.account.user_id, True, last_login_at=LEFT + timedelta(days=1)), Listed("X", True))
    for finding in Finding.objects.exclude(kind="active_after_leaving"):
        duty = Obligation.objects.get(object_id=finding.pk, rule__startswith="userids.finding")
        assert (duty.owner_role, duty.due_at, duty.site) == (finding.owner_role, finding.due_at, finding.site)
        assert advice(finding.kind)
    hours = {one.kind: (one.due_at - RUN) / timedelta(hours=1) for one in Finding.objects.all()}
    assert hours == {"activity_after_last_day": 4, "active_after_leaving": 4, "unknown": 24}


def test_while_a_deactivation_is_open_it_is_the_one_obligation_and_after_it_the_finding_has_its_own(
    floor: Floor,
) -> None:
    floor.resign()
    row = shown(floor.account, last_login_at=None)
    reconcile(row, now=LEFT + timedelta(hours=1))
    finding = Finding.objects.get(kind="active_after_leaving")
    mine = Obligation.objects.filter(rule="userids.finding.team_leader")
    assert not mine.exists() and not Notification.objects.filter(kind="userids.findings").exists()
    assert not Finding.objects.open().uncovered().exists()
    shut(floor)
    reconcile(row, now=LEFT + timedelta(hours=5))
    finding.refresh_from_db()
    assert mine.get().due_at == finding.due_at == LEFT + timedelta(hours=9)
    assert finding in Finding.objects.open().uncovered()
    reconcile(row, now=LEFT + timedelta(hours=6))
    assert mine.count() == 1 and Finding.objects.count() == 1


def test_the_hash_of_a_list_is_kept(floor: Floor) -> None:
    rows = [shown(floor.account)]
    assert reconcile(*rows).sha256 == listing(rows, tells=TELLS).sha256


def test_other_applications_are_left_alone(floor: Floor) -> None:
    from userids.models import Application

    other = Application.objects.create(code="OTHER", name="Other")
    Account.objects.create(
        application=other, user_id="O-1", site=floor.jkt, created_at=RUN, activated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    reconcile(shown(floor.account))
    assert found() == []
    assert factories.application() != other
