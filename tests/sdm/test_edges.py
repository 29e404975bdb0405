"""People who come, go and come back while their papers do not agree (SDM-1, SDM-8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import lifecycle
from occ.people.choices import LeavingReason, Role
from occ.people.models import User
from sdm.choices import Standing
from sdm.models import Employee
from sdm.services import clearance, employees, employments, leavings, placements
from sdm.services.contract_registration import employment_register
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, account, user
from tests.sdm.conftest import Hire
from userids.models import Account, BreachReview, DeactivationRequest

pytestmark = pytest.mark.req("SDM-8")


def leave(employee: Employee, day: date, actor: User, now: datetime = NOW) -> None:
    lifecycle.person_leave(
        person_id=employee.pk, last_working_day=day, reason=LeavingReason.RESIGNATION, actor=actor, now=now
    )


@pytest.mark.parametrize(
    "query", ["as_of=abc", "as_of=2026-13-01", "as_of=9999-12-31", "site=nowhere", "q=%00", "status=x"]
)
@pytest.mark.req("SDM-1", "KER-14")
def test_nonsense_in_the_address_is_said_and_breaks_nothing(floor: Floor, client: Client, query: str) -> None:
    client.force_login(floor.support)
    assert client.get(f"{reverse('sdm:people')}?{query}").status_code == 200


def test_no_contract_for_somebody_who_has_left(floor: Floor, hr: User, hire: Hire) -> None:
    employee = hire()
    leave(employee, DAY, hr)
    later = Terms("pkwt", DAY + timedelta(days=10), DAY + timedelta(days=70))
    with pytest.raises(Invalid) as refused:
        employments.employment_add(person_id=employee.pk, terms=later, actor=hr, now=NOW)
    assert refused.value.code == "left_by_then"


def test_no_contract_wholly_before_joining(floor: Floor, hr: User, hire: Hire) -> None:
    employee = hire(joined_on=DAY - timedelta(days=10), contract=None)
    before = Terms("pkwt", DAY - timedelta(days=60), DAY - timedelta(days=11))
    with pytest.raises(Invalid) as refused:
        employments.employment_add(person_id=employee.pk, terms=before, actor=hr, now=NOW)
    assert refused.value.code == "before_joining"
    across = Terms("pkwt", DAY - timedelta(days=60), DAY - timedelta(days=10))
    employments.employment_add(person_id=employee.pk, terms=across, actor=hr, now=NOW)


def test_staying_is_refused_in_words_where_a_later_contract_stands_in_the_way(
    floor: Floor, hr: User, hire: Hire
) -> None:
    employee = hire()
    leave(employee, DAY, hr)
    lifecycle.announce_left(now=NOW + timedelta(days=2))
    back = DAY + timedelta(days=10)
    employees.employee_rejoin(
        person_id=employee.pk, on=back, position="Agent", site=floor.jkt, team=None, leader=None,
        contract=Terms("pkwt", back, back + timedelta(days=60)), actor=hr, now=NOW + timedelta(days=2),
    )  # fmt: skip
    with pytest.raises(WrongState):
        lifecycle.person_stay(person_id=employee.pk, note="x", actor=hr, now=NOW + timedelta(days=3))


def test_who_comes_back_keeps_the_id_and_the_breach_that_was(floor: Floor, hr: User, hire: Hire) -> None:
    """The ID stood open after the first leaving; a second leaving opens a request of its own."""
    employee = hire()
    held = account(employee.person)
    leave(employee, DAY - timedelta(days=5), hr)
    first = DeactivationRequest.objects.get(account=held)
    sweep(now=NOW)
    lifecycle.announce_left(now=NOW)
    employees.employee_rejoin(
        person_id=employee.pk, on=DAY, position="Agent", site=floor.jkt, team=None, leader=None, contract=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    first.refresh_from_db()
    assert first.status == "cancelled"
    owed = Obligation.objects.get(rule="userids.deactivate", object_id=first.pk)
    assert (owed.state, owed.on_time) == ("fulfilled", False)
    assert BreachReview.objects.get(request=first).status == "open"
    due = first.due_at
    leave(employee, DAY + timedelta(days=200), hr)
    first.refresh_from_db()
    second = DeactivationRequest.objects.open().get(account=held)
    assert (first.due_at, second.pk != first.pk) == (due, True)
    assert Account.objects.get(pk=held.pk).status == "active"


@pytest.mark.req("SDM-1", "KER-9")
@pytest.mark.parametrize("number", [" %s", "%s%%0A", "%%00"])
def test_a_number_with_something_around_it_opens_no_other_door(floor: Floor, hire: Hire, number: str) -> None:
    theirs = hire(site=floor.ygy, team=None)
    client = Client()
    client.force_login(user(Role.HR_RELATIONS, floor.jkt))
    url = "/api/v1/sdm/employees/" + (number % theirs.person.number if "%s" in number else "%00") + "/"
    assert client.get(url).status_code == 404
    assert client.put(url, {}, content_type="application/json").status_code in {403, 404}


@pytest.mark.req("SDM-1")
def test_a_day_before_the_leaving_was_recorded_does_not_know_of_it(floor: Floor, hr: User, hire: Hire) -> None:
    employee = hire()
    leave(employee, DAY + timedelta(days=30), hr)
    before, after = DAY - timedelta(days=20), DAY + timedelta(days=1)

    def standing(day: date) -> Any:
        return Employee.objects.as_of(day).get(pk=employee.pk).standing_on(day)

    assert (standing(before), standing(after)) == (Standing.WORKING, Standing.LEAVING)
    client = Client()
    client.force_login(user(Role.COORDINATOR, floor.jkt))
    url = f"/api/v1/sdm/employees/{employee.person.number}/"
    assert client.get(url, {"as_of": before.isoformat()}).json()["last_working_day"] is None
    assert client.get(url).json()["last_working_day"] == (DAY + timedelta(days=30)).isoformat()


def test_hr_changes_neither_the_own_place_nor_contract_nor_leaving(floor: Floor, hire: Hire, hr: User) -> None:
    own = hire()
    hr.person = own.person
    hr.save(update_fields=["person"])
    contract = own.employments.get()
    place: dict[str, Any] = {"site": floor.jkt, "position": "Manager", "leader": None, "actor": hr, "now": NOW}
    mine: list[Callable[[], Any]] = [
        lambda: placements.person_transfer(person_id=own.pk, on=DAY, team=None, **place),
        lambda: placements.placement_correct(
            placement_id=own.placements.get().pk, starts_on=date(2025, 1, 1), note="x", **place
        ),
        lambda: employments.employment_extend(
            employment_id=contract.pk, agreed_until=date(2027, 12, 31), actor=hr, now=NOW
        ),
        lambda: employments.employment_end(employment_id=contract.pk, ends_on=DAY, note="x", actor=hr, now=NOW),
        lambda: employment_register(
            employment_id=contract.pk, registered_on=DAY, registration="W-1", actor=hr, now=NOW
        ),
    ]
    for one in mine:
        with pytest.raises(NotAllowed, match="sendiri"):
            one()
    client = Client()
    client.force_login(hr)
    page = client.get(own.get_absolute_url()).content.decode()
    for name, pk in (("person_transfer", own.pk), ("employment_new", own.pk), ("employment_extend", contract.pk)):
        assert reverse(f"sdm:{name}", args=[pk]) not in page
    assert reverse("sdm:person_edit", args=[own.pk]) in page
    leaving = leavings.leaving_record(
        person_id=own.pk, last_working_day=DAY, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    with pytest.raises(NotAllowed, match="sendiri"):
        clearance.item_settle(item_id=leaving.items.first().pk, outcome="returned", actor=hr, now=NOW)  # type: ignore[union-attr]
    with pytest.raises(NotAllowed, match="sendiri"):
        leavings.leaving_withdraw(leaving_id=leaving.pk, note="x", actor=hr, now=NOW)
    other = user(Role.HR_RELATIONS, floor.jkt, name="hr.other")
    assert leavings.leaving_withdraw(leaving_id=leaving.pk, note="x", actor=other, now=NOW).status == "withdrawn"
