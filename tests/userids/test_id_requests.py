"""A new employee's user ID (SDM-3; SOP-UID 5.3): every step as every role, when it is due, page and API."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.people.models import Person, Site
from occ.times import JAKARTA
from tests.factories import DAY, NOW, Floor, account, person, trying, user
from tests.sdm.test_records import acting
from userids.deadlines import id_due
from userids.models import IdRequest
from userids.policies import GIVE
from userids.services.id_requests import TRANSITIONS, id_request_open, requests_follow_move
from userids.workflow import ID_REQUEST

GIVE_AFTER_MOVE = f"{GIVE}_after_move"
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
        for role, where in trying(floor, one, state):
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


def moved(who: Person, where: Site, now: datetime) -> None:
    Person.objects.filter(pk=who.pk).update(site=where)
    requests_follow_move(person=Person.objects.get(pk=who.pk), actor=LIFECYCLE, now=now)


def test_a_move_takes_the_duty_along_and_says_so(floor: Floor, client: Client) -> None:
    found, new = at(floor, "requested")
    moved(new, floor.ygy, NOW)
    assert Obligation.objects.open().get(object_id=found.pk, rule=GIVE).site == floor.ygy
    client.force_login(floor.support)
    page = client.get(reverse("inbox")).content.decode()
    assert "Pindah ke site lain" in page and "Tidak diperlukan lagi" not in page


def test_what_is_late_stays_the_old_sites_breach_and_the_new_site_owes_it_too(floor: Floor) -> None:
    found, new = at(floor, "requested")
    late = found.due_at + timedelta(hours=1)
    sweep(now=late)
    moved(new, floor.ygy, late)
    duties = Obligation.objects.open().filter(object_id=found.pk, rule__in=(GIVE, GIVE_AFTER_MOVE)).order_by("rule")
    old, fresh = duties
    assert (old.site, old.breached_at) == (floor.jkt, found.due_at)
    assert (fresh.site, fresh.owner_role, fresh.due_at) == (floor.ygy, Role.SUPPORT, late + timedelta(hours=24))
    ours, theirs = user(Role.SUPPORT, floor.jkt), user(Role.SUPPORT, floor.ygy)
    for one, sees in ((ours, True), (theirs, True), (user(Role.AGENT, floor.jkt), False)):
        assert IdRequest.objects.visible_to(one).filter(pk=found.pk).exists() == sees
    assert IdRequest.objects.visible_to(floor.support).count() == 1
    moved(new, floor.jkt, late)
    assert duties.get() == old, "back again it is owed once"
    moved(new, floor.ygy, late)
    account(Person.objects.get(pk=new.pk))
    assert not duties.all().exists()
    ended = Obligation.objects.filter(object_id=found.pk, state="fulfilled", rule__in=[GIVE, GIVE_AFTER_MOVE]).order_by(
        "rule"
    )
    assert [one.rule for one in ended] == [GIVE, GIVE_AFTER_MOVE] and ended[0].site == floor.jkt
    assert not IdRequest.objects.visible_to(ours).exists(), "what is done is the new site's"
