"""Recruitment (SDM-3; MO 4.1.1): every step as every role, the list, the contract, the BAPP, and who is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, transaction

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.figures.registry import FIGURES, Scope
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import Person, User
from occ.times import JAKARTA
from occ.workflow.flows import FLOWS, Transition
from occ.workflow.models import WorkflowStep
from sdm.models import Candidate, Recruitment, SchemeCheck
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.deadlines import fulfil_due, step_due
from sdm.recruiting.policies import FULFIL, RULES
from sdm.recruiting.timing import time_in_steps
from sdm.recruiting.workflow import CANDIDATE, REQUEST
from sdm.services import candidates, recruitments
from tests.factories import DAY, NOW, Floor, trying, user
from tests.sdm.recruits import (
    CONTRACT,
    NEEDED,
    applied,
    contracting,
    hired,
    listed,
    passed,
    recruiting,
    request_at,
    requested,
    signed,
    staff,
)
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-3")
SCHEME = dict.fromkeys(("bpjs_health", "bpjs_labour", "pph21", "fits_pks"), True)
REVISED: dict[str, Any] = {"people": 3, "needed_by": NEEDED, "kind": "pkwt", "why": "growth", "explanation": "Tiga."}


# Every step as every role -------------------------------------------------------------------------------------------


def attempt_request(row: Recruitment, one: Transition, actor: User, *, complete: bool = True) -> None:
    given: dict[str, Any] = {"note": "catatan" if complete else ""} if "note" in one.needs else {}
    given |= {"approve_scheme": SCHEME, "resubmit": REVISED, "finish": {"note": "Cukup."}}.get(one.name, {})
    if one.name == "approve_list":
        given["list_digest"] = recruitments.list_digest(row.pk)
    service: Any = recruitments.TRANSITIONS[one.name]
    service(recruitment_id=row.pk, actor=actor, now=NOW, **given)


@pytest.mark.parametrize("state", REQUEST.states)
def test_every_step_of_a_request_from_every_state_by_every_role(floor: Floor, state: str) -> None:
    row = request_at(floor, state)
    kind = ContentType.objects.get_for_model(row)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=row.pk)
    before = steps.count()
    for one in REQUEST.transitions:
        for role, where in trying(floor, one, state):
            actor = user(role, where, name=f"{role}-{where.code}")
            allowed = role in one.by_roles and where == floor.jkt
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    attempt_request(row, one, actor)
                assert steps.count() == before
                continue
            if one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    attempt_request(row, one, actor, complete=False)
            with transaction.atomic():
                prepare(row, one.name)
                before_this = steps.count()
                attempt_request(row, one, actor)
                row.refresh_from_db()
                assert (row.status, steps.count()) == (one.target, before_this + 1)
                assert row.since == NOW and (row.due_at is not None) == (row.status in RULES)
                assert Entry.objects.filter(action=f"sdm.recruitment.{one.name}").exists()
                transaction.set_rollback(True)
            row.refresh_from_db()


def prepare(row: Recruitment, name: str) -> None:
    """What a step needs beyond the state: nobody finishes a request while the list is not hired."""
    if name == "finish":
        for one in row.candidates.filter(status=C.APPROVED):
            signed(one)
            hired(one)


def at(floor: Floor, state: str) -> Candidate:
    """A candidate who stands there, by the path."""
    row = recruiting(floor)
    if state in {C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED}:
        found = applied(row)
        if state != C.APPLIED:
            candidates.candidate_check(candidate_id=found.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
        trains: dict[str, Any] = {"candidate_id": found.pk, "actor": staff(Role.HR_TRAINING), "now": NOW}
        if state in {C.TRAINING, C.NOT_PASSED}:
            candidates.candidate_train(**trains)
        if state == C.NOT_PASSED:
            candidates.candidate_fail(note="x", training_score=40, **trains)
    else:
        found = passed(row)
        if state in {C.REJECTED, C.WITHDRAWN}:
            out = candidates.candidate_refuse if state == C.REJECTED else candidates.candidate_withdraw
            out(candidate_id=found.pk, note="x", actor=staff(Role.HR_RECRUITMENT), now=NOW)
        elif state != C.PASSED:
            contracting(floor, row)
            if state in {C.CONTRACT, C.SIGNED, C.HIRED}:
                relations: dict[str, Any] = {"candidate_id": found.pk, "actor": staff(Role.HR_RELATIONS), "now": NOW}
                candidates.candidate_contract(**relations, **CONTRACT)
                if state != C.CONTRACT:
                    candidates.candidate_sign(signed_on=DAY, **relations)
                if state == C.HIRED:
                    hired(found)
    found.refresh_from_db()
    assert found.status == state
    return found


def ready(found: Candidate, name: str) -> None:
    """Where the request must stand for a step of its candidate."""
    wanted = {"approve": "list_approved", "decline": "with_operation", "contract": "contracting"}.get(name)
    wanted = wanted or ("recruiting" if name in {"check", "train", "pass", "fail", "again"} else None)
    if wanted:
        Recruitment.objects.filter(pk=found.recruitment_id).update(status=wanted)


def attempt(found: Candidate, one: Transition, actor: Any, *, complete: bool = True) -> None:
    given: dict[str, Any] = {"note": "catatan" if complete else ""} if "note" in one.needs else {}
    given |= {"contract": CONTRACT, "sign": {"signed_on": DAY}, "hire": {"number": f"Z{found.pk}"}}.get(one.name, {})
    service: Any = candidates.TRANSITIONS[one.name]
    service(candidate_id=found.pk, actor=actor, now=NOW, **given)


@pytest.mark.parametrize("state", CANDIDATE.states)
def test_every_step_of_a_candidate_from_every_state_by_every_role(floor: Floor, state: str) -> None:
    found = at(floor, state)
    kind = ContentType.objects.get_for_model(found)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk)
    before = steps.count()
    for one in CANDIDATE.transitions:
        with transaction.atomic():
            ready(found, one.name)
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
                    transaction.set_rollback(True)
                found.refresh_from_db()
            transaction.set_rollback(True)


def test_both_flows_are_walked_here() -> None:
    assert {"sdm.recruitment", "sdm.candidate"} <= set(FLOWS)
    assert set(recruitments.TRANSITIONS) == {one.name for one in REQUEST.transitions}
    assert set(candidates.TRANSITIONS) == {one.name for one in CANDIDATE.transitions}


# The whole way, and its "Tidak" branches ----------------------------------------------------------------------------


def test_from_the_form_jo_to_the_bapp(floor: Floor) -> None:
    row = recruiting(floor)
    one, two, three = passed(row), passed(row), applied(row)
    contracting(floor, row)
    for found in (one, two):
        signed(found)
        hired(found)
    recruitments.recruitment_finish(recruitment_id=row.pk, note="Cukup satu.", actor=staff(Role.HR_RELATIONS), now=NOW)
    three.refresh_from_db()
    assert three.status == C.REJECTED  # the request is fulfilled
    made: dict[str, Any] = {"recruitment_id": row.pk, "now": NOW + timedelta(days=1)}
    recruitments.bapp_make(actor=staff(Role.HR_RECRUITMENT), **made)
    recruitments.bapp_receive(actor=floor.coordinator, **made)
    row.refresh_from_db()
    assert (row.status, row.due_at, row.ended_at) == ("received", None, NOW + timedelta(days=1))
    issued = {one.type_code: one for one in IssuedDocument.objects.filter(subject_type="sdm.recruitment")}
    assert issued.keys() == {"JO", "BAPP"}
    names = [line[2] for line in issued["BAPP"].data["people"]]
    one.refresh_from_db()
    assert names == [one.name, two.name]
    person = Person.objects.get(pk=one.employee_id)
    assert (person.position, person.site, person.joined_on) == ("Agent", floor.jkt, CONTRACT["contract_from"])
    contract = person.employee.employments.get()
    assert (contract.number, contract.agreed_until) == ("PKWT/1", CONTRACT["contract_until"])
    # What identifies them is the employee's now, and is kept there only.
    assert (one.nik, one.phone) == ("", "") and person.employee.nik.startswith("31710101")
    assert not Obligation.objects.filter(content_type__model="recruitment", state="open").exists()


def test_what_payroll_refuses_goes_back_to_the_operation_and_comes_again(floor: Floor) -> None:
    row = requested(floor)
    recruitments.recruitment_verify(recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
    payroll: dict[str, Any] = {"recruitment_id": row.pk, "actor": staff(Role.HR_PAYROLL), "now": NOW}
    with pytest.raises(Invalid):
        recruitments.scheme_approve(**payroll, **SCHEME | {"pph21": False})
    recruitments.scheme_refuse(**payroll, bpjs_health=True, note="PKS mengatur dua orang.")
    recruitments.recruitment_resubmit(recruitment_id=row.pk, actor=floor.coordinator, now=NOW, **REVISED)
    recruitments.recruitment_verify(recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
    recruitments.scheme_approve(**payroll, **SCHEME)
    row.refresh_from_db()
    assert (row.status, row.people) == ("recruiting", 3)
    assert list(row.schemes.values_list("approved", flat=True)) == [False, True]
    papers = IssuedDocument.objects.filter(type_code="JO").order_by("revision")
    assert [one.revision for one in papers] == [0, 1]
    with pytest.raises(DatabaseError), transaction.atomic():
        SchemeCheck.objects.update(note="x")


def test_exactly_the_list_that_was_looked_at_is_approved(floor: Floor) -> None:
    row = recruiting(floor, people=1)
    with pytest.raises(Invalid):
        listed(floor, row)  # nobody has passed
    one, two = passed(row), passed(row)
    listed(floor, row)
    operation: dict[str, Any] = {"recruitment_id": row.pk, "actor": floor.coordinator, "now": NOW}
    seen = recruitments.list_digest(row.pk)
    with pytest.raises(Invalid):  # two on the list, one is needed
        recruitments.list_approve(list_digest=seen, **operation)
    candidates.candidate_decline(candidate_id=two.pk, note="Jadwal.", actor=floor.coordinator, now=NOW)
    with pytest.raises(WrongState):
        recruitments.list_approve(list_digest=seen, **operation)
    recruitments.list_approve(list_digest=recruitments.list_digest(row.pk), **operation)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status) == (C.APPROVED, C.REJECTED)


def test_a_list_that_does_not_fit_goes_back_to_recruitment(floor: Floor) -> None:
    row = recruiting(floor)
    passed(row)
    listed(floor, row)
    recruitments.list_refuse(recruitment_id=row.pk, note="Kurang satu.", actor=floor.coordinator, now=NOW)
    passed(row)
    listed(floor, row)
    row.refresh_from_db()
    assert row.status == "with_operation"


def test_when_somebody_of_the_list_withdraws_others_are_looked_for(floor: Floor) -> None:
    row = recruiting(floor)
    one, two = passed(row), passed(row)
    contracting(floor, row)
    signed(one)
    hr: dict[str, Any] = {"actor": staff(Role.HR_RELATIONS), "now": NOW}
    with pytest.raises(WrongState):
        recruitments.recruitment_finish(recruitment_id=row.pk, **hr)
    candidates.candidate_withdraw(candidate_id=two.pk, note="Diterima di tempat lain.", **hr)
    recruitments.recruitment_reopen(recruitment_id=row.pk, note="Satu mundur.", **hr)
    hired(one)  # who has signed does not wait for the others
    three = passed(row)
    contracting(floor, row)
    signed(three)
    hired(three)
    recruitments.recruitment_finish(recruitment_id=row.pk, **hr)
    row.refresh_from_db()
    assert row.status == "hired" and row.candidates.filter(status=C.HIRED).count() == 2


def test_nothing_is_cancelled_under_a_contract(floor: Floor) -> None:
    row = recruiting(floor)
    one = passed(row)
    recruitments.recruitment_cancel(recruitment_id=row.pk, note="Tidak jadi.", actor=floor.coordinator, now=NOW)
    one.refresh_from_db()
    assert (one.status, one.ended_at) == (C.REJECTED, NOW)
    with pytest.raises(WrongState):
        applied(row)


def test_two_who_approve_one_list_at_once(live_floor: Floor) -> None:
    row = recruiting(live_floor)
    passed(row)
    listed(live_floor, row)
    seen = recruitments.list_digest(row.pk)

    def approve() -> None:
        recruitments.list_approve(recruitment_id=row.pk, list_digest=seen, actor=live_floor.coordinator, now=NOW)

    done = in_threads(2, approve)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "WrongState"]


# Who owes what ------------------------------------------------------------------------------------------------------


def owed() -> dict[str, str]:
    return dict(Obligation.objects.filter(state="open").values_list("rule", "owner_role"))


def test_each_step_is_owed_by_its_lane_and_the_whole_by_the_day_needed(floor: Floor) -> None:
    row = requested(floor)
    assert owed() == {"sdm.recruiting.verify": "hr_recruitment"}
    recruitments.recruitment_verify(recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
    assert owed() == {"sdm.recruiting.scheme": "hr_payroll"}
    recruitments.scheme_approve(recruitment_id=row.pk, actor=staff(Role.HR_PAYROLL), now=NOW, **SCHEME)
    assert owed() == {FULFIL: "hr_recruitment"}
    assert Obligation.objects.get(rule=FULFIL).due_at == fulfil_due(NEEDED, floor.jkt.zone)
    passed(row)
    contracting(floor, row)
    assert owed() == {FULFIL: "hr_recruitment", "sdm.recruiting.contracts": "hr_relations"}
    assert not Obligation.objects.filter(subject_label__contains="Pelamar").exists()  # nobody is named in them
    row = requested(floor)
    recruitments.recruitment_cancel(recruitment_id=row.pk, note="x", actor=floor.coordinator, now=NOW)
    assert (
        Obligation.objects.filter(object_id=row.pk, rule__startswith="sdm.recruiting", state="cancelled").count() == 1
    )


def test_a_step_is_due_at_the_end_of_a_day() -> None:
    zone = JAKARTA
    for hour, minute in ((16, 59), (17, 0), (17, 1)):  # 23:59, 00:00, 00:01 WIB
        at_ = NOW.replace(hour=hour, minute=minute)
        day = DAY + timedelta(days=2 + (hour == 17))
        assert step_due(at_, 2, zone).astimezone(zone).date() == day + timedelta(days=1)
        assert step_due(at_, 2, zone).astimezone(zone).hour == 0


def test_time_in_steps_counts_a_state_that_was_entered_twice() -> None:
    hour = timedelta(hours=1)
    reached = [("a", NOW), ("b", NOW + hour), ("a", NOW + 3 * hour), ("c", NOW + 4 * hour)]
    assert time_in_steps(reached, now=NOW + 9 * hour) == {"a": 2 * hour, "b": 2 * hour, "c": 5 * hour}
    assert time_in_steps(reached, now=NOW + 9 * hour, final=["c"]) == {"a": 2 * hour, "b": 2 * hour}


def test_the_figure_says_how_long_it_took_and_where(floor: Floor) -> None:
    figure, day = FIGURES["sdm.recruiting.hours"], timedelta(days=1)
    scope = Scope(NOW - day, NOW + 9 * day, site=floor.jkt)
    assert figure.of(scope).value is None
    row = request_at(floor, "bapp")
    recruitments.bapp_receive(recruitment_id=row.pk, actor=floor.coordinator, now=NOW + 2 * day)
    told = figure.of(scope)
    assert (told.value, told.inputs["bapp"], told.inputs["requests"]) == (48.0, 48.0, 1.0)
    assert figure.of(Scope(NOW - day, NOW + 9 * day, site=floor.ygy)).value is None
