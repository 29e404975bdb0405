"""The access matrix of leave (KER-9): whoever asks here is no person, so what is one's own is tests/sdm/'s."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site, User
from sdm.absence.workflow import ASKERS, ENTERERS, LEAVE, ON_BEHALF
from sdm.services import absence
from sdm.services.absence import TAKERS_UP
from sdm.services.absence_reading import READERS
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person, user

pytestmark = [pytest.mark.req("KER-9", "SDM-9"), pytest.mark.timeout(400), pytest.mark.django_db]
SEES, OWN, BEHALF = set(READERS), set(ASKERS), set(ON_BEHALF)
ALL = SEES | OWN
ROWS: dict[str, Row] = {
    "sdm:leaves": Row(get=ALL),
    "sdm:leave_new": Row(get=BEHALF, post=BEHALF),
    "sdm:my_leave": Row(get=OWN),
    "sdm:leave_calendar": Row(get=SEES),
    "sdm:leave_balances": Row(get=SEES),
    "sdm:leave": Row(get=SEES, of="leave", sees=SEES),
    "sdm:leave_proof": Row(post=BEHALF, of="leave", sees=SEES),
    "sdm:leave_file:import": Row(get=set(TAKERS_UP), post=set(TAKERS_UP)),
    "sdm:leave_file:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:leave_file:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:leave_file:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:sdm-leaves": Row(get=ALL, post=BEHALF),
    "api:sdm-leave-balances": Row(get=ALL),
}
for one in LEAVE.transitions:
    if not one.by_roles:
        continue
    # The Head Manager decides of managers only, HR of nobody who has a superior here.
    # The own is cancelled by everybody, somebody else's only on their behalf.
    roles = BEHALF if one.name == "cancel" else {Role(role) for role in one.by_roles} - {Role.HEAD_MANAGER}
    roles -= ENTERERS if one.name in {"approve", "refuse"} else frozenset()
    for name in ("sdm:leave_step", "api:sdm-leave-step"):
        ROWS[f"{name}/{one.name}"] = Row(post=roles, of="leave", sees=SEES, kwargs={"transition": one.name})


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    day = now.date() + timedelta(days=14)
    made = absence.leave_ask(
        person_id=person(where).pk, kind="unpaid", starts_on=day, ends_on=day + timedelta(days=7), reason="x",
        actor=user(Role.HR_RELATIONS, where), now=now,
    )  # fmt: skip
    stranger = User.objects.create_user(f"stranger.{where.code}")
    job = job_of_a_stranger(stranger, user(Role.SUPPORT, where))
    return {"leave": made.pk, "job": job.pk}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])


def test_everybody_asks_somewhere() -> None:
    assert ALL | {Role.CLIENT} == EVERYBODY
