"""The access matrix of the monthly evaluation and its incentives (KER-9, SDM-6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.approvals.proving import Proof
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.times import month_of
from sdm.evaluating.workflow import EVALUATION, PAYROLL, PERFORMANCE, PERIOD, SCHEME
from sdm.models.evaluating import ANYBODY, PAY_READERS, READERS
from sdm.services import evaluation_periods, evaluations, payroll
from sdm.services.incentive_schemes import scheme_draft, scheme_publish
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person, user
from tests.sdm.evaluating import TERMS

pytestmark = [pytest.mark.req("KER-9", "SDM-6"), pytest.mark.timeout(400), pytest.mark.django_db]
SEES, MONEY, MAKES = set(READERS), set(PAY_READERS), set(PERFORMANCE)
SCORES = {Role.TEAM_LEADER, Role.COORDINATOR}  # of an agent
ROWS: dict[str, Row] = {
    "sdm:evaluations": Row(get=set(ANYBODY)),
    "sdm:evaluation": Row(get=SEES, of="evaluation", sees=SEES),
    "sdm:evaluation_pdf": Row(get=set(), of="evaluation", sees=SEES),  # the own: tests/sdm/test_evaluating_pages.py
    "sdm:past_evaluations": Row(get=SEES),
    "sdm:evaluation_import:import": Row(get=MAKES, post=MAKES),
    "sdm:evaluation_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:evaluation_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:evaluation_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:evaluation_periods": Row(get=SEES),
    "sdm:evaluation_period_new": Row(get=MAKES, post=MAKES),
    "sdm:evaluation_period": Row(get=SEES, of="period", sees=SEES),
    "sdm:payroll_make": Row(post=set(PAYROLL), of="period", sees=SEES),
    "sdm:incentive_schemes": Row(get=MONEY),
    "sdm:incentive_scheme_new": Row(get=set(PAYROLL), post=set(PAYROLL)),
    "sdm:incentive_scheme": Row(get=MONEY, of="scheme", sees=MONEY),
    "sdm:incentive_scheme_edit": Row(get=set(PAYROLL), post=set(PAYROLL), of="scheme", sees=MONEY),
    "sdm:payroll_runs": Row(get=MONEY),
    "sdm:payroll_run": Row(get=MONEY, of="run", sees=MONEY),
    "sdm:payroll_file": Row(get=MONEY, of="run", sees=MONEY, kwargs={"ending": "csv"}),
    "api:sdm-evaluations": Row(get=set(ANYBODY)),
    "api:sdm-past-evaluations": Row(get=SEES, post=MAKES),
    "api:sdm-evaluation-score": Row(post=SCORES, of="evaluation", sees=SEES),
    "api:sdm-evaluation-months": Row(get=SEES),
    "api:sdm-incentive-schemes": Row(get=MONEY),
    "api:sdm-payroll-runs": Row(get=MONEY, post=set(PAYROLL)),
    "api:sdm-payroll-run": Row(get=MONEY, of="run", sees=MONEY),
}
WHO = {"score": SCORES, "witness": SCORES, "sign": set(), "tell": set()}
for one in EVALUATION.transitions:
    ROWS[f"sdm:evaluation_step/{one.name}"] = Row(
        post=WHO.get(one.name, MAKES), of="evaluation", sees=SEES, kwargs={"transition": one.name}
    )
for one in PERIOD.transitions:
    ROWS[f"sdm:evaluation_period_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="period", sees=SEES, kwargs={"transition": one.name}
    )
for one in SCHEME.transitions:
    ROWS[f"sdm:incentive_scheme_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="scheme", sees=MONEY, kwargs={"transition": one.name}
    )


def objects_of(where: Site) -> dict[str, Any]:
    """A month that is validated, of one agent who was waived in it and one who is to sign; and a scheme's draft."""
    now = timezone.now()
    month = month_of(month_of(now.astimezone(where.zone).date()) - timedelta(days=1))
    past = datetime(month.year, month.month, 2, tzinfo=where.zone)
    pay, manager = user(Role.HR_PAYROLL, where), user(Role.MANAGER, where)
    quality, head = user(Role.QUALITY_ASSURANCE, where), user(Role.HEAD_MANAGER, where)
    given: dict[str, Any] = {"site": where, "terms": TERMS, "reason": "x", "actor": pay}
    made = scheme_draft(name="A", starts_on=month, now=past, **given)
    scheme_publish(scheme_id=made.pk, actor=manager, now=past)
    person(where)
    period = evaluation_periods.period_open(site=where, month=month, actor=quality, now=now)
    step: dict[str, Any] = {"period_id": period.pk, "now": now}
    for each in period.evaluations.all():
        evaluations.evaluation_waive(evaluation_id=each.pk, note="x", actor=quality, now=now)
    evaluation_periods.period_compile(**step, actor=quality)
    period.refresh_from_db()
    proof = Proof(manager.pk, False, now)
    evaluation_periods.period_approve(**step, seen=period.list_sha256, proof=proof, actor=manager)
    evaluation_periods.period_distribute(**step, actor=quality)
    evaluation_periods.period_validate(**step, actor=head)
    run, _made = payroll.payroll_run(**step, actor=pay)
    draft = scheme_draft(name="B", starts_on=month_of(now.astimezone(where.zone).date()), now=now, **given)
    evaluation = period.evaluations.latest("pk")
    stranger = User.objects.create_user(f"stranger.evaluating.{where.code}")
    return {"period": period.pk, "evaluation": evaluation.pk, "run": run.pk, "scheme": draft.pk,
            "job": job_of_a_stranger(stranger, quality).pk}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
