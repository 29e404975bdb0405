"""Candidates against the specification, who is who, what is forgotten, and hiring (SDM-2, SDM-3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left, person_stay
from occ.people.models import Person, User
from occ.policies.services import policy_set
from occ.texts import said
from occ.workflow.models import WorkflowStep
from sdm.deadlines import age_on
from sdm.models import Candidate, Criterion, Employee
from sdm.positions.policies import AGE_BASIS
from sdm.recruiting import training
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.judging import Asked, Brought, judge
from sdm.recruiting.personal import masked_email, masked_phone, phone_clean
from sdm.recruiting.policies import KEPT
from sdm.services import candidates, employees, leavings, pipeline, placements, recruitments
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, account, user
from tests.sdm.conftest import Hire
from tests.sdm.recruits import (
    applied,
    contracting,
    hired,
    passed,
    recruiting,
    signed,
    staff,
)
from tests.sdm.test_records import acting
from tests.sdm.test_recruiting import at
from userids.models import IdRequest
from userids.policies import GIVE
from userids.services import id_requests

pytestmark = pytest.mark.req("SDM-3")


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
