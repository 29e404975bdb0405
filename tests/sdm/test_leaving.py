"""Leaving (SDM-8): every step as every role, one story with Support's resignations, duties, clearance, the document."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left
from occ.people.models import Person, User
from occ.policies.services import policy_set
from occ.workflow.flows import FLOWS, Transition
from occ.workflow.models import WorkflowStep
from sdm.models import ExitInterview, Leaving
from sdm.policies import CLEARANCE, INTERVIEW, ITEMS
from sdm.services import clearance, leavings
from sdm.workflow import LEAVING
from tests.factories import DAY, NOW, Floor, person, trying, user
from tests.userids.test_ladder import in_threads
from userids.models import DeactivationRequest
from userids.services import deactivations

pytestmark = pytest.mark.req("SDM-8")
LAST = DAY + timedelta(days=10)
LATER = NOW + timedelta(days=12)
ALONE = "Atasan sedang cuti."
ANSWERS: dict[str, Any] = {"held_on": LATER.date(), "main_reason": "career", "alone_because": ALONE}


def record(floor: Floor, actor: User, leaver: Person | None = None, **values: Any) -> Leaving:
    given: dict[str, Any] = {"last_working_day": LAST, "reason": LeavingReason.RESIGNATION} | values
    return leavings.leaving_record(person_id=(leaver or floor.agent).pk, actor=actor, now=NOW, **given)


def settle(leaving: Leaving, actor: User, now: Any = NOW) -> None:
    for item in leaving.items.all():
        clearance.item_settle(item_id=item.pk, outcome="returned", actor=actor, now=now)


def brought(floor: Floor, hr: User, state: str) -> Leaving:
    """A leaving of somebody without user IDs, brought to that state by its path."""
    found = record(floor, hr, person(floor.jkt))
    step: dict[str, Any] = {"leaving_id": found.pk, "actor": hr, "now": LATER}
    settle(found, hr)
    if state in {"interviewed", "cleared", "closed"}:
        leavings.interview_hold(**step, **ANSWERS)
    if state in {"cleared", "closed"}:
        leavings.leaving_clear(**step)
    if state == "closed":
        leavings.leaving_close(**step)
    if state == "withdrawn":
        leavings.leaving_withdraw(**step, note="x")
    found.refresh_from_db()
    assert found.status == state
    return found


def attempt(found: Leaving, one: Transition, actor: User, *, complete: bool = True) -> None:
    arguments: dict[str, Any] = {"note": "catatan" if complete else ""} if "note" in one.needs else {}
    service: Any = leavings.TRANSITIONS[one.name]
    service(leaving_id=found.pk, actor=actor, now=LATER, **arguments | (ANSWERS if one.name == "interview" else {}))


@pytest.mark.parametrize("state", LEAVING.states)
def test_every_step_from_every_state_by_every_role(floor: Floor, hr: User, state: str) -> None:
    found = brought(floor, hr, state)
    kind = ContentType.objects.get_for_model(found)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk)
    before = steps.count()
    for one in LEAVING.transitions:
        for role, where in trying(floor, one, state):
            actor = user(role, where, name=f"{role}-{where.code}")
            allowed = role in one.by_roles and where == floor.jkt
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    attempt(found, one, actor)
                assert steps.count() == before
                continue
            if one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    attempt(found, one, actor, complete=False)
            with transaction.atomic():
                attempt(found, one, actor)
                found.refresh_from_db()
                assert (found.status, steps.count()) == (one.target, before + 1)
                assert Entry.objects.filter(action=f"sdm.leaving.{one.name}").exists()
                transaction.set_rollback(True)
            found.refresh_from_db()


def test_every_registered_flow_is_walked() -> None:
    walked = {"sdm.leaving"}
    walked |= {"sdm.discipline", "sdm.training"}  # test_discipline.py, test_training.py
    walked |= {"sdm.recruitment", "sdm.candidate"}  # test_recruiting.py
    walked |= {"sdm.evaluation", "sdm.evaluation_period", "sdm.incentive_scheme"}  # test_evaluating_steps.py
    walked |= {"sdm.renewal", "sdm.compensation", "sdm.compensation_correction"}  # test_contract_renewals.py and others
    walked |= {"sdm.leave"}  # test_absence.py
    assert walked == {key for key in FLOWS if key.startswith("sdm.")}


def test_recorded_by_hr_it_opens_the_shutting_of_every_id_and_supports_record(floor: Floor, hr: User) -> None:
    record(floor, hr)
    resignation = floor.agent.resignations.get()
    assert (resignation.last_working_day, resignation.recorded_by) == (LAST, hr)
    assert floor.request.status == "recorded"
    other = person(floor.jkt)
    record(floor, floor.support, other)
    assert other.resignations.get().recorded_by == floor.support


def test_recorded_by_support_here_the_team_leader_is_asked_at_once(floor: Floor) -> None:
    record(floor, floor.support)
    assert floor.request.status == "requested"


def test_recorded_as_a_resignation_it_is_a_leaving_and_moves_and_ends_with_it(floor: Floor, hr: User) -> None:
    resignation = floor.resign(LAST, now=NOW)
    found = Leaving.objects.get()
    assert (found.last_working_day, found.recorded_by, found.site) == (LAST, floor.support, floor.jkt)
    day = LAST + timedelta(days=5)
    move: dict[str, Any] = {"last_working_day": day, "note": "x", "now": NOW}
    deactivations.resignation_move(resignation_id=resignation.pk, actor=floor.support, **move)
    found.refresh_from_db()
    assert found.last_working_day == day
    due = {one.rule: one.due_at for one in Obligation.objects.filter(rule__startswith="sdm.")}
    assert due[CLEARANCE] - due[INTERVIEW] == timedelta(days=1)
    move["last_working_day"] = LAST
    leavings.leaving_move(leaving_id=found.pk, reason=LeavingReason.NON_RENEWAL, actor=hr, **move)
    resignation.refresh_from_db()
    assert (resignation.last_working_day, resignation.reason) == (LAST, "non_renewal")
    assert floor.request.last_working_day == LAST
    deactivations.resignation_withdraw(resignation_id=resignation.pk, note="tinggal", actor=floor.support, now=NOW)
    found.refresh_from_db()
    assert found.status == "withdrawn"
    assert not Obligation.objects.open().exists()


def test_withdrawn_here_the_resignation_and_the_requests_end_too(floor: Floor, hr: User) -> None:
    resignation = floor.resign(LAST, now=NOW)
    leavings.leaving_withdraw(leaving_id=Leaving.objects.get().pk, note="tinggal", actor=hr, now=NOW)
    resignation.refresh_from_db()
    assert resignation.withdrawn_at == NOW
    assert DeactivationRequest.objects.get().status == "cancelled"
    assert Person.objects.get(pk=floor.agent.pk).last_working_day is None


def test_twice_is_refused_and_the_database_says_so_too(floor: Floor, hr: User) -> None:
    found = record(floor, hr)
    with pytest.raises(WrongState):
        record(floor, floor.support)
    with pytest.raises(WrongState):
        floor.resign(LAST, now=NOW)
    with pytest.raises(IntegrityError, match="one_open"), transaction.atomic():
        Leaving.objects.create(
            employee=found.employee, site=floor.jkt, reason="death", last_working_day=LAST, recorded_at=NOW
        )


def test_the_refusal_of_a_second_leaving_leads_to_the_first(floor: Floor, hr: User, client: Client) -> None:
    found = record(floor, hr)
    client.force_login(hr)
    given = {"person": floor.agent.number, "last_working_day": LAST.isoformat(), "reason": "resignation", "note": ""}
    page = client.post(reverse("sdm:leaving_new"), given)
    assert page.status_code == 422
    assert f'<a href="{found.get_absolute_url()}">' in page.content.decode()


def test_from_both_doors_at_once_there_is_one_leaving(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    doors = iter([lambda: record(live_floor, hr), lambda: live_floor.resign(LAST, now=NOW)])
    deeds = [next(doors), next(doors)]
    results = in_threads(2, lambda: deeds.pop()())
    assert sum(isinstance(one, WrongState) for one in results) == 1
    assert Leaving.objects.count() == live_floor.agent.resignations.count() == 1


def test_moved_from_both_doors_at_once_neither_waits_for_ever(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    resignation = live_floor.resign(LAST, now=NOW)
    found = Leaving.objects.get()
    days = [LAST + timedelta(days=n) for n in range(1, 7)]

    def move() -> None:
        day = days.pop()
        if day.day % 2:
            leavings.leaving_move(
                leaving_id=found.pk, last_working_day=day, reason=LeavingReason.RESIGNATION, note="x", actor=hr, now=NOW
            )
        else:
            deactivations.resignation_move(
                resignation_id=resignation.pk, last_working_day=day, note="x", actor=live_floor.support, now=NOW
            )

    assert in_threads(6, move) == [None] * 6
    found.refresh_from_db()
    resignation.refresh_from_db()
    assert found.last_working_day == resignation.last_working_day == live_floor.request.last_working_day


def test_a_failing_module_undoes_the_leaving(floor: Floor, hr: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**sent: Any) -> None:
        raise ValueError("x")

    monkeypatch.setattr(deactivations, "deactivations_open", broken)
    with pytest.raises(ValueError, match="x"):
        record(floor, hr)
    assert not Leaving.objects.exists() and not Obligation.objects.exists()
    assert Person.objects.get(pk=floor.agent.pk).last_working_day is None


def test_nothing_is_cleared_while_a_user_id_is_active(floor: Floor, hr: User) -> None:
    found = record(floor, hr)
    leavings.interview_hold(leaving_id=found.pk, actor=hr, now=LATER, **ANSWERS)
    with pytest.raises(WrongState) as refused:
        leavings.leaving_clear(leaving_id=found.pk, actor=hr, now=LATER)
    assert floor.account.user_id in str(refused.value)
    client = Client()
    client.force_login(hr)
    shown = client.get(found.get_absolute_url()).context
    assert "clear" not in {one["name"] for one in shown["next"]}, "no form for what would be refused"
    (hindered,) = shown["hindered"]
    assert (
        floor.account.user_id in hindered["why"]
        and "Belum dapat dilakukan" in client.get(found.get_absolute_url()).content.decode()
    )
    settle(found, hr)
    pk = floor.request.pk
    deactivations.deactivation_request(request_id=pk, actor=floor.support, now=LATER)
    deactivations.deactivation_start(request_id=pk, actor=floor.leader, now=LATER)
    with pytest.raises(WrongState):
        leavings.leaving_clear(leaving_id=found.pk, actor=hr, now=LATER)
    deactivations.deactivation_confirm(request_id=pk, evidence={"text": "x"}, actor=floor.leader, now=LATER)
    leavings.leaving_clear(leaving_id=found.pk, actor=hr, now=LATER)


def test_interview_and_handing_back_are_owed_by_their_days(floor: Floor, hr: User) -> None:
    found = record(floor, hr)
    duties = {one.rule: one for one in Obligation.objects.filter(rule__startswith="sdm.")}
    midnight = NOW.replace(hour=17)  # 00:00 WIB
    assert duties[INTERVIEW].due_at == midnight + timedelta(days=9)
    assert duties[CLEARANCE].due_at == midnight + timedelta(days=10)
    sweep(now=duties[INTERVIEW].due_at)
    duties[INTERVIEW].refresh_from_db()
    assert duties[INTERVIEW].breached_at is not None
    settle(found, hr, now=duties[CLEARANCE].due_at)
    duties[CLEARANCE].refresh_from_db()
    assert duties[CLEARANCE].on_time
    late = record(floor, hr, person(floor.jkt), last_working_day=DAY - timedelta(days=3))
    assert {one.cause for one in Obligation.objects.filter(object_id=late.pk, rule__startswith="sdm.")} == {
        "late_notice"
    }


def test_who_died_is_not_interviewed_and_a_waiver_does_not_count(floor: Floor, hr: User) -> None:
    found = record(floor, hr, reason=LeavingReason.DEATH)
    assert not Obligation.objects.filter(rule=INTERVIEW).exists()
    leavings.interview_waive(leaving_id=found.pk, note="meninggal dunia", actor=hr, now=NOW)
    other = record(floor, hr, person(floor.jkt))
    leavings.interview_waive(leaving_id=other.pk, note="tidak bersedia", actor=hr, now=NOW)
    assert Obligation.objects.get(rule=INTERVIEW).state == "cancelled"


def test_the_superior_accompanies_the_interview_or_why_not_is_said(floor: Floor, hr: User) -> None:
    found, superior = record(floor, hr), person(floor.jkt, name="Atasan Satu")
    mine = person(floor.jkt)
    hr.person = mine
    hr.save()
    hold: Any = partial(leavings.interview_hold, leaving_id=found.pk, actor=hr, now=LATER)
    answers = {name: value for name, value in ANSWERS.items() if name != "alone_because"}
    for given, field in (
        ({}, "companion"), ({"alone_because": "  "}, "companion"), ({"companion": floor.agent}, "companion"),
        ({"companion": mine}, "companion"), ({"companion": superior, "alone_because": ALONE}, "alone_because"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            hold(**answers, **given)
        assert refused.value.field == field
    hold(**answers, companion=superior)
    said = dict(found.interview.answers())
    assert "Atasan Satu" in said.values()
    with pytest.raises(IntegrityError), transaction.atomic():
        ExitInterview.objects.filter(leaving=found).update(companion=None)


def test_the_page_asks_who_was_there_and_offers_who_works_there(floor: Floor, client: Client) -> None:
    hr, today = user(Role.HR_RELATIONS, floor.jkt), timezone.localdate()
    superior, stranger = person(floor.jkt), person(floor.ygy)
    found = leavings.leaving_record(
        person_id=floor.agent.pk, last_working_day=today + timedelta(days=5), actor=hr,
        reason=LeavingReason.RESIGNATION, now=timezone.now(),
    )  # fmt: skip
    client.force_login(hr)
    url = f"{found.get_absolute_url()}interview/"
    given = {"held_on": today.isoformat(), "main_reason": "career"}
    assert b'data-url="' in client.get(found.get_absolute_url()).content
    for wrong in ({}, {"companion": "nobody"}, {"companion": stranger.number}, {"companion": found.person.number}):
        assert client.post(url, given | wrong).status_code == 422
    assert client.post(url, given | {"companion": superior.number}).status_code == 302
    assert ExitInterview.objects.get().companion == superior
    assert superior.name in client.get(found.get_absolute_url()).content.decode()


@pytest.mark.parametrize("held_on", [LATER.date() + timedelta(days=1), DAY - timedelta(days=1)])
def test_an_interview_is_held_between_the_letter_and_now(floor: Floor, hr: User, held_on: date) -> None:
    found = record(floor, hr)
    with pytest.raises(Invalid):
        leavings.interview_hold(leaving_id=found.pk, actor=hr, now=LATER, **(ANSWERS | {"held_on": held_on}))


def test_the_list_is_the_policys_of_that_day(floor: Floor, hr: User) -> None:
    before = record(floor, hr)
    items = [{"key": "laptop", "label": "Laptop"}]
    coordinator = user(Role.COORDINATOR)
    policy_set(key=ITEMS, value=items, valid_from=NOW, reason="x", site=None, actor=coordinator, now=NOW)
    after = record(floor, hr, person(floor.jkt))
    assert (before.items.count(), [one.key for one in after.items.all()]) == (4, ["laptop"])
    for wrong in ({}, [{"key": "a"}], [{"key": "a", "label": "x"}] * 2, [{"key": "", "label": "x"}]):
        with pytest.raises(Invalid):
            policy_set(key=ITEMS, value=wrong, valid_from=NOW, reason="x", site=None, actor=coordinator, now=NOW)


def test_what_is_missing_is_explained_and_a_closed_list_stays(floor: Floor, hr: User) -> None:
    found = brought(floor, hr, "interviewed")
    item = found.items.all()[0]
    with pytest.raises(Invalid):
        clearance.item_settle(item_id=item.pk, outcome="missing", note=" ", actor=hr, now=NOW)
    with pytest.raises(NotAllowed):
        clearance.item_settle(item_id=item.pk, outcome="returned", actor=floor.leader, now=NOW)
    clearance.item_settle(item_id=item.pk, outcome="missing", note="hilang, diganti", actor=floor.support, now=NOW)
    leavings.leaving_clear(leaving_id=found.pk, actor=hr, now=LATER)
    leavings.leaving_close(leaving_id=found.pk, actor=hr, now=LATER)
    with pytest.raises(WrongState):
        clearance.item_settle(item_id=item.pk, outcome="returned", actor=hr, now=LATER)


def test_closing_issues_the_document_and_waits_for_the_last_day(floor: Floor, hr: User) -> None:
    found = brought(floor, hr, "cleared")
    with pytest.raises(WrongState):
        leavings.leaving_close(leaving_id=found.pk, actor=hr, now=NOW)
    leavings.leaving_close(leaving_id=found.pk, actor=hr, now=LATER)
    document = IssuedDocument.objects.get(type_code="EXIT")
    assert document.number.startswith("EXIT/JKT/2026/") and document.subject_id == str(found.pk)
    assert document in IssuedDocument.objects.visible_to(hr)
    assert document not in IssuedDocument.objects.visible_to(floor.coordinator)


def test_what_was_said_is_read_by_few(floor: Floor, hr: User) -> None:
    found = brought(floor, hr, "recorded")
    leavings.interview_hold(leaving_id=found.pk, actor=hr, now=LATER, **ANSWERS, explanation="Rahasia Besar")
    for actor, reads in ((hr, True), (floor.manager, True), (floor.support, False), (floor.coordinator, False)):
        client = Client()
        client.force_login(actor)
        page = client.get(reverse("sdm:leaving", args=[found.pk])).content.decode()
        assert ("Rahasia Besar" in page) is reads, actor


def test_left_ends_placement_team_and_contract_and_a_day_put_right_reopens_them(floor: Floor, hr: User) -> None:
    found = record(floor, hr, last_working_day=DAY)
    announce_left(now=NOW + timedelta(days=2))
    placed = found.employee.placements.get()
    assert (placed.ends_on, floor.agent.memberships.get().ends_on) == (DAY, DAY)
    leavings.leaving_move(
        leaving_id=found.pk, last_working_day=LAST, reason=LeavingReason.RESIGNATION, note="salah", actor=hr, now=NOW
    )
    placed.refresh_from_db()
    assert (placed.ends_on, floor.agent.memberships.get().ends_on) == (None, None)
