"""The access matrix of sdm (KER-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site, User
from sdm.models import Leaving
from sdm.personal import CONTRACT_READERS, MOVERS, NIK_READERS
from sdm.personal import KEEPERS as PEOPLE_KEEPERS
from sdm.services import employments
from sdm.services.employments import Terms
from sdm.workflow import LEAVING, RECORDERS
from tests.access.matrix import (
    EMPLOYEES,
    EVERYBODY,
    READERS,
    Row,
    World,
    job_of_a_stranger,
    what_a_stranger_gets,
    who_is_let_in,
)
from tests.factories import person, user
from userids.services import deactivations

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
HR_KEEPERS = set(PEOPLE_KEEPERS)
ROWS: dict[str, Row] = {
    "sdm:people": Row(get=EMPLOYEES),
    "sdm:person": Row(get=READERS, of="person", sees=READERS),
    "sdm:person_new": Row(get=HR_KEEPERS, post=HR_KEEPERS),
    "sdm:person_edit": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:person_nik": Row(post=set(NIK_READERS), of="person", sees=READERS),
    "sdm:person_transfer": Row(get=set(MOVERS), post=set(MOVERS), of="person", sees=READERS),
    "sdm:person_rejoin": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:employment_new": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:placement_correct": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="placement", sees=READERS),
    "sdm:placement_withdraw": Row(get=set(MOVERS), post=set(MOVERS), of="placement", sees=READERS),
    "sdm:employment_extend": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="employment", sees=set(CONTRACT_READERS)),
    "sdm:employment_register": Row(
        get={Role.HR_RELATIONS}, post={Role.HR_RELATIONS}, of="employment", sees=set(CONTRACT_READERS)
    ),
    "api:sdm-contract-register": Row(post={Role.HR_RELATIONS}, of="employment", sees=set(CONTRACT_READERS)),
    "sdm:employment_end": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="employment", sees=set(CONTRACT_READERS)),
    "sdm:leavings": Row(get=EMPLOYEES),
    "sdm:leaving_new": Row(get=set(RECORDERS), post=set(RECORDERS)),
    "sdm:leaving": Row(get=READERS, of="leaving", sees=READERS),
    "sdm:leaving_move": Row(post=set(RECORDERS), of="leaving", sees=READERS),
    "sdm:clearance_item": Row(post=set(RECORDERS), of="clearance", sees=READERS),
    "sdm:import": Row(get=HR_KEEPERS, post=HR_KEEPERS),
    "sdm:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:sdm-employees": Row(get=EMPLOYEES, post=HR_KEEPERS),
    "api:sdm-employee": Row(get=READERS, of="number", sees=READERS, put=HR_KEEPERS),
    "api:sdm-leavings": Row(get=EMPLOYEES, post=set(RECORDERS)),
}  # fmt: skip
for one in LEAVING.transitions:
    ROWS[f"sdm:leaving_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="leaving", sees=READERS, kwargs={"transition": one.name}
    )


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    support, hr = user(Role.SUPPORT, where), user(Role.HR_RELATIONS, where)
    stranger = User.objects.create_user(f"stranger.{where.code}")
    leaver, new = person(where), person(where)
    deactivations.resignation_record(
        person_id=leaver.pk, last_working_day=now.date() + timedelta(days=9), actor=support, now=now
    )
    contract = employments.employment_add(
        person_id=new.pk, terms=Terms("pkwt", new.joined_on, now.date() + timedelta(days=90)), actor=hr, now=now
    )
    leaving = Leaving.objects.get(employee=leaver.employee)
    return {
        "person": leaver.pk, "placement": leaver.employee.placements.get().pk, "employment": contract.pk,
        "leaving": leaving.pk, "clearance": leaving.items.all()[0].pk, "number": leaver.number,
        "job": job_of_a_stranger(stranger, support).pk,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
