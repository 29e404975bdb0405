"""Activity under a leaver's ID, heard as it happens, is an incident at once (UID-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from occ.notifications.models import Notification
from occ.people.choices import Role
from realtime.services.ingesting import events_take
from realtime.services.working import arrivals_work
from tests.factories import DAY, NOW, Floor, account, person, user
from tests.realtime.conftest import event
from tests.reconcile.helpers import SAID, put_right, reconcile, shown
from userids.choices import FindingKind
from userids.models import Account, Application, Assignment
from userids.models.reconciliation import Finding, Heard
from userids.reconciling import notices
from userids.reconciling.findings import finding_confirm
from userids.reconciling.hearing import heard_take_up

pytestmark = pytest.mark.req("UID-11")
LATER = NOW + timedelta(days=3)


def happens(floor: Floor, *events: dict[str, Any], now: Any = LATER) -> int:
    events_take(events=list(events), actor=user(Role.IT), now=now)
    arrivals_work(now=now)
    return heard_take_up(now=now)


def test_a_log_in_after_the_last_day_is_an_incident_of_its_owner_and_told_at_once(floor: Floor) -> None:
    it = user(Role.IT, floor.jkt)
    floor.resign(DAY)
    name = floor.account.user_id.lower()
    assert happens(floor, event("agent.login", LATER - timedelta(minutes=5), agent=name)) == 1
    finding = Finding.objects.get()
    assert (finding.kind, finding.person, finding.first_run) == (FindingKind.ACTIVITY_AFTER_LAST_DAY, floor.agent, None)
    assert finding.details["what"] == "login" and finding.moment("at") == LATER - timedelta(minutes=5)
    assert finding.due_at > LATER and finding.status == "open"
    told = Notification.objects.filter(kind="userids.incident")
    assert {one.user for one in told} >= {floor.coordinator, it}
    assert not Heard.objects.exists()


def test_the_last_day_itself_and_those_who_stay_are_none(floor: Floor) -> None:
    happens(floor, event("agent.login", NOW, agent=floor.account.user_id), now=NOW)
    floor.resign(DAY)
    happens(floor, event("agent.state", NOW + timedelta(hours=3), agent=floor.account.user_id, state="busy"))
    happens(floor, event("agent.logout", LATER, agent=floor.account.user_id))
    happens(floor, event("agent.login", LATER, agent="nobody-knows"))
    assert not Finding.objects.exists() and not Heard.objects.exists()


def test_more_of_it_stays_one_finding_and_new_activity_opens_a_settled_one_again(floor: Floor) -> None:
    floor.resign(DAY)
    name = floor.account.user_id
    happens(floor, event("agent.login", LATER - timedelta(hours=2), agent=name))
    assert happens(floor, event("agent.state", LATER - timedelta(hours=1), agent=name, state="busy")) == 0
    assert Finding.objects.get().moment("at") == LATER - timedelta(hours=1)
    finding = Finding.objects.get()
    put_right(finding, user(Role.IT), now=LATER)
    finding_confirm(finding_id=finding.pk, note=SAID, actor=floor.coordinator, now=LATER)
    assert happens(floor, event("agent.login", LATER - timedelta(minutes=90), agent=name)) == 0, (
        "older: settled with it"
    )
    assert happens(floor, event("agent.login", LATER, agent=name), now=LATER) == 1
    finding = Finding.objects.get()
    assert (finding.status, finding.settled_at) == ("open", None)
    put_right(finding, user(Role.IT), now=LATER)
    assert happens(floor, event("agent.login", LATER + timedelta(minutes=1), agent=name), now=LATER) == 1
    assert Finding.objects.get().status == "open", "it is used while somebody else has still to confirm"


def test_a_list_that_shows_it_too_shows_the_same_finding(floor: Floor) -> None:
    floor.resign(DAY)
    at = LATER - timedelta(hours=2)
    happens(floor, event("agent.login", at, agent=floor.account.user_id))
    run = reconcile(shown(floor.account, last_login_at=at), now=LATER)
    finding = Finding.objects.get(kind=FindingKind.ACTIVITY_AFTER_LAST_DAY)
    assert finding.last_run == run and finding.first_run is None


def test_a_leaving_that_is_recorded_late_looks_back(floor: Floor) -> None:
    at = LATER - timedelta(hours=2)
    name = floor.account.user_id.lower()
    happens(floor, event("agent.login", NOW, agent=name), event("agent.login", at, agent=name))
    happens(floor, event("agent.logout", at + timedelta(minutes=5), agent=name))
    assert not Heard.objects.exists()
    floor.resign(DAY, now=LATER)
    assert heard_take_up(now=LATER) == 1
    finding = Finding.objects.get()
    assert (finding.person, finding.moment("at"), finding.details["what"]) == (floor.agent, at, "login")


def test_looking_back_ends_where_the_next_holder_begins(floor: Floor) -> None:
    name, passed_on = floor.account.user_id, LATER - timedelta(hours=12)
    happens(floor, event("agent.login", LATER - timedelta(hours=24), agent=name))
    happens(floor, event("agent.login", LATER - timedelta(hours=1), agent=name))
    Assignment.objects.filter(account=floor.account).update(ends_at=passed_on)
    Assignment.objects.create(account=floor.account, person=person(floor.jkt), starts_at=passed_on)
    floor.resign(DAY, now=LATER)
    heard_take_up(now=LATER)
    finding = Finding.objects.get()
    assert (finding.person, finding.moment("at")) == (floor.agent, LATER - timedelta(hours=24))


def test_a_leaving_ahead_and_one_without_activity_find_nothing(floor: Floor) -> None:
    happens(floor, event("agent.login", NOW, agent=floor.account.user_id), now=NOW)
    floor.resign(DAY, now=LATER)
    other = account(person(floor.jkt))
    happens(floor, event("agent.login", LATER, agent=other.user_id))
    assert not Finding.objects.exists() and not Heard.objects.exists()


def same_id_elsewhere(floor: Floor, code: str) -> Account:
    """The same leaver has an ID of the same name in another application."""
    crm = Application.objects.create(code=code, name=code)
    made = Account.objects.create(
        application=crm, user_id=floor.account.user_id, site=floor.jkt, created_at=NOW - timedelta(days=100),
        activated_at=NOW - timedelta(days=100),
    )  # fmt: skip
    Assignment.objects.create(account=made, person=floor.agent, starts_at=NOW - timedelta(days=100))
    return made


@pytest.mark.parametrize(("source", "applications"), [("omni", {"OMNI"}), ("crm", {"CRM"}), ("pabx", {"OMNI", "CRM"})])
def test_a_source_that_names_an_application_speaks_of_that_one(
    floor: Floor, source: str, applications: set[str]
) -> None:
    same_id_elsewhere(floor, "CRM")
    floor.resign(DAY)
    happens(floor, event("agent.login", LATER, agent=floor.account.user_id, source=source))
    assert set(Finding.objects.values_list("application__code", flat=True)) == applications


def test_incidents_of_two_applications_at_one_instant_are_told_both(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "SINGLY", 0)
    same_id_elsewhere(floor, "CRM")
    floor.resign(DAY)
    happens(floor, event("agent.login", LATER, agent=floor.account.user_id, source="pabx"))
    assert Notification.objects.filter(kind="userids.incidents", user=floor.coordinator).count() == 2
