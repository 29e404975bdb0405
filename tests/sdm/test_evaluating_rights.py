"""Who may do what in the monthly evaluation, when a month is opened, and what the database keeps (SDM-6; MO 4.1.4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction

from occ.approvals.models import Approval
from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Team, User
from sdm.models import (
    Evaluation,
    EvaluationPeriod,
    EvaluationResult,
    IncentiveScheme,
    PayrollLine,
    PayrollRun,
)
from sdm.services import evaluation_periods, evaluations, payroll
from tests.factories import Floor, person, user
from tests.sdm.evaluating import (
    MONTH,
    OVER,
    Told,
    log_in_of,
    opened,
    payroll_user,
    proof_of,
    quality,
    scheme,
    signing_of,
    told,
)
from tests.sdm.test_evaluating import wib
from tests.userids.test_ladder import in_threads

__all__ = ["told"]
pytestmark = pytest.mark.req("SDM-6")


# Who may ----------------------------------------------------------------------------------------------------------


def test_a_leader_scores_the_own_people_and_never_oneself(floor: Floor, told: Told) -> None:
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    leader_b = user(Role.TEAM_LEADER, floor.jkt, name="leader.b", team=other)
    month = opened(floor, told)
    pk = month.of(floor.agent).pk
    judged = {"judged.attitude": "80"}
    assert not Evaluation.objects.visible_to(leader_b).exists()
    for who in (leader_b, quality(), floor.manager, user(Role.TEAM_LEADER, floor.ygy)):
        with pytest.raises(NotAllowed):
            evaluations.evaluation_score(evaluation_id=pk, judged=judged, actor=who, now=OVER)
    own = log_in_of(floor.agent)
    RoleAssignment.objects.create(user=own, role=Role.TEAM_LEADER, site=floor.jkt, starts_on="2020-01-01")
    with pytest.raises(NotAllowed):
        evaluations.evaluation_score(evaluation_id=pk, judged=judged, actor=User.objects.get(pk=own.pk), now=OVER)
    assert evaluations.evaluation_score(evaluation_id=pk, judged=judged, actor=floor.coordinator, now=OVER)


def test_quality_scores_the_controllers_and_a_coordinator_verifies_them(floor: Floor, told: Told) -> None:
    controller = person(floor.jkt)
    controller.employee.placements.update(position="Quality Control")
    month = opened(floor, told)
    pk = month.of(controller).pk
    judged = {"judged.work": "90", "judged.reporting": "80", "judged.discipline": "70"}
    with pytest.raises(NotAllowed):
        evaluations.evaluation_score(evaluation_id=pk, judged=judged, actor=floor.leader, now=OVER)
    evaluations.evaluation_score(evaluation_id=pk, judged=judged, actor=quality(), now=OVER)
    with pytest.raises(NotAllowed):  # four eyes
        evaluations.evaluation_verify(evaluation_id=pk, actor=quality(), now=OVER)
    assert evaluations.evaluation_verify(evaluation_id=pk, actor=floor.coordinator, now=OVER).status == "verified"
    month.score(floor.agent)
    with pytest.raises(NotAllowed):  # only there
        evaluations.evaluation_verify(evaluation_id=month.of(floor.agent).pk, actor=floor.coordinator, now=OVER)


def test_four_eyes_on_the_report(floor: Floor, told: Told) -> None:
    both = user(Role.MANAGER, floor.jkt, name="both")
    for role in (Role.QUALITY_ASSURANCE, Role.HEAD_MANAGER):
        RoleAssignment.objects.create(user=both, role=role, site=floor.jkt, starts_on="2020-01-01")
    month = opened(floor, told)
    month.score_all()
    evaluation_periods.period_compile(period_id=month.period.pk, actor=both, now=OVER)
    seen = month.fresh().list_sha256
    with pytest.raises(NotAllowed):
        evaluation_periods.period_approve(
            period_id=month.period.pk, seen=seen, proof=proof_of(both), actor=both, now=OVER
        )  # fmt: skip
    with pytest.raises(NotAllowed):  # somebody else's proof
        evaluation_periods.period_approve(
            period_id=month.period.pk, seen=seen, proof=proof_of(both), actor=floor.manager, now=OVER
        )  # fmt: skip
    month.approve()
    month.distribute()
    with pytest.raises(NotAllowed):
        evaluation_periods.period_validate(period_id=month.period.pk, actor=both, now=OVER)


def test_what_is_approved_is_what_was_shown(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.to("reported")
    seen = month.fresh().list_sha256
    evaluation_periods.period_refuse(period_id=month.period.pk, note="x", actor=floor.manager, now=OVER)
    told.say("coaching.qm", floor.agent, 93.0)
    month.compile()
    manager = floor.manager
    with pytest.raises(WrongState):
        evaluation_periods.period_approve(
            period_id=month.period.pk, seen=seen, proof=proof_of(manager), actor=manager, now=OVER
        )  # fmt: skip
    Evaluation.objects.filter(person=floor.agent).update(reckoned={"total": "100"})  # past the services
    with pytest.raises(WrongState):
        month.approve()
    assert not EvaluationResult.objects.exists() and not Approval.objects.exists()


def test_nobody_signs_for_another_nor_what_was_not_read(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.to("distributed")
    found, own, other = month.of(floor.agent), log_in_of(floor.agent), log_in_of(person(floor.jkt))
    for who in (other, floor.leader):
        with pytest.raises(NotAllowed):
            evaluations.evaluation_sign(evaluation_id=found.pk, seen=1, signing=signing_of(who), actor=who, now=OVER)
    with pytest.raises(NotAllowed):  # another's signature
        evaluations.evaluation_sign(evaluation_id=found.pk, seen=1, signing=signing_of(other), actor=own, now=OVER)
    with pytest.raises(WrongState):
        evaluations.evaluation_sign(evaluation_id=found.pk, seen=2, signing=signing_of(own), actor=own, now=OVER)
    assert not IssuedDocument.objects.filter(type_code="EKB").exists()


def test_who_sees_what(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    own = log_in_of(floor.agent)
    seen = Evaluation.objects.visible_to
    month.score_all()
    assert not seen(own).exists()  # not before it is told
    RoleAssignment.objects.create(user=own, role=Role.QUALITY_ASSURANCE, site=floor.jkt, starts_on="2020-01-01")
    verifier = User.objects.get(pk=own.pk)
    assert seen(verifier).count() == 1 and not seen(verifier).filter(person=floor.agent).exists()  # nor by another role
    RoleAssignment.objects.filter(user=own, role=Role.QUALITY_ASSURANCE).delete()
    assert seen(floor.leader).count() == seen(quality()).count() == seen(payroll_user()).count() == 2
    assert not seen(user(Role.QUALITY_ASSURANCE, floor.ygy)).exists()
    assert not seen(user(Role.WFM)).exists() and not seen(user(Role.CLIENT)).exists()
    month.compile()
    month.approve()
    month.distribute()
    assert seen(own).get().person == floor.agent
    runs = PayrollRun.objects.visible_to
    month.validate()
    month.pay()
    assert runs(payroll_user()).count() == runs(floor.manager).count() == 1
    for who in (own, floor.leader, quality(), floor.coordinator, user(Role.HR_PAYROLL, floor.ygy)):
        assert not runs(who).exists()


# Opening ------------------------------------------------------------------------------------------------------------


def test_a_month_is_opened_once_when_it_is_over(floor: Floor, told: Told) -> None:
    with pytest.raises(Invalid):  # no scheme
        evaluation_periods.period_open(site=floor.jkt, month=MONTH, actor=quality(), now=OVER)
    assert evaluation_periods.periods_open(now=OVER) == 0
    scheme(floor)
    last = wib(2026, 11, 30, 23, 59)
    with pytest.raises(WrongState):
        evaluation_periods.period_open(site=floor.jkt, month=MONTH, actor=quality(), now=last)
    with pytest.raises(NotAllowed):
        evaluation_periods.period_open(site=floor.jkt, month=MONTH, actor=floor.leader, now=OVER)
    assert evaluation_periods.periods_open(now=wib(2026, 12, 1, 0, 0)) == 2  # October was not opened either
    assert evaluation_periods.periods_open(now=OVER) == 0
    assert set(EvaluationPeriod.objects.values_list("month", flat=True)) == {MONTH, date(2026, 10, 1)}
    with pytest.raises(WrongState):
        evaluation_periods.period_open(site=floor.jkt, month=MONTH, actor=quality(), now=OVER)


def test_who_is_due_is_who_worked_there_on_the_last_day(floor: Floor, told: Told) -> None:
    scheme(floor)
    left, later = person(floor.jkt), person(floor.jkt, joined_on=date(2026, 12, 1))
    odd = person(floor.jkt)
    odd.employee.placements.update(position="Juru Masak")
    Person.objects.filter(pk=left.pk).update(last_working_day=date(2026, 11, 29))
    due, left_out = evaluation_periods.who_is_due(floor.jkt, MONTH)
    assert [one.person for one, _role, _team in due] == [floor.agent]
    assert [one.person for one in left_out] == [odd]
    assert later.pk not in [one.pk for one, _role, _team in due]


def test_two_who_open_at_once_open_once(live_floor: Floor) -> None:
    scheme(live_floor)
    maker = quality()

    def go() -> Any:
        try:
            return evaluation_periods.period_open(site=live_floor.jkt, month=MONTH, actor=maker, now=OVER)
        except WrongState:
            return None

    found = in_threads(2, go)
    assert sorted(one is None for one in found) == [False, True]
    assert EvaluationPeriod.objects.count() == 1


def test_two_who_run_payroll_at_once_pay_once(live_floor: Floor, told: Told) -> None:
    month = opened(live_floor, told)
    month.to("validated")
    payer = payroll_user()

    def go() -> bool:
        return payroll.payroll_run(period_id=month.period.pk, actor=payer, now=OVER)[1]

    assert set(in_threads(2, go)) == {False, True}
    assert PayrollRun.objects.count() == 1 and PayrollLine.objects.count() == 2


# What the database keeps --------------------------------------------------------------------------------------------


def test_what_was_kept_stays(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.to("paid")
    result, line = EvaluationResult.objects.first(), PayrollLine.objects.first()
    assert result is not None and line is not None
    for change in (
        lambda: EvaluationResult.objects.update(amount=1),
        lambda: EvaluationResult.objects.filter(pk=result.pk)._raw_delete("default"),
        lambda: PayrollRun.objects.update(total=1), lambda: PayrollLine.objects.update(amount=1),
        lambda: IncentiveScheme.objects.update(name="lain"), lambda: IncentiveScheme.objects.update(terms={}),
    ):  # fmt: skip
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            change()
    values = {"evaluation": result.evaluation, "scheme": result.scheme, "content": {}, "total": 1, "amount": 1}
    with pytest.raises(IntegrityError), transaction.atomic():  # without an approval
        EvaluationResult.objects.create(**values, number=2, frozen_at=OVER, approved_by=floor.manager)
    with transaction.atomic():
        run = PayrollRun.objects.create(
            period=month.period, site=floor.jkt, sequence=2, kind="supplement", number="x", people=1, total=1,
            lines_sha256="x", made_at=OVER, made_by=payroll_user(),
        )  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():  # paid once more
            PayrollLine.objects.create(
                run=run, evaluation=line.evaluation, result=line.result, before=0, amount=line.amount
            )
        transaction.set_rollback(True)
