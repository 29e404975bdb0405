"""Results of the stages and recording samples, and what a participant lacks to go on (MO 4.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day
from sdm.models import Participant, RecordingSample, TrainingBatch, TrainingResult
from sdm.services.training.common import CENT, NOTE, REMARK, batch_locked, text_clean
from sdm.training.choices import SCORED
from sdm.training.choices import TrainingStatus as S
from sdm.training.policies import MARK, SAMPLES
from sdm.training.workflow import AT_STAGE, TRAINERS, VALIDATORS


@dataclass(frozen=True)
class Scored:
    """A participant's result of the stage at which they stand; `pre` of the pre test."""

    participant_id: int
    score: Decimal | None = None
    pre: Decimal | None = None
    note: str = ""


def may_score(user: User, batch: TrainingBatch, stage: str) -> bool:
    return stage in SCORED and has_role(user, AT_STAGE[stage], site=batch.site)


def _points(value: Decimal | None, index: int, field: str) -> Decimal | None:
    if value is None:
        return None
    if not value.is_finite() or not 0 <= value <= 100:
        raise Invalid(_("A score lies between 0 and 100."), field=f"{field}_{index}", code="score")
    return value.quantize(CENT, ROUND_HALF_UP)


@transaction.atomic
def results_record(
    *, batch_id: int, stage: str, rows: Sequence[Scored], actor: User, now: datetime
) -> list[TrainingResult]:
    """Enter or correct results of participants who stand at that stage; all of them or none.

    Raises NotAllowed, Invalid (a score, or nothing at all; its field ends in the participant), WrongState (moved on).
    """
    batch = batch_locked(batch_id)
    if not may_score(actor, batch, stage):
        raise NotAllowed
    there = {one.pk: one for one in batch.participants.filter(status=stage)}
    found = []
    for one in rows:
        participant = there.get(one.participant_id)
        if participant is None:
            raise WrongState(_("Somebody is not at this stage any more: look again."), code="moved_on")
        if participant.person_id is not None and participant.person_id == actor.person_id:
            raise NotAllowed(_("It is about you: somebody else has to do this step."))
        score, pre = (_points(value, participant.pk, name) for value, name in ((one.score, "score"), (one.pre, "pre")))
        note = text_clean(one.note, NOTE, f"note_{participant.pk}", needed=False)
        if score is None and pre is None and not note:
            raise Invalid(_("Enter a score or a note."), field=f"score_{participant.pk}")
        found.append(result_keep(participant, stage, score, pre, note, actor, now))
    return found


def result_keep(
    one: Participant, stage: str, score: Decimal | None, pre: Decimal | None, note: str, actor: User, now: datetime
) -> TrainingResult:
    row = TrainingResult.objects.filter(participant=one, attempt=one.attempt, stage=stage).first()
    if row is not None and (row.score, row.pre_score, row.note) == (score, pre, note):
        return row
    row = row or TrainingResult(participant=one, attempt=one.attempt, stage=stage)
    row.score, row.pre_score, row.note, row.recorded_at, row.recorded_by = score, pre, note, now, actor
    sign(row, actor, "recorded", now=now)
    row.save()
    data = {"stage": stage, "attempt": one.attempt, "score": str(score), "pre": str(pre)}
    record(actor=actor, action="training.result", subject=one, data=data, now=now, site=one.site)
    return row


@transaction.atomic
def sample_add(*, participant_id: int, reference: str, taken_on: date, actor: User, now: datetime) -> RecordingSample:
    """A recording of the active tandem, by its id. Raises NotAllowed, WrongState, Invalid."""
    found = Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=participant_id)
    if not has_role(actor, TRAINERS, site=found.site) or (found.person_id and found.person_id == actor.person_id):
        raise NotAllowed
    if found.status != S.ACTIVE:
        raise WrongState(_("Recordings are taken while the active tandem goes on."))
    if taken_on > local_day(now, found.site.zone):
        raise Invalid(_("The date lies in the future."), field="taken_on")
    made = RecordingSample(
        participant=found, attempt=found.attempt, reference=text_clean(reference, 120, "reference"), taken_on=taken_on,
        added_at=now, added_by=actor,
    )  # fmt: skip
    sign(made, actor, "added", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Invalid(_("This recording is among the samples already."), field="reference") from error
    data = {"reference": made.reference}
    record(actor=actor, action="training.sample_added", subject=found, data=data, now=now, site=found.site)
    return made


@transaction.atomic
def sample_score(*, sample_id: int, score: Decimal, remark: str = "", actor: User, now: datetime) -> RecordingSample:
    """QC validates a sample, or puts that right meanwhile. Raises NotAllowed, WrongState, Invalid."""
    owner = RecordingSample.objects.values_list("participant_id", flat=True).get(pk=sample_id)
    found = Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=owner)
    sample = RecordingSample.objects.get(pk=sample_id)
    if not has_role(actor, VALIDATORS, site=found.site) or (found.person_id and found.person_id == actor.person_id):
        raise NotAllowed
    if found.status != S.VALIDATING or sample.attempt != found.attempt:
        raise WrongState(_("The samples of this participant are not validated now."))
    points = _points(score, sample.pk, "score")
    sample.score, sample.remark = points, text_clean(remark, REMARK, "remark", needed=False)
    sample.scored_at, sample.scored_by = now, actor
    sign(sample, actor, "scored", now=now)
    sample.save(update_fields=["score", "remark", "scored_at", "scored_by"])
    data = {"reference": sample.reference, "score": str(points)}
    record(actor=actor, action="training.sample_scored", subject=found, data=data, now=now, site=found.site)
    return sample


def average(participant: Participant) -> Decimal | None:
    """Of the samples of the attempt that goes on; None while one is not scored, or there are none."""
    scores = list(
        RecordingSample.objects.filter(participant=participant, attempt=participant.attempt).values_list(
            "score", flat=True
        )
    )
    known = [one for one in scores if one is not None]
    if not scores or len(known) < len(scores):
        return None
    return (sum(known, Decimal(0)) / len(known)).quantize(CENT, ROUND_HALF_UP)


def mark_of(stage: str, site: Site, now: datetime) -> Decimal:
    return Decimal(str(policy_value(MARK[S(stage)], at=now, site=site)))


def lacking(one: Participant, now: datetime) -> str:
    """In words, what keeps a participant from going on from where they stand; "" for nothing."""
    result = TrainingResult.objects.filter(participant=one, attempt=one.attempt, stage=one.status).first()
    if one.status == S.SOFTSKILL:
        return below_mark(result.score if result else None, S.SOFTSKILL, one.site, now)
    if one.status == S.HARDSKILL:
        if result is None or result.pre_score is None:
            return _("The pre test is missing.")
        return below_mark(result.score, S.HARDSKILL, one.site, now)
    if one.status == S.PASSIVE and result is None:
        return _("The result of the passive tandem is missing.")
    if one.status in (S.ACTIVE, S.VALIDATING):
        least = int(policy_value(SAMPLES, at=now, site=one.site))
        rows = RecordingSample.objects.filter(participant=one, attempt=one.attempt)
        if one.status == S.ACTIVE and rows.count() < least:
            return _("At least %(n)s recording samples are needed.") % {"n": least}
        if one.status == S.VALIDATING and rows.filter(score=None).exists():
            return _("A sample is not validated yet.")
    return ""


def below_mark(score: Decimal | None, stage: str, site: Site, now: datetime) -> str:
    if score is None:
        return _("The score is missing.")
    mark = mark_of(stage, site, now)
    return _("The score lies below the pass mark of %(mark)s.") % {"mark": f"{mark:g}"} if score < mark else ""
