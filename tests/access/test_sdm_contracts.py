"""The access matrix of contracts, renewals, compensations and wages (KER-9)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site, User
from sdm.contracts.workflow import COMPENSATION, CORRECTION, HI, PAYROLL, RENEWAL
from sdm.models import Compensation, Renewal
from sdm.personal import COMPENSATION_READERS, CONTRACT_READERS, KEEPERS, WAGE_READERS
from sdm.services import contract_renewals, contract_wages, employments
from sdm.services.employments import Terms
from sdm.services.plan import PLANNERS
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person, user

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READ, PAY = set(CONTRACT_READERS), set(COMPENSATION_READERS)
ROWS: dict[str, Row] = {
    "sdm:contracts": Row(get=READ),
    "sdm:contract_calendar": Row(get=READ),
    "sdm:contract_report": Row(get=set(HI), post=set(HI)),
    "sdm:contract_import:import": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "sdm:contract_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:contract_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:contract_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:wage_import:import": Row(get=set(PAYROLL), post=set(PAYROLL)),
    "sdm:wage_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:wage_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:wage_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:plan_import:import": Row(get=set(PLANNERS), post=set(PLANNERS)),
    "sdm:plan_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:plan_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:plan_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:letter_import:import": Row(get=set(HI), post=set(HI)),
    "sdm:letter_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:letter_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:letter_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:renewals": Row(get=READ),
    "sdm:renewal": Row(get=READ, of="renewal", sees=READ),
    "sdm:compensations": Row(get=PAY),
    "sdm:compensation": Row(get=PAY, of="compensation", sees=PAY),
    "sdm:compensation_corrections": Row(get=PAY),
    "sdm:compensation_correction": Row(get=PAY, of="compensation_correction", sees=PAY),
    "sdm:wages": Row(get=set(WAGE_READERS), post=set(PAYROLL), of="person", sees=set(WAGE_READERS)),
    "api:sdm-contracts": Row(get=READ, post=set(KEEPERS)),
    "api:sdm-renewals": Row(get=READ),
    "api:sdm-renewal": Row(get=READ, of="renewal", sees=READ),
    "api:sdm-compensations": Row(get=PAY),
    "api:sdm-compensation-corrections": Row(get=PAY),
    "api:sdm-compensation-pay": Row(post=set(PAYROLL), of="compensation", sees=PAY),
    "api:sdm-wages": Row(post=set(PAYROLL)),
}
for flow, of, sees in (
    (RENEWAL, "renewal", READ),
    (COMPENSATION, "compensation", PAY),
    (CORRECTION, "compensation_correction", PAY),
):
    for one in flow.transitions:
        if one.by_roles:
            roles, kwargs = {Role(role) for role in one.by_roles}, {"transition": one.name}
            ROWS[f"sdm:{of}_step/{one.name}"] = Row(post=roles, of=of, sees=sees, kwargs=kwargs)
            if flow is not COMPENSATION:
                api = of.replace("_", "-")
                ROWS[f"api:sdm-{api}-transition/{one.name}"] = Row(post=roles, of=of, sees=sees, kwargs=kwargs)


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    made, hr, payroll = person(where), user(Role.HR_RELATIONS, where), user(Role.HR_PAYROLL, where)
    terms = Terms("pkwt", now.date() - timedelta(days=200), now.date() + timedelta(days=9))
    employments.employment_add(person_id=made.pk, terms=terms, actor=hr, now=now)
    contract_renewals.renewals_watch(now=now)
    contract_wages.compensations_keep(now=now)
    contract_wages.wage_record(
        person_id=made.pk, starts_on=terms.starts_on, amount=Decimal(5_000_000), actor=payroll, now=now
    )
    gone = person(where)
    over = Terms("pkwt", now.date() - timedelta(days=400), now.date() - timedelta(days=3))
    employments.employment_add(person_id=gone.pk, terms=over, actor=hr, now=now)
    contract_wages.compensations_keep(now=now)
    wage = {"person_id": gone.pk, "starts_on": over.starts_on, "actor": payroll, "now": now}
    contract_wages.wage_record(amount=Decimal(5_000_000), **wage)
    row = Compensation.objects.get(employment__employee_id=gone.pk)
    contract_wages.compensation_pay(
        compensation_id=row.pk, paid_on=now.date(), evidence={"text": "TRF"}, actor=payroll, now=now
    )
    contract_wages.wage_record(amount=Decimal(6_000_000), note="kenaikan", **wage)
    stranger = User.objects.create_user(f"stranger.contracts.{where.code}")
    return {
        "person": made.pk, "renewal": Renewal.objects.get(employment__employee_id=made.pk).pk,
        "job": job_of_a_stranger(stranger, hr).pk,
        "compensation_correction": row.corrections.get().pk,
        "compensation": Compensation.objects.get(employment__employee_id=made.pk).pk,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
