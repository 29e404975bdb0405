"""The access matrix of positions, plan and recruitment (KER-9, SDM-2, SDM-3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site, User
from sdm.models import POSITION_READERS, Position
from sdm.personal import KEEPERS
from sdm.recruiting.personal import CANDIDATE_READERS, ID_READERS, OPERATION, REQUEST_READERS
from sdm.recruiting.workflow import CANDIDATE, RECRUIT, REQUEST
from sdm.services import candidates, recruitments
from sdm.services.plan import PLANNERS, plan_set
from tests.access.matrix import EVERYBODY, READERS, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person, user
from userids.services.id_requests import id_request_open
from userids.workflow import ID_REQUEST

pytestmark = [pytest.mark.req("KER-9", "SDM-2", "SDM-3"), pytest.mark.timeout(400), pytest.mark.django_db]
POSITIONS, HR = set(POSITION_READERS), set(KEEPERS)
REQUESTS, CANDIDATES, RECRUITERS = set(REQUEST_READERS), set(CANDIDATE_READERS), {Role(one) for one in RECRUIT}
ROWS: dict[str, Row] = {
    "sdm:positions": Row(get=POSITIONS),
    "sdm:position_new": Row(get=HR, post=HR),
    "sdm:position": Row(get=POSITIONS, of="position", sees=POSITIONS, shared=True),
    "sdm:position_change": Row(get=HR, post=HR, of="position", sees=POSITIONS, shared=True),
    "sdm:plan": Row(get=POSITIONS),
    "sdm:plan_new": Row(get=set(PLANNERS), post=set(PLANNERS)),
    "sdm:plan_take_over": Row(post=set(PLANNERS), of="site", sees=set(PLANNERS)),
    "sdm:plan_line": Row(get=POSITIONS, post=set(PLANNERS), of="line", sees=POSITIONS),
    "sdm:recruitments": Row(get=REQUESTS),
    "sdm:recruitment_new": Row(get=set(OPERATION), post=set(OPERATION)),
    "sdm:recruitment": Row(get=REQUESTS, of="request", sees=REQUESTS),
    "sdm:pipeline": Row(get=CANDIDATES),
    "sdm:candidates": Row(get=CANDIDATES),
    "sdm:candidate_new": Row(get=RECRUITERS, post=RECRUITERS, of="request", sees=REQUESTS),
    "sdm:candidate": Row(get=CANDIDATES, of="candidate", sees=CANDIDATES),
    "sdm:candidate_edit": Row(get=RECRUITERS, post=RECRUITERS, of="candidate", sees=CANDIDATES),
    "sdm:candidate_nik": Row(post=set(ID_READERS), of="candidate", sees=CANDIDATES),
    "sdm:criterion_waive": Row(post=RECRUITERS, of="candidate", sees=CANDIDATES, kwargs={"criterion": 1}),
    "sdm:candidate_import:import": Row(get=RECRUITERS, post=RECRUITERS),
    "sdm:candidate_import:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:candidate_import:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:candidate_import:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "userids:id_requests": Row(get=READERS),
    "userids:id_request": Row(get=READERS, of="id_request", sees=READERS),
    "api:sdm-positions": Row(get=POSITIONS),
    "api:sdm-position": Row(get=POSITIONS, sees=POSITIONS, kwargs={"code": "agent"}),
    "api:sdm-plan": Row(get=POSITIONS, post=set(PLANNERS)),
    "api:sdm-recruitments": Row(get=REQUESTS, post=set(OPERATION)),
    "api:sdm-recruitment": Row(get=REQUESTS, of="request", sees=REQUESTS),
    "api:sdm-candidates": Row(get=CANDIDATES, post=RECRUITERS),
    "api:sdm-candidate": Row(get=CANDIDATES, of="candidate", sees=CANDIDATES),
    "api:userids-id-requests": Row(get=READERS),
}
for flow, key, seen, urls in (
    (REQUEST, "request", REQUESTS, ("sdm:recruitment_step", "api:sdm-recruitment-transition")),
    (CANDIDATE, "candidate", CANDIDATES, ("sdm:candidate_step", "api:sdm-candidate-transition")),
    (ID_REQUEST, "id_request", READERS, ("userids:id_request_step", "api:userids-id-request-transition")),
):
    for one in flow.transitions:
        if not one.by_roles:
            continue
        # The list is approved as a whole, on its request: nobody approves one candidate.
        who = set() if (flow, one.name) == (CANDIDATE, "approve") else {Role(role) for role in one.by_roles}
        for url in urls:
            ROWS[f"{url}/{one.name}"] = Row(post=who, of=key, sees=seen, kwargs={"transition": one.name})


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    today = timezone.localdate(now, where.zone)
    agent = Position.objects.get(code="agent")
    line = plan_set(
        site=where, position=agent, number=3, starts_on=today, reason="x", actor=user(Role.MANAGER, where), now=now
    )
    row = recruitments.recruitment_request(
        site=where, position=agent, people=2, needed_by=today + timedelta(days=30), why="growth", explanation="x",
        actor=user(Role.COORDINATOR, where), now=now,
    )  # fmt: skip
    recruitments.recruitment_verify(recruitment_id=row.pk, actor=user(Role.HR_RECRUITMENT, where), now=now)
    recruitments.scheme_approve(
        recruitment_id=row.pk, bpjs_health=True, bpjs_labour=True, pph21=True, fits_pks=True,
        actor=user(Role.HR_PAYROLL, where), now=now,
    )  # fmt: skip
    found = candidates.candidate_add(
        recruitment_id=row.pk, name="Pelamar", nik="3171010101900001" if where.code == "JKT" else "", education="d3",
        actor=user(Role.HR_RECRUITMENT, where), now=now,
    )  # fmt: skip
    wanted = id_request_open(person=person(where), first_day=today, actor=user(Role.HR_RELATIONS, where), now=now)
    assert wanted is not None
    stranger = User.objects.create_user(f"stranger.{where.code}")
    job = job_of_a_stranger(stranger, user(Role.SUPPORT, where))
    return {
        "site": where.pk, "job": job.pk, "position": agent.pk, "line": line.pk, "request": row.pk,
        "candidate": found.pk, "id_request": wanted.pk,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
