"""A new employee's user ID (SDM-3; SOP-UID 5.3): every step as every role, when it is due, page and API."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import Role
from occ.people.models import Person
from occ.times import JAKARTA
from tests.factories import DAY, NOW, Floor, account, person, user
from tests.sdm.test_records import acting
from userids.deadlines import id_due
from userids.models import IdRequest
from userids.services.id_requests import TRANSITIONS, id_request_open
from userids.workflow import ID_REQUEST

pytestmark = pytest.mark.req("SDM-3")


def at(floor: Floor, state: str) -> tuple[IdRequest, Person]:
    """A request that stands there, of somebody who holds an ID whose entry went past it."""
    new = person(floor.jkt)
    made = id_request_open(person=new, first_day=DAY, actor=user(Role.HR_RELATIONS), now=NOW)
    assert made is not None
    if state == "cancelled":
        TRANSITIONS["cancel"](request_id=made.pk, note="x", actor=floor.support, now=NOW)
    if state == "given":
        account(new)
    made.refresh_from_db()
    assert made.status == state
    return made, new


@pytest.mark.parametrize("state", ID_REQUEST.states)
def test_every_step_from_every_state_by_every_role(floor: Floor, state: str) -> None:
    found, _new = at(floor, state)
    for one in ID_REQUEST.transitions:
        for role in Role:
            for where in (floor.jkt, floor.ygy) if role in one.by_roles else (floor.jkt,):
                actor = user(role, where, name=f"{role}-{where.code}")
                given: dict[str, Any] = {"request_id": found.pk, "actor": actor, "now": NOW}
                given |= {"note": "catatan"} if one.needs else {}
                allowed = role in one.by_roles and where == floor.jkt
                # Without an ID in the logbook nothing is given; with one it was given by itself.
                if not allowed or state not in one.source or one.name == "give":
                    with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                        TRANSITIONS[one.name](**given)
                    continue
                with pytest.raises(Invalid), transaction.atomic():
                    TRANSITIONS[one.name](**given | {"note": ""})
                with transaction.atomic():
                    TRANSITIONS[one.name](**given)
                    found.refresh_from_db()
                    assert found.status == one.target
                    transaction.set_rollback(True)
                found.refresh_from_db()


@pytest.mark.parametrize(
    ("first_day", "asked", "due"),
    [
        (date(2026, 12, 1), datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC)),
        (date(2026, 11, 20), datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 11, 21, 3, tzinfo=UTC)),
        (date(2027, 1, 1), datetime(2026, 12, 31, 16, 59, tzinfo=UTC), datetime(2027, 1, 1, 17, tzinfo=UTC)),
        (date(2027, 1, 1), datetime(2026, 12, 31, 17, 1, tzinfo=UTC), datetime(2027, 1, 1, 17, 1, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 2, 29, 17, tzinfo=UTC)),
    ],
)
def test_it_is_due_a_day_after_the_first_day_begins_or_after_it_was_asked_for(
    first_day: date, asked: datetime, due: datetime
) -> None:
    assert id_due(first_day, JAKARTA, asked, timedelta(hours=24)) == due


def test_the_page_says_why_nothing_can_be_given_yet(floor: Floor) -> None:
    found, _new = at(floor, "requested")
    page = acting(floor.support).get(found.get_absolute_url())
    assert f"No. {found.pk} · " in page.context["subtitle"]
    assert [str(one["label"]) for one in page.context["hindered"]] == [str(ID_REQUEST.find("give").label)]
    assert "The logbook knows no user ID of this employee" in page.content.decode()
    assert reverse("userids:id_request_step", args=[found.pk, "give"]) not in page.content.decode()


def test_the_api_lists_and_steps(floor: Floor) -> None:
    found, new = at(floor, "requested")
    support = acting(floor.support)
    rows = support.get(reverse("api:userids-id-requests"), {"status": "requested"}).json()["results"]
    assert [(one["employee"], one["user_id"]) for one in rows] == [(new.number, None)]
    go = reverse("api:userids-id-request-transition", args=[found.pk, "give"])
    assert support.post(go, {}, "application/json").status_code == 409
    go = reverse("api:userids-id-request-transition", args=[found.pk, "cancel"])
    assert support.post(go, {}, "application/json").status_code == 422
    assert support.post(go, {"note": "Back office."}, "application/json").json()["status"] == "cancelled"
    assert support.post(go.replace("cancel", "nothing"), {}, "application/json").status_code == 422
