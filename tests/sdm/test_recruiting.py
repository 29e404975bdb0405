"""Recruitment (SDM-3; MO 4.1.1): every step as every role, the list, the contract, the BAPP, and who is forgotten."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.figures.registry import FIGURES, Scope
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left, person_stay
from occ.people.models import Person, User
from occ.policies.services import policy_set
from occ.texts import said
from occ.times import JAKARTA
from occ.workflow.flows import FLOWS, Transition
from occ.workflow.models import WorkflowStep
from sdm.deadlines import age_on
from sdm.models import Candidate, Criterion, Employee, Position, Recruitment, SchemeCheck
from sdm.positions.policies import AGE_BASIS
from sdm.recruiting import training
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.deadlines import fulfil_due, step_due
from sdm.recruiting.judging import Asked, Brought, judge
from sdm.recruiting.personal import masked_email, masked_phone, phone_clean
from sdm.recruiting.policies import FULFIL, KEPT, RULES
from sdm.recruiting.timing import time_in_steps
from sdm.recruiting.workflow import CANDIDATE, REQUEST
from sdm.services import candidates, employees, leavings, pipeline, placements, recruitments
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, account, trying, user
from tests.sdm.conftest import Hire
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
from tests.sdm.test_records import acting
from tests.userids.test_ladder import in_threads
from userids.models import IdRequest
from userids.policies import GIVE
from userids.services import id_requests

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
    assert Obligation.objects.filter(object_id=row.pk, state="cancelled").count() == 1


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


# Against the specification ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("education", "months", "skills", "met"),
    [
        ("d3", 24, ["Aplikasi Office"], [True, True, True]),
        ("s1", 99, ["APLIKASI   office", "Menjahit"], [True, True, True]),
        ("sma", 23, ["Office"], [False, False, False]),
        ("", 0, [], [False, False, False]),
    ],
)
def test_education_experience_and_skills_are_judged(education: str, months: int, skills: list[str], met: list[bool]
                                                    ) -> None:  # fmt: skip
    found = judge(Asked("d3", 24, ["Aplikasi Office"]), Brought(education, months, skills), on=DAY)
    assert [one.met for one in found] == met
    assert [one.kind for one in found] == ["education", "experience", "skill"]


@pytest.mark.req("SDM-2")
def test_age_is_judged_only_by_a_policy_that_names_its_law(floor: Floor) -> None:
    row = recruiting(floor)
    born = DAY.replace(year=DAY.year - 40)
    with pytest.raises(Invalid) as refused:
        applied(row, birth_date=born)
    assert refused.value.code == "age_not_applied"
    assert not Criterion.objects.filter(kind="age").exists()
    basis = [{"key": "a", "basis": "Peraturan contoh pasal 1"}]
    policy_set(key=AGE_BASIS, value=basis, valid_from=NOW, reason="Uji", site=None, actor=floor.manager, now=NOW)
    older = applied(row, birth_date=born)
    assert age_on(born, DAY) == 40
    assert older.criteria.get(kind="age").outcome == "not_met"
    assert applied(row, birth_date=DAY.replace(year=DAY.year - 32)).criteria.get(kind="age").outcome == "met"


@pytest.mark.req("SDM-2")
def test_sex_and_looks_have_no_column_no_field_no_export_and_no_filter() -> None:
    from sdm.api.recruiting import CandidateInput, CandidateOutput
    from sdm.views.candidates import CandidateFilter, CandidateForm, columns

    names = {one.name for model in (Candidate, Criterion) for one in model._meta.get_fields()}
    names |= set(CandidateForm.base_fields) | set(CandidateFilter.base_filters) | set(CandidateInput().fields)
    names |= set(CandidateOutput().fields) | {str(one.label) for one in columns()}
    for word in ("sex", "gender", "kelamin", "looks", "photo", "picture", "foto", "height", "weight"):
        assert not [one for one in names if word in one.casefold()]


def test_what_is_not_met_is_waived_with_a_reason_or_stops(floor: Floor) -> None:
    row, hr = recruiting(floor), staff(Role.HR_RECRUITMENT)
    found = applied(row, education="sma")
    with pytest.raises(WrongState):
        candidates.candidate_check(candidate_id=found.pk, actor=hr, now=NOW)
    one = found.criteria.get(outcome="not_met")
    with pytest.raises(Invalid):
        candidates.criterion_waive(criterion_id=one.pk, reason=" ", actor=hr, now=NOW)
    with pytest.raises(NotAllowed):
        candidates.criterion_waive(criterion_id=one.pk, reason="x", actor=floor.coordinator, now=NOW)
    candidates.criterion_waive(criterion_id=one.pk, reason="Berpengalaman lima tahun.", actor=hr, now=NOW)
    candidates.candidate_check(candidate_id=found.pk, actor=hr, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Criterion.objects.filter(pk=one.pk).update(reason="")
    # The waiver holds for what was asked and brought; a skill that turns out to be lacking is another matter.
    with pytest.raises(Invalid):
        candidates.candidate_edit(candidate_id=found.pk, skills=[], actor=hr, now=NOW)
    candidates.candidate_edit(candidate_id=found.pk, education="d3", actor=hr, now=NOW)
    assert found.criteria.get(kind="education").outcome == "met"


def test_the_version_that_held_when_people_were_asked_for_is_the_measure(floor: Floor) -> None:
    from sdm.services import positions

    row = recruiting(floor)
    positions.position_change(
        position_id=row.position_id, spec=positions.Spec("SK", "Pendidikan minimal S2.", education="s2"),
        starts_on=DAY + timedelta(days=1), reason="x", actor=staff(Role.HR_RECRUITMENT), now=NOW,
    )  # fmt: skip
    assert applied(row, education="d3").criteria.get(kind="education").outcome == "met"


# Who is who ---------------------------------------------------------------------------------------------------------


def test_identifiers_are_encrypted_and_in_neither_history_nor_ledger(floor: Floor) -> None:
    found = applied(
        recruiting(floor), nik="3171010101901234", phone="+62 812-5555-0001", email="a@b.test", name="Sari W"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT nik, phone, email FROM sdm_candidate WHERE id = %s", [found.pk])
        assert not {"3171010101901234", "081255550001", "a@b.test"} & set(cursor.fetchone())
        for table in ("sdm_historicalcandidate", "ledger_entry", "workflow_workflowstep", "obligations_obligation"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text ~ '3171010101901234|081255550001|Sari W'")
            assert cursor.fetchone() == (0,), table


def test_phones_are_one_in_whatever_way_they_are_written() -> None:
    assert {phone_clean(one) for one in ("0812 5555-0001", "+62812 5555 0001", "62.812.5555.0001")} == {"081255550001"}
    assert (masked_phone("081255550001"), masked_email("sari@x.test")) == ("•••••••••001", "s•••@x.test")
    for wrong in ("nol", "12", "0" * 40):
        with pytest.raises(Invalid):
            phone_clean(wrong)


def test_the_same_person_is_shown_and_twice_in_one_request_refused(floor: Floor, hire: Hire) -> None:
    hr, row = staff(Role.HR_RECRUITMENT), recruiting(floor)
    one = applied(row, nik="3171010101909999")
    with pytest.raises(Invalid):
        applied(row, nik="3171 0101 0190 9999")
    other = applied(recruiting(floor), nik="3171010101909999")
    third = applied(row, phone=one.phone)
    worked = hire(nik="3171010101907777")
    before = applied(row, nik="3171010101907777")
    assert [(each.by, str(other.name) in each.label) for each in pipeline.duplicates_of(one, hr)] == [
        ("phone", False), ("nik", True),
    ]  # fmt: skip
    assert worked.person.number in pipeline.duplicates_of(before, hr)[0].label
    assert pipeline.doubled([one, other, third, before, applied(row)]) == {one.pk, other.pk, third.pk, before.pk}


def test_who_worked_here_before_is_taken_on_again_as_the_same_person(floor: Floor, hire: Hire, hr: User) -> None:
    worked = hire(nik="3171010101907777")
    leavings.leaving_record(
        person_id=worked.pk, last_working_day=DAY - timedelta(days=3), reason=LeavingReason.RESIGNATION, actor=hr,
        now=NOW - timedelta(days=9),
    )  # fmt: skip
    announce_left(now=NOW)
    row = recruiting(floor)
    found = passed(row, nik="3171010101907777", phone="0811 7777 0000")
    contracting(floor, row)
    signed(found)
    hired(found, number="unused")
    found.refresh_from_db()
    assert Employee.objects.get(pk=worked.pk).phone.replace(" ", "").endswith("77770000")
    assert found.employee_id == worked.pk and not Person.objects.filter(number="unused").exists()


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.AGENT, Role.CLIENT)])
def test_who_reads_what_of_a_candidate(floor: Floor, role: Role) -> None:
    found = applied(recruiting(floor), nik="3171010101901234", phone="081255550001", name="Sari W")
    client = acting(user(role, floor.jkt, name=f"read-{role}"))
    answer = client.get(found.get_absolute_url())
    hr = {Role.HR_RECRUITMENT, Role.HR_TRAINING, Role.HR_RELATIONS}
    if role not in hr | {Role.HR_PAYROLL, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER, Role.AUDITOR}:
        assert answer.status_code == 404
        return
    page = answer.content.decode()
    assert "Sari W" in page and "3171010101901234" not in page
    assert ("081255550001" in page) == (role in hr)
    whole = client.post(reverse("sdm:candidate_nik", args=[found.pk]))
    if role in {Role.HR_RECRUITMENT, Role.HR_RELATIONS}:
        assert "3171010101901234" in whole.content.decode()
        assert Entry.objects.filter(action="candidate.nik_read").count() == 1
    else:
        assert whole.status_code == 403
    api = client.get(reverse("api:sdm-candidate", args=[found.pk])).json()
    assert ("nik" in api) == (role in hr) and "3171010101901234" not in str(api)


def test_who_is_not_taken_on_is_forgotten_wholly_and_in_time(floor: Floor) -> None:
    row = recruiting(floor)
    gone, kept = applied(row, name="Sari W", source="Job fair", study="Hukum"), applied(row)
    candidates.candidate_refuse(candidate_id=gone.pk, note="Tidak sesuai.", actor=staff(Role.HR_RECRUITMENT), now=NOW)
    almost, due = NOW + timedelta(days=180), NOW + timedelta(days=180, seconds=1)
    assert candidates.candidates_forget(now=almost) == 0
    assert candidates.candidates_forget(now=due) == 1
    assert candidates.candidates_forget(now=due) == 0
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.name, gone.nik, gone.phone, gone.nik_mark, gone.study, gone.source) == ("", "", "", None, "", "")
    assert gone.forgotten_at == due and kept.name
    assert Entry.objects.filter(action="candidate.anonymised").count() == 1
    page = acting(staff(Role.HR_RECRUITMENT)).get(gone.get_absolute_url()).content.decode()
    assert "Sari W" not in page
    with pytest.raises(IntegrityError), transaction.atomic():
        Candidate.objects.filter(pk=gone.pk).update(name="Sari W")
    with pytest.raises(IntegrityError), transaction.atomic():
        Candidate.objects.filter(pk=kept.pk).update(forgotten_at=F("recorded_at"))


def test_how_long_they_are_kept_is_a_dated_policy(floor: Floor) -> None:
    gone = applied(recruiting(floor))
    candidates.candidate_withdraw(candidate_id=gone.pk, note="x", actor=staff(Role.HR_RECRUITMENT), now=NOW)
    policy_set(key=KEPT, value=7, valid_from=NOW, reason="Uji", site=None, actor=floor.manager, now=NOW)
    assert candidates.candidates_forget(now=NOW + timedelta(days=8)) == 1


# Training, hiring, the user ID --------------------------------------------------------------------------------------


def test_who_trains_is_told_and_answers(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(training, "_trainers", [])
    training.register(lambda candidate, actor, now: begun.append(candidate.pk) or training.Training("x", "/x"))
    with pytest.raises(ValueError, match="already"):
        training.register(lambda candidate, actor, now: training.Training("x", "/x"))
    found = at(floor, C.NOT_PASSED)
    candidates.candidate_train_again(candidate_id=found.pk, actor=staff(Role.HR_TRAINING), now=NOW)
    assert begun == [found.pk, found.pk]


def test_a_hiring_asks_for_a_user_id_which_the_logbook_ends(floor: Floor) -> None:
    row = recruiting(floor)
    found = passed(row)
    contracting(floor, row)
    signed(found)
    hired(found)
    found.refresh_from_db()
    wanted = IdRequest.objects.get(person_id=found.employee_id)
    assert wanted.status == "requested" and Obligation.objects.get(rule=GIVE, state="open").owner_role == "support"
    with pytest.raises(WrongState):
        id_requests.id_request_give(request_id=wanted.pk, actor=floor.support, now=NOW)
    assert found.employee is not None
    made = account(found.employee)
    wanted.refresh_from_db()
    assert (wanted.status, wanted.account) == ("given", made)
    assert not Obligation.objects.filter(rule=GIVE, state="open").exists()


def test_who_leaves_needs_no_user_id_and_support_may_say_so(floor: Floor, hire: Hire, hr: User) -> None:
    one, two = hire(), hire()
    for each in (one, two):
        id_requests.id_request_open(person=each.person, first_day=DAY, actor=hr, now=NOW)
        assert id_requests.id_request_open(person=each.person, first_day=DAY, actor=hr, now=NOW) is None
    assert id_requests.id_request_open(person=floor.agent, first_day=DAY, actor=hr, now=NOW) is None  # has one
    leavings.leaving_record(person_id=one.pk, last_working_day=DAY, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW)
    client = acting(floor.support)
    wanted = IdRequest.objects.get(person=two.person)
    assert client.get(reverse("userids:id_requests")).status_code == 200
    assert client.get(wanted.get_absolute_url()).status_code == 200
    url = reverse("userids:id_request_step", args=[wanted.pk, "cancel"])
    assert client.post(url, {"note": ""}).status_code == 422
    assert client.post(url, {"note": "Back office."}).status_code == 302
    assert set(IdRequest.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_user_id_asked_for_is_not_lost_on_the_way(floor: Floor, hire: Hire, hr: User) -> None:
    """It goes with who moves, comes again with who stays, or comes back; what Support has ended stays ended."""
    one = hire()
    by: dict[str, Any] = {"actor": hr, "now": NOW}
    place: dict[str, Any] = {"position": "Agent", "team": None, "leader": None}
    going: dict[str, Any] = {"person_id": one.pk, "reason": LeavingReason.RESIGNATION, **by}
    asked = IdRequest.objects.open()
    id_requests.id_request_open(person=one.person, first_day=DAY, **by)
    placements.person_transfer(person_id=one.pk, on=DAY, site=floor.ygy, **place, **by)
    duty = Obligation.objects.open().get(rule=GIVE)
    assert (asked.get().site, duty.site) == (floor.ygy, floor.ygy)
    leavings.leaving_record(last_working_day=DAY + timedelta(days=9), **going)
    assert not asked.exists()
    person_stay(person_id=one.pk, note="Tetap bekerja", **by)
    assert Obligation.objects.open().get(rule=GIVE).subject == asked.get()
    note = WorkflowStep.objects.filter(flow="userids.id_request", transition="").latest("pk").note
    with translation.override("en"):
        assert said(note) == "Stays after all", "in the reader's language, not in that of who clicked"
    leavings.leaving_record(last_working_day=DAY, **going)
    announce_left(now=NOW + timedelta(days=1))
    back, later = DAY + timedelta(days=3), NOW + timedelta(days=3)
    employees.employee_rejoin(person_id=one.pk, on=back, site=floor.jkt, actor=hr, now=later, **place)
    assert (asked.get().first_day, asked.get().site) == (back, floor.jkt)
    id_requests.id_request_cancel(request_id=asked.get().pk, note="Back office.", actor=floor.support, now=later)
    leavings.leaving_record(last_working_day=back, **going)
    person_stay(person_id=one.pk, note="Tetap bekerja", **by)
    assert not asked.exists()


# Pages, board, API --------------------------------------------------------------------------------------------------


def page_step(url_name: str, key: int, name: str) -> str:
    return reverse(url_name, args=[key, name])


def test_pages_of_a_request_and_its_candidates(floor: Floor, django_assert_max_num_queries: Any) -> None:
    coordinator, hr = acting(floor.coordinator), acting(staff(Role.HR_RECRUITMENT))
    data = {"site": floor.jkt.pk, "position": Position.objects.get(code="verifier").pk, "people": 1,
            "needed_by": "2099-01-01", "kind": "pkwt", "why": "service", "explanation": "Video call.",
            "language": "id"}  # fmt: skip
    assert coordinator.post(reverse("sdm:recruitment_new"), data | {"needed_by": "2020-01-01"}).status_code == 422
    assert coordinator.post(reverse("sdm:recruitment_new"), data).status_code == 302
    row = Recruitment.objects.get()
    step = partial(page_step, "sdm:recruitment_step", row.pk)
    assert hr.post(step("verify"), {}).status_code == 302
    payroll = acting(staff(Role.HR_PAYROLL))
    assert payroll.post(step("approve_scheme"), {"pph21": "on"}).status_code == 422
    assert payroll.post(step("approve_scheme"), dict.fromkeys(SCHEME, "on")).status_code == 302
    person = {"name": "Sari W", "education": "d3", "experience_months": 0, "skills": "Aplikasi Office", "nik": "12"}
    new = reverse("sdm:candidate_new", args=[row.pk])
    assert hr.post(new, person).status_code == 422
    assert hr.post(new, person | {"nik": ""}).status_code == 302
    found = Candidate.objects.get()
    one = found.criteria.get(outcome="not_met")
    waive = reverse("sdm:criterion_waive", args=[found.pk, one.pk])
    assert hr.post(waive, {"reason": ""}).status_code == 422
    assert hr.post(waive, {"reason": "Kursus sedang berjalan."}).status_code == 302
    assert (
        hr.post(reverse("sdm:candidate_edit", args=[found.pk]), person | {"nik": "", "name": "Sari X"}).status_code
        == 302
    )
    go = partial(page_step, "sdm:candidate_step", found.pk)
    assert hr.post(go("check"), {}).status_code == 302
    trainer = acting(staff(Role.HR_TRAINING))
    assert trainer.post(go("train"), {}).status_code == 302
    assert trainer.post(go("pass"), {"training_score": "101"}).status_code == 422
    assert trainer.post(go("pass"), {"training_score": "90"}).status_code == 302
    assert hr.post(step("submit_list"), {}).status_code == 302
    page = coordinator.get(row.get_absolute_url()).content.decode()
    digest = recruitments.list_digest(row.pk)
    assert digest in page and "Sari X" in page
    assert coordinator.post(step("approve_list"), {"list_digest": "x"}).status_code == 422
    assert coordinator.post(go("approve"), {}).status_code == 403
    assert coordinator.post(step("approve_list"), {"list_digest": digest}).status_code == 302
    for client in (hr, coordinator):
        for name in ("recruitments", "pipeline", "candidates"):
            with django_assert_max_num_queries(30):
                assert client.get(reverse(f"sdm:{name}")).status_code == 200


def test_the_board_asks_as_often_for_one_as_for_many(floor: Floor) -> None:
    from django.test.utils import CaptureQueriesContext

    hr, row = acting(staff(Role.HR_RECRUITMENT)), recruiting(floor)

    def cost(name: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert hr.get(reverse(f"sdm:{name}")).status_code == 200
        return len(queries)

    applied(row)
    before = {name: cost(name) for name in ("pipeline", "candidates", "recruitments")}
    before = {name: cost(name) for name in before}
    for _one in range(4):
        applied(row)
    assert {name: cost(name) for name in before} == before


def test_the_api_brings_a_request_from_one_end_to_the_other(floor: Floor) -> None:
    operation, hr = acting(floor.coordinator), acting(staff(Role.HR_RECRUITMENT))
    body = {"site": "JKT", "position": "agent", "people": 1, "needed_by": "2099-01-01", "why": "growth",
            "explanation": "Satu."}  # fmt: skip
    url = reverse("api:sdm-recruitments")
    assert operation.post(url, body | {"site": "YGY"}, "application/json").status_code == 422
    made = operation.post(url, body, "application/json")
    assert made.status_code == 201
    key = made.json()["id"]
    step = partial(page_step, "api:sdm-recruitment-transition", key)
    assert operation.post(step("verify"), {}, "application/json").status_code == 403
    assert hr.post(step("verify"), {}, "application/json").json()["status"] == "scheme"
    payroll = acting(staff(Role.HR_PAYROLL))
    assert payroll.post(step("refuse_scheme"), {}, "application/json").status_code == 422
    assert payroll.post(step("approve_scheme"), SCHEME, "application/json").json()["status"] == "recruiting"
    person = {"recruitment": key, "name": "Sari W", "education": "s1", "skills": ["Aplikasi Office"], "nik": "1" * 16,
              "gender": "f"}  # fmt: skip
    found = hr.post(reverse("api:sdm-candidates"), person, "application/json")
    assert found.status_code == 201 and "gender" not in found.json()
    assert found.json()["nik"] == "•" * 12 + "1111"
    go = reverse("api:sdm-candidate-transition", args=[found.json()["id"], "check"])
    assert hr.post(go, {}, "application/json").json()["status"] == "fits"
    assert hr.post(step("nothing"), {}, "application/json").status_code == 422
    listed_ = hr.get(reverse("api:sdm-candidates"), {"recruitment": key}).json()["results"]
    assert [one["status"] for one in listed_] == ["fits"]
    detail = hr.get(reverse("api:sdm-recruitment", args=[key])).json()
    assert {one["state"] for one in detail["times"]} == {"requested", "scheme", "recruiting"}
    positions = hr.get(reverse("api:sdm-positions")).json()["results"]
    assert len(positions) == 13
    plan = {"site": "JKT", "position": "agent", "number": 4, "starts_on": "2099-01-01", "reason": "x"}
    assert acting(floor.manager).post(reverse("api:sdm-plan"), plan, "application/json").status_code == 201
    assert hr.get(reverse("api:sdm-plan"), {"on": "2099-02-01"}).json()["results"][0]["lacking"] == 3


def test_the_longest_time_of_pkwts_is_found_before_one_is_signed(floor: Floor, hire: Hire, hr: User) -> None:
    first = DAY - timedelta(days=5 * 365)
    worked = hire(nik="3171010101907778", joined_on=first, contract=Terms("pkwt", first, DAY - timedelta(days=3)))
    leavings.leaving_record(
        person_id=worked.pk, last_working_day=DAY - timedelta(days=3), reason=LeavingReason.RESIGNATION, actor=hr,
        now=NOW - timedelta(days=9),
    )  # fmt: skip
    announce_left(now=NOW)
    row = recruiting(floor)
    found = passed(row, nik="3171010101907778")
    contracting(floor, row)
    with pytest.raises(Invalid) as refused:
        signed(found)
    assert (refused.value.code, refused.value.field) == ("pkwt_limit", "contract_until")


def test_with_fewer_hired_than_asked_for_it_is_said_why(floor: Floor) -> None:
    row = recruiting(floor)
    one = passed(row)
    contracting(floor, row)
    signed(one)
    hired(one)
    finish: dict[str, Any] = {"recruitment_id": row.pk, "actor": staff(Role.HR_RELATIONS), "now": NOW}
    with pytest.raises(Invalid) as refused:
        recruitments.recruitment_finish(**finish)
    assert refused.value.code == "fewer_hired"
    assert recruitments.recruitment_finish(note="Satu agent kembali bekerja.", **finish).status == "hired"
