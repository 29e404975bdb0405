"""The access matrix of training and pembinaan (KER-9): a pembinaan is not there for who may not read it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.jobs.services import job_start
from occ.people.choices import Role
from occ.people.models import Site
from sdm.api.discipline import STEPS
from sdm.discipline.workflow import DISCIPLINE, OPENERS, PERSONS, SUPERIORS
from sdm.models import TRAINING_READERS, RecordingSample, WarningLetter
from sdm.services import training
from sdm.services.training import ADDERS
from sdm.training.choices import TrainingStatus
from sdm.training.workflow import DECIDERS, HR, TRAINERS, TRAINING, VALIDATORS
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in
from tests.factories import DAY, NOW, person, user
from tests.sdm import discipline as cases
from tests.sdm import training as trainings

pytestmark = [pytest.mark.req("KER-9", "SDM-4", "SDM-5"), pytest.mark.timeout(600), pytest.mark.django_db]
SEES = {Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HR_RELATIONS}
READ = set(TRAINING_READERS)
ROWS: dict[str, Row] = {
    "sdm:discipline": Row(get=set(PERSONS)),
    "sdm:discipline_overview": Row(get=set(OPENERS)),
    "sdm:discipline_new": Row(get=set(OPENERS), post=set(OPENERS)),
    "sdm:discipline_case": Row(get=SEES, of="case", sees=SEES),
    "sdm:discipline_monitoring": Row(post=set(SUPERIORS) & SEES, of="case", sees=SEES),
    "sdm:discipline_document": Row(get=SEES, of="paper", sees=SEES),
    "sdm:discipline_withdraw": Row(post={Role.HR_RELATIONS}, of="letter", sees=SEES),
    "api:sdm-discipline": Row(get=set(PERSONS), post=set(OPENERS)),
    "api:sdm-discipline-case": Row(get=SEES, of="case", sees=SEES),
    "sdm:training": Row(get=READ),
    "sdm:training_board": Row(get=READ),
    "sdm:training_new": Row(get=set(HR), post=set(HR)),
    "sdm:training_batch": Row(get=READ, of="batch", sees=READ),
    "sdm:training_add": Row(post=set(ADDERS), of="batch", sees=READ),
    "sdm:training_results": Row(post=set(TRAINERS), of="batch", sees=READ, kwargs={"stage": "hardskill"}),
    "sdm:training_advance": Row(post=set(VALIDATORS), of="batch", sees=READ, kwargs={"stage": "validating"}),
    "sdm:training_participant": Row(get=READ, of="participant", sees=READ),
    "sdm:training_sample": Row(post=set(TRAINERS), of="participant", sees=READ),
    "sdm:training_sample_score": Row(post=set(VALIDATORS), of="sample", sees=READ),
    "sdm:training_link": Row(post=set(ADDERS), of="participant", sees=READ),
    "sdm:training_certificate": Row(get=READ, of="passed", sees=READ),
    "sdm:training_results:import": Row(get=set(HR | TRAINERS), post=set(HR | TRAINERS)),
    "sdm:training_results:import_preview": Row(get=set(), of="import", sees=set()),
    "sdm:training_results:import_apply": Row(post=set(), of="import", sees=set()),
    "sdm:training_results:import_faulty": Row(get=set(), of="import", sees=set()),
    "api:sdm-training-batches": Row(get=READ, post=set(HR)),
    "api:sdm-training-participants": Row(get=READ, post=set(ADDERS)),
    "api:sdm-training-participant": Row(get=READ, of="participant", sees=READ),
    "api:sdm-training-samples": Row(post=set(TRAINERS), of="participant", sees=READ),
    "api:sdm-training-results": Row(post=set(HR | TRAINERS)),
    "api:sdm-training-sample-score": Row(post=set(VALIDATORS), of="sample", sees=READ),
}  # fmt: skip
for one in DISCIPLINE.transitions:
    roles = {Role(role) for role in one.by_roles}
    if roles:
        row = Row(post=roles, of="case", sees=SEES, kwargs={"transition": one.name})
        ROWS[f"sdm:discipline_step/{one.name}"] = row
        if one.name in STEPS:
            ROWS[f"api:sdm-discipline-step/{one.name}"] = row
for one in TRAINING.transitions:
    roles = {Role(role) for role in one.by_roles}
    if roles:
        row = Row(post=roles, of="participant", sees=READ, kwargs={"transition": one.name})
        ROWS[f"sdm:training_step/{one.name}"] = row
        ROWS[f"api:sdm-training-step/{one.name}"] = row


def objects_of(where: Site) -> dict[str, Any]:
    floor: Any = SimpleNamespace(
        jkt=where, leader=user(Role.TEAM_LEADER, where), manager=user(Role.MANAGER), agent=person(where)
    )
    case = cases.opened(floor)
    warned = cases.brought(floor, "sp_issued", person(where))
    letter = WarningLetter.objects.get(case=warned)
    batch = training.batch_open(
        site=where, code=f"M-{where.code}", title="Matriks", starts_on=DAY, actor=trainings.hr(), now=NOW
    )
    going = trainings.add(batch, "Baru")  # keeps the batch open
    passed = trainings.brought(floor, trainings.add(batch, "Lulus"), TrainingStatus.PASSED)
    sample = RecordingSample.objects.filter(participant=passed)[0]
    return {
        "case": case.pk, "letter": letter.pk, "paper": letter.document_id, "batch": batch.pk, "participant": going.pk,
        "passed": passed.pk, "sample": sample.pk, "import": _import_of_a_stranger(where, batch.pk),
    }  # fmt: skip


def _import_of_a_stranger(where: Site, batch: int) -> int:
    """A job that nobody of these may see."""
    stranger = user(Role.HR_TRAINING, where, name=f"stranger.{where.code}")
    job = job_start(kind="sdm.training_import", params={"batch": batch}, owner=stranger, now=timezone.now())
    return job.pk  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])


def test_every_step_of_both_is_in_the_matrix() -> None:
    assert DECIDERS <= READ
    assert {f"sdm:training_step/{one.name}" for one in TRAINING.transitions if one.by_roles} <= set(ROWS)
