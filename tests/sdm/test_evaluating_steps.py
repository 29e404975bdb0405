"""Every step of the monthly evaluation, its months and schemes from every state by every role (SDM-6; MO 4.1.4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.actors import SystemActor
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.flows import Transition
from occ.workflow.models import WorkflowStep
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus
from sdm.evaluating.workflow import EVALUATION, PERIOD, SCHEME
from sdm.models import (
    Evaluation,
    EvaluationPeriod,
)
from sdm.services import evaluation_periods, evaluations, incentive_schemes, payroll
from tests.factories import Floor, trying, user
from tests.sdm.evaluating import (
    OVER,
    TERMS,
    Month,
    Told,
    log_in_of,
    opened,
    payroll_user,
    proof_of,
    quality,
    signing_of,
    told,
)

__all__ = ["told"]
pytestmark = pytest.mark.req("SDM-6")


# Every step as every role -------------------------------------------------------------------------------------------


def period_step(month: Month, one: Transition, actor: User, *, complete: bool = True) -> None:
    given: dict[str, Any] = {"note": "catatan" if complete else ""} if "note" in one.needs else {}
    if one.name == "approve":
        given = {"seen": month.period.list_sha256, "proof": proof_of(actor)}
    if one.name == "pay":
        payroll.period_pay(
            period_id=month.period.pk, evidence={"text": "bukti"} if complete else {}, actor=actor, now=OVER
        )
        return
    evaluation_periods.TRANSITIONS[one.name](period_id=month.period.pk, actor=actor, now=OVER, **given)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", PeriodStatus.values)
def test_every_step_of_a_month_from_every_state_by_every_role(floor: Floor, told: Told, state: str) -> None:
    month = opened(floor, told)
    month.to(state)
    if state == "collecting":
        month.score_all()
    if state == "validated":
        payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    steps = WorkflowStep.objects.filter(content_type=ContentType.objects.get_for_model(EvaluationPeriod))
    before = steps.count()
    for one in PERIOD.transitions:
        for role, where in trying(floor, one, state):
            actor = user(role, where, name=f"{role}-{where.code}")
            allowed = role in one.by_roles and where == floor.jkt
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    period_step(month, one, actor)
                assert steps.count() == before
                continue
            if one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    period_step(month, one, actor, complete=False)
            with transaction.atomic():
                period_step(month, one, actor)
                assert (month.fresh().status, steps.count()) == (one.target, before + 1)
                transaction.set_rollback(True)
            month.fresh()


def brought(month: Month, state: str) -> Evaluation:
    agent, pk = month.floor.agent, month.of(month.floor.agent).pk
    if state in {"scored", "sent_back", "verified"}:
        month.score(agent)
    if state == "sent_back":
        evaluations.evaluation_refuse(evaluation_id=pk, note="x", actor=quality(), now=OVER)
    if state == "verified":
        month.verify(agent)
    if state == "waived":
        evaluations.evaluation_waive(evaluation_id=pk, note="x", actor=quality(), now=OVER)
    if state in {"told", "signed", "witnessed"}:
        month.to("distributed")
    if state == "signed":
        month.sign(agent)
    if state == "witnessed":
        evaluations.evaluation_witness(evaluation_id=pk, note="x", actor=month.floor.leader, now=OVER)
    assert month.of(agent).status == state
    return month.of(agent)


def evaluation_step(found: Evaluation, one: Transition, actor: User, *, complete: bool = True) -> None:
    given: dict[str, Any] = {"note": "catatan" if complete else ""} if "note" in one.needs else {}
    if one.name == "score":
        given = {"judged": {"judged.attitude": "70"}}
    if one.name == "sign":
        given = {"seen": found.told_number or 1, "signing": signing_of(actor)}
    evaluations.TRANSITIONS[one.name](evaluation_id=found.pk, actor=actor, now=OVER, **given)


# Of an agent: the team leader or who stands in scores, the performance function verifies, the agent signs.
WHO = {
    "score": {Role.TEAM_LEADER, Role.COORDINATOR}, "witness": {Role.TEAM_LEADER, Role.COORDINATOR},
    "verify": {Role.QUALITY_ASSURANCE}, "refuse": {Role.QUALITY_ASSURANCE}, "waive": {Role.QUALITY_ASSURANCE},
    "reopen": {Role.QUALITY_ASSURANCE}, "sign": set(),
}  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", EvaluationStatus.values)
def test_every_step_of_an_evaluation_from_every_state_by_every_role(floor: Floor, told: Told, state: str) -> None:
    month = opened(floor, told)
    found = brought(month, state)
    own = log_in_of(floor.agent)
    kind = ContentType.objects.get_for_model(Evaluation)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk)
    before = steps.count()
    out = state in {"told", "signed", "witnessed"}  # the month is distributed: scores may not change
    for one in EVALUATION.transitions:
        if one.name == "tell":  # made for all by the distribution of the month
            assert one.name not in evaluations.TRANSITIONS
            continue
        actors: list[tuple[User, bool]] = [(own, one.name == "sign")]
        actors += [(user(role, floor.jkt, name=f"{role}-JKT"), role in WHO[one.name]) for role in Role]
        actors += [(user(role, floor.ygy, name=f"{role}-YGY"), False) for role in WHO[one.name]]
        for actor, allowed in actors:
            fits = state in one.source and out == (one.name in {"sign", "witness"})
            if not allowed or not fits:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    evaluation_step(found, one, actor)
                assert steps.count() == before
                continue
            if one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    evaluation_step(found, one, actor, complete=False)
            with transaction.atomic():
                evaluation_step(found, one, actor)
                assert (month.of(floor.agent).status, steps.count()) == (one.target, before + 1)
                transaction.set_rollback(True)


@pytest.mark.parametrize("state", SCHEME.states.values)
def test_every_step_of_a_scheme_from_every_state_by_every_role(floor: Floor, state: str) -> None:
    made = incentive_schemes.scheme_draft(
        site=floor.jkt, name="A", starts_on=OVER.date(), terms=TERMS, reason="x", actor=payroll_user(), now=OVER
    )
    if state == "published":
        incentive_schemes.scheme_publish(scheme_id=made.pk, actor=floor.manager, now=OVER)
    if state == "discarded":
        incentive_schemes.scheme_discard(scheme_id=made.pk, note="x", actor=floor.manager, now=OVER)
    for one in SCHEME.transitions:
        for role, where in trying(floor, one, state):
            actor = user(role, where, name=f"{role}-{where.code}")
            given: dict[str, Any] = {"note": "x"} if one.needs else {}
            allowed = role in one.by_roles and where == floor.jkt
            go = incentive_schemes.TRANSITIONS[one.name]
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    go(scheme_id=made.pk, actor=actor, now=OVER, **given)
                continue
            with transaction.atomic():
                assert go(scheme_id=made.pk, actor=actor, now=OVER, **given).status == one.target
                transaction.set_rollback(True)


def test_no_system_actor_decides() -> None:
    by = {who for flow in (EVALUATION, PERIOD, SCHEME) for one in flow.transitions for who in one.by}
    assert not any(isinstance(who, SystemActor) for who in by)
