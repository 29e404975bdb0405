"""Trainings brought to any stage by their path, for the tests of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from occ.people.choices import Role
from occ.people.models import User
from sdm.models import Participant, RecordingSample, TrainingBatch
from sdm.services import training
from sdm.services.training import Scored
from sdm.training.choices import TrainingStatus as S
from sdm.training.workflow import TRAINING
from tests.factories import DAY, NOW, Floor, user

DAYS = timedelta(days=1)


def hr() -> User:
    return user(Role.HR_TRAINING)


def qc() -> User:
    return user(Role.QUALITY_CONTROL)


def batch(floor: Floor, code: str = "JKT-2026-11") -> TrainingBatch:
    return training.batch_open(
        site=floor.jkt, code=code, title="Agent reguler", starts_on=DAY, actor=hr(), now=NOW
    )  # fmt: skip


def add(where: TrainingBatch, name: str = "Calon Satu", number: str = "", **more: Any) -> Participant:
    return training.participant_add(batch_id=where.pk, name=name, number=number, actor=hr(), now=NOW, **more)


def score(one: Participant, actor: User, value: float | None = 90, pre: float | None = None) -> None:
    one.refresh_from_db()
    row = Scored(one.pk, None if value is None else Decimal(str(value)), None if pre is None else Decimal(str(pre)))
    training.results_record(batch_id=one.batch_id, stage=one.status, rows=[row], actor=actor, now=NOW)


def ready(floor: Floor, one: Participant) -> None:
    """What the stage at which they stand asks for."""
    one.refresh_from_db()
    if one.status == S.SOFTSKILL:
        score(one, hr())
    elif one.status == S.HARDSKILL:
        score(one, floor.leader, 85, 40)
    elif one.status == S.PASSIVE:
        score(one, floor.leader)
    elif one.status == S.ACTIVE:
        for n in range(3):
            training.sample_add(
                participant_id=one.pk, reference=f"REC-{one.attempt}-{n}", taken_on=DAY, actor=floor.leader, now=NOW
            )
    elif one.status == S.VALIDATING:
        for sample in RecordingSample.objects.current().filter(participant=one):
            training.sample_score(sample_id=sample.pk, score=Decimal("84.5"), actor=qc(), now=NOW)


WAY = (
    (S.REGISTERED, "softskill"), (S.SOFTSKILL, "softskill_pass"), (S.HARDSKILL, "tested"), (S.PASSIVE, "observed"),
    (S.ACTIVE, "practised"), (S.VALIDATING, "validated"), (S.RECAP, "recapped"), (S.DECIDING, "accept"),
)  # fmt: skip


def step(floor: Floor, one: Participant, name: str, **more: Any) -> None:
    roles = TRAINING.find(name).by_roles
    actor = hr() if Role.HR_TRAINING in roles else qc() if Role.QUALITY_CONTROL in roles else floor.leader
    actor = floor.manager if Role.MANAGER in roles else actor
    extra = {"join_on": DAY + 7 * DAYS} if name == "accept" else {}
    training.TRANSITIONS[name](participant_id=one.pk, actor=actor, now=NOW, **extra | more)
    one.refresh_from_db()


def brought(floor: Floor, one: Participant, state: str) -> Participant:
    """A participant who stands there, with what the stage asks for."""
    for at, name in WAY:
        if one.status == state:
            break
        if one.status != at:
            continue
        ready(floor, one)
        if state == S.OUT and at == S.HARDSKILL:
            step(floor, one, "withdraw", note="Mundur")
            break
        step(floor, one, name)
    ready(floor, one)
    one.refresh_from_db()
    assert one.status == state
    return one
