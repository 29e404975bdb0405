"""What is asked for while a request is open joins it: the nearer deadline rules, the graver reason decides (UID-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from occ.errors import NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import lifecycle
from occ.people.actors import COMMAND
from occ.people.choices import LeavingReason, Role
from occ.people.models import Person
from occ.policies.services import policy_set
from tests.factories import DAY, NOW, Floor, person, user
from userids.models import BreachReview, DeactivationRequest, IdRequest, ReplacementRequest
from userids.services import accounts, deactivations, replacements
from userids.services.deactivations.clocks import clocks
from userids.services.others import deactivation_ask

pytestmark = [pytest.mark.req("UID-8"), pytest.mark.usefixtures("only_user_ids")]
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=3)


def ask(floor: Floor, reason: str, **more: Any) -> DeactivationRequest:
    given: dict[str, Any] = {"note": "x", "actor": floor.leader, "now": NOW} | more
    return deactivation_ask(account_id=floor.account.pk, reason=reason, **given)


def shut(request: DeactivationRequest, floor: Floor, now: datetime) -> None:
    deactivations.deactivation_start(request_id=request.pk, actor=floor.leader, now=now)
    deactivations.deactivation_confirm(request_id=request.pk, evidence={"text": "x"}, actor=floor.leader, now=now)


def duty() -> Obligation:
    return Obligation.objects.get(rule="userids.deactivate")


@pytest.mark.req("UID-4", "UID-7")
@pytest.mark.parametrize("way", ["moved day", "another team"])
def test_what_was_hastened_is_not_set_back_and_stays_breached(floor: Floor, way: str) -> None:
    resignation = floor.resign(DAY + timedelta(days=10), now=NOW)
    ask(floor, "discipline")
    due = NOW + HOUR
    assert floor.request.due_at == due
    sweep(now=due + HOUR)
    assert duty().breached_at == due
    support = {"actor": floor.support, "now": due + 2 * HOUR}
    if way == "moved day":
        deactivations.resignation_move(
            resignation_id=resignation.pk, last_working_day=DAY + timedelta(days=12), note="x", **support
        )
    else:
        found = Person.objects.get(pk=floor.agent.pk)
        deactivations.deactivations_follow_move(person=found, **support)
    assert (floor.request.due_at, duty().due_at, duty().breached_at) == (due, due, due)
    shut(floor.request, floor, due + 3 * HOUR)
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=DAY + timedelta(days=20), note="x", actor=floor.support,
        now=due + 4 * HOUR,
    )  # fmt: skip
    assert (floor.request.due_at, duty().on_time, duty().breached_at) == (due, False, due)
    assert BreachReview.objects.get().status == "open"


def test_a_leaving_that_comes_nearer_than_what_was_asked_rules(floor: Floor, client: Client) -> None:
    resignation = floor.resign(DAY + timedelta(days=10), now=NOW)
    ask(floor, "dormant")
    assert floor.request.due_at == NOW + 72 * HOUR
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=DAY, note="x", actor=floor.support, now=NOW
    )
    assert floor.request.due_at == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert floor.request.asked_due_at == NOW + 72 * HOUR
    rules, other = clocks(floor.request)
    assert (rules.label, rules.due_at, rules.holds) == ("Akan keluar", floor.request.due_at, True)
    assert "tidak ada roster" in rules.why
    assert (other.due_at, other.starts_at, other.holds) == (NOW + 72 * HOUR, NOW, False)
    client.force_login(floor.leader)
    page = client.get(floor.request.get_absolute_url()).content.decode()
    assert rules.why in page and other.why in page and "berlaku yang lebih dekat" in page


def test_a_leaver_whose_id_was_asked_for_before_has_both_deadlines_on_its_page(floor: Floor) -> None:
    ask(floor, "dormant")
    floor.resign(DAY + timedelta(days=10), now=NOW)
    rules, other = clocks(floor.request)
    assert (rules.label, rules.due_at) == ("Tidak digunakan", NOW + 72 * HOUR)
    assert (other.label, other.due_at) == ("Akan keluar", datetime(2026, 12, 1, 17, tzinfo=UTC))


@pytest.mark.req("UID-12")
def test_a_revocation_is_no_suspension_though_it_is_due_later(floor: Floor) -> None:
    request = ask(floor, "long_leave")
    joined = ask(floor, "access_review", now=NOW + HOUR)
    assert joined == request
    request.refresh_from_db()
    assert (request.reason, request.asked_reason, request.due_at) == ("long_leave", "access_review", NOW + 24 * HOUR)
    with pytest.raises(WrongState):  # it changes nothing more
        ask(floor, "access_review", now=NOW + 2 * HOUR)
    shut(request, floor, NOW + 3 * HOUR)
    floor.account.refresh_from_db()
    assert (floor.account.status, accounts.kept_for(floor.account)) == ("inactive", None)
    with pytest.raises(WrongState):
        accounts.account_resume(account_id=floor.account.pk, note="x", actor=floor.leader, now=LATER)


def test_long_leave_alone_suspends_still(floor: Floor) -> None:
    shut(ask(floor, "long_leave"), floor, NOW)
    floor.account.refresh_from_db()
    assert floor.account.status == "suspended"


@pytest.mark.parametrize("joined", ["discipline", "access_review"])
def test_what_binds_is_taken_back_by_a_coordinator_only(floor: Floor, joined: str) -> None:
    request = ask(floor, "long_leave", last_day=DAY + timedelta(days=30))
    ask(floor, joined)
    with pytest.raises(NotAllowed):
        deactivations.deactivation_cancel(request_id=request.pk, note="x", actor=floor.support, now=NOW)
    request.refresh_from_db()
    assert request.is_open
    deactivations.deactivation_cancel(request_id=request.pk, note="x", actor=floor.coordinator, now=NOW)


@pytest.mark.req("UID-3")
def test_a_leavers_id_is_shut_whatever_else_was_asked_first(floor: Floor) -> None:
    request = ask(floor, "long_leave", last_day=DAY + timedelta(days=30))
    floor.resign(DAY, now=NOW)
    with pytest.raises(WrongState, match=floor.agent.name):
        deactivations.deactivation_cancel(request_id=request.pk, note="x", actor=floor.support, now=NOW)
    shut(request, floor, NOW + HOUR)
    floor.account.refresh_from_db()
    assert floor.account.status == "inactive"  # they do not come back to it


@pytest.mark.req("UID-3")
@pytest.mark.parametrize("by", ["support", "personnel", "joined"])
def test_a_withdrawn_leaving_leaves_the_measure_standing(floor: Floor, by: str) -> None:
    resignation = floor.resign(DAY, now=NOW)
    ask(floor, "discipline")
    at = NOW + HOUR / 2
    if by == "support":
        deactivations.resignation_withdraw(resignation_id=resignation.pk, note="x", actor=floor.support, now=at)
    elif by == "personnel":
        lifecycle.person_stay(person_id=floor.agent.pk, note="x", actor=COMMAND, now=at)
    else:
        deactivations.deactivations_end(person=floor.agent, note="x", returned=True, actor=COMMAND, now=at)
    request = floor.request
    assert (request.reason, request.asked_reason, request.is_open) == ("discipline", "", True)
    assert (request.last_working_day, request.due_at, duty().due_at) == (DAY, NOW + HOUR, NOW + HOUR)
    assert duty().state == "open"
    with pytest.raises(NotAllowed):
        deactivations.deactivation_cancel(request_id=request.pk, note="x", actor=floor.support, now=at)


@pytest.mark.req("UID-3", "UID-7")
def test_staying_sets_back_what_is_to_come_and_nothing_that_was_missed(floor: Floor) -> None:
    resignation = floor.resign(DAY - timedelta(days=1), now=NOW - timedelta(days=2))
    leavers = floor.request.due_at
    ask(floor, "access_review", now=leavers - HOUR)
    sweep(now=leavers + HOUR)
    deactivations.resignation_withdraw(
        resignation_id=resignation.pk, note="x", actor=floor.support, now=leavers + 2 * HOUR
    )
    assert (floor.request.reason, floor.request.due_at, duty().breached_at) == ("access_review", leavers, leavers)


def test_staying_before_its_time_leaves_the_other_deadline(floor: Floor) -> None:
    resignation = floor.resign(DAY, now=NOW - timedelta(days=2))
    leavers = floor.request.due_at
    ask(floor, "access_review", now=leavers - HOUR)
    deactivations.resignation_withdraw(
        resignation_id=resignation.pk, note="x", actor=floor.support, now=leavers - HOUR / 2
    )
    assert floor.request.due_at == duty().due_at == leavers + 23 * HOUR


def test_the_page_says_both_reasons(floor: Floor) -> None:
    floor.resign(DAY + timedelta(days=9), now=NOW)
    ask(floor, "discipline")
    client = Client()
    client.force_login(floor.leader)
    client.cookies["django_language"] = "en"
    assert "Resignation, Discipline" in client.get(floor.request.get_absolute_url()).content.decode()


# Whose ID was shut already -----------------------------------------------------------------------------------------


@pytest.mark.req("UID-3")
def test_who_stays_after_the_id_was_shut_is_asked_one_for(floor: Floor) -> None:
    resignation = floor.resign(DAY, now=NOW)
    shut(floor.request, floor, NOW + HOUR)
    client = Client()
    client.force_login(floor.support)
    client.cookies["django_language"] = "en"
    page = f"/userids/resignations/{resignation.pk}/"
    assert f"not opened again by this: {floor.account.user_id}" in client.get(page).content.decode()
    deactivations.resignation_withdraw(resignation_id=resignation.pk, note="x", actor=floor.support, now=NOW + 2 * HOUR)
    asked = IdRequest.objects.get(person=floor.agent)
    assert asked.status == "requested" and asked.site == floor.jkt
    told = Notification.objects.filter(kind="userids.stays").values_list("user__username", flat=True)
    assert {floor.leader.username, floor.support.username} == set(told)


@pytest.mark.req("UID-3")
def test_who_stays_before_it_was_shut_needs_none(floor: Floor) -> None:
    resignation = floor.resign(DAY, now=NOW)
    deactivations.resignation_withdraw(resignation_id=resignation.pk, note="x", actor=floor.support, now=NOW + HOUR)
    assert not IdRequest.objects.exists() and not Notification.objects.filter(kind="userids.stays").exists()


@pytest.mark.req("UID-3", "UID-9")
def test_an_id_that_passed_on_is_documented_for_the_leaver(floor: Floor) -> None:
    floor.resign(DAY, now=NOW)
    shut(floor.request, floor, NOW + HOUR)
    new = person(floor.jkt)
    asked = replacements.replacement_request(
        account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW + 2 * HOUR
    )
    leader = {"request_id": asked.pk, "actor": floor.leader, "now": NOW + 3 * HOUR}
    replacements.replacement_start(**leader)
    replacements.replacement_confirm(**leader, evidence={"text": "x"}, sessions_revoked=True, work_handed_over=True)
    floor.account.refresh_from_db()
    assert (floor.account.status, floor.account.deactivated_at) == ("active", None)
    done = deactivations.deactivation_document(request_id=floor.request.pk, actor=floor.support, now=NOW + 4 * HOUR)
    assert done.status == "documented"


# A policy that changes ---------------------------------------------------------------------------------------------


@pytest.mark.req("UID-4", "KER-8")
def test_a_lengthened_policy_does_not_reach_back(floor: Floor) -> None:
    resignation = floor.resign(DAY, now=NOW)
    due = floor.request.due_at
    policy_set(
        key="userids.deactivate.hours", value=72, valid_from=NOW + HOUR, reason="uji", site=None,
        actor=user(Role.COORDINATOR), now=NOW + HOUR,
    )  # fmt: skip
    after = {"actor": floor.support, "now": NOW + 2 * HOUR}
    deactivations.deactivations_follow_move(person=Person.objects.get(pk=floor.agent.pk), **after)
    assert floor.request.due_at == duty().due_at == due
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=DAY + timedelta(days=1), note="x", **after
    )
    assert floor.request.due_at == due + 24 * HOUR  # the day moves by a day, the hours are those of then
    shut(floor.request, floor, due + 25 * HOUR)
    lifecycle.person_leave(
        person_id=floor.agent.pk, last_working_day=DAY + timedelta(days=1), reason=LeavingReason.NON_RENEWAL,
        actor=COMMAND, now=due + 26 * HOUR,
    )  # fmt: skip
    assert (floor.request.due_at, floor.request.late, duty().on_time) == (due + 24 * HOUR, True, False)


# An ID that rests for somebody -------------------------------------------------------------------------------------


def resting(floor: Floor) -> ReplacementRequest:
    """Suspended, its holder leaving, asked to be passed on."""
    shut(ask(floor, "long_leave"), floor, NOW)
    floor.resign(DAY + timedelta(days=30), now=NOW)
    new = person(floor.jkt)
    request = replacements.replacement_request(
        account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
    )
    replacements.replacement_start(request_id=request.pk, actor=floor.leader, now=NOW)
    return request


@pytest.mark.req("UID-9")
def test_an_id_that_rests_for_who_stays_goes_to_nobody_else(floor: Floor) -> None:
    request = resting(floor)
    Person.objects.filter(pk=floor.agent.pk).update(last_working_day=None)
    with pytest.raises(WrongState, match=floor.agent.name):
        replacements.replacement_confirm(
            request_id=request.pk, evidence={"text": "x"}, sessions_revoked=True, work_handed_over=True,
            actor=floor.leader, now=LATER,
        )  # fmt: skip
    accounts.account_resume(account_id=floor.account.pk, note="x", actor=floor.leader, now=LATER)


@pytest.mark.req("UID-9")
@pytest.mark.parametrize("suspended", [True, False])
def test_who_stays_ends_the_replacement_of_their_id(floor: Floor, suspended: bool) -> None:
    if suspended:
        request = resting(floor)
    else:
        floor.resign(DAY + timedelta(days=30), now=NOW)
        new = person(floor.jkt)
        request = replacements.replacement_request(
            account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
        )
    lifecycle.person_stay(person_id=floor.agent.pk, note="tetap", actor=COMMAND, now=LATER)
    request.refresh_from_db()
    assert request.status == "cancelled"
