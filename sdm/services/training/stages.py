"""A stage of a batch: open from the first who comes to the last who leaves, with its duty and its report (MO 4.1.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils import translation

from occ.documents.services import document_issue
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations import services as obligations
from occ.people.actors import Actor
from occ.people.history import sign
from occ.policies.services import policy_value
from occ.workflow.models import WorkflowStep
from sdm.models import Participant, StageRun, TrainingBatch
from sdm.training import notices
from sdm.training.choices import TrainingStatus as S
from sdm.training.deadlines import stage_due
from sdm.training.documents import REPORTS, report_body
from sdm.training.policies import days_of, rule_of
from sdm.training.workflow import AT_STAGE


def stage_entered(batch: TrainingBatch, stage: str, *, actor: Actor, now: datetime) -> None:
    """Somebody came to a stage: the first one begins it, with its clock, and who works at it is told."""
    if StageRun.objects.filter(batch=batch, stage=stage, closed_at=None).exists():
        return
    due_at = stage_due(now, float(policy_value(days_of(stage), at=now, site=batch.site)), batch.site.zone)
    run = StageRun.objects.create(batch=batch, stage=stage, opened_at=now, due_at=due_at)
    obligations.obligation_open(
        rule=rule_of(stage), subject=run, label=str(batch.code), site=batch.site, team=None, starts_at=now,
        due_at=due_at, actor=actor, now=now,
    )  # fmt: skip
    with translation.override("en"):
        stage_words = str(S(stage).label)
    for role in sorted(AT_STAGE[stage]):
        notify(
            to=audience(role, site=batch.site, now=now), kind=notices.ENTERED.key,
            params={"batch": batch.code, "msg_stage": stage_words}, key=f"run:{run.pk}:entered",
            url=batch.get_absolute_url(), now=now,
        )  # fmt: skip


def stage_left(batch: TrainingBatch, stage: str, *, actor: Actor, now: datetime) -> None:
    """Somebody left a stage: with the last one it is finished, its report issued and its duty done."""
    if batch.participants.filter(status=stage).exists():
        return
    run = StageRun.objects.select_for_update(no_key=True).filter(batch=batch, stage=stage, closed_at=None).first()
    if run is None:
        return
    run.batch = batch
    run.closed_at = now
    evidence: dict[str, Any] = {}
    if stage in REPORTS and (people := through(run)):
        run.document = document_issue(
            type=REPORTS[stage], site=batch.site, subject=run, title=f"{REPORTS[stage].title}: {batch.code}",
            data=report_body(run, people, language="id", by=str(actor)), language="id", actor=actor, now=now,
        )  # fmt: skip
        evidence = {"document": run.document.full_number}
    run.save(update_fields=["closed_at", "document"])
    obligations.obligation_fulfil(
        subject=run, rule=rule_of(stage), at=now, evidence=evidence, actor=actor, now=now
    )  # fmt: skip
    if not batch.runs.filter(closed_at=None).exists() and not batch.participants.going().exists():  # type: ignore[attr-defined]
        batch.closed_at = now
        sign(batch, actor, "closed", now=now)
        batch.save(update_fields=["closed_at"])


def through(run: StageRun) -> list[Participant]:
    """Who left the stage while it was open, with results and samples; in the order of names."""
    kind = ContentType.objects.get_for_model(Participant)
    ids = run.batch.participants.values("pk")
    steps = WorkflowStep.objects.filter(
        content_type=kind, object_id__in=ids, from_state=run.stage, at__gte=run.opened_at
    )
    rows = Participant.objects.filter(pk__in=steps.values("object_id"))
    return list(rows.prefetch_related("results", "samples").order_by("name", "pk"))
