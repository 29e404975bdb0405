"""Training (MO 4.1.2): a batch's participants through softskill, hardskill, tandem, validation and recap to a decision.

A stage of a batch is open from the first who comes to the last who leaves; then its report is issued and its duty ends.

Locks: the batch first, so that of two last ones one closes the stage; then participants, the stage, its obligation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations import services as obligations
from occ.people.actors import LIFECYCLE, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, PersonQuerySet, Site, User
from occ.people.scope import has_role, site_filter
from occ.policies.services import policy_value
from occ.times import local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.services import begin, step
from sdm.models import Candidate, Participant, RecordingSample, StageRun, TrainingBatch, TrainingResult
from sdm.services import training_outcomes as outcomes
from sdm.training import notices
from sdm.training.choices import SCORED, STAGES
from sdm.training.choices import TrainingStatus as S
from sdm.training.deadlines import stage_due
from sdm.training.documents import CERTIFICATE, REPORTS, certificate_body, report_body
from sdm.training.policies import MARK, SAMPLES, days_of, rule_of
from sdm.training.workflow import AT_STAGE, HR, ONWARD, TRAINERS, TRAINING, VALIDATORS

ADDERS = HR | {Role.HR_RECRUITMENT}
NOTE, WHY, REMARK = 500, 2_000, 1_000
MOST = 200  # participants of a batch
CENT = Decimal("0.01")


def _text(value: str, most: int, field: str, *, needed: bool = True) -> str:
    value = value.replace("\x00", "").strip()
    if needed and not value:
        raise Invalid(_("Fill this in."), field=field)
    if len(value) > most:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": most}, field=field)
    return value


# Batches and who is in them ---------------------------------------------------------------------------------------


@transaction.atomic
def batch_open(*, site: Site, code: str, title: str, starts_on: date, actor: User, now: datetime) -> TrainingBatch:
    """A new batch. Raises NotAllowed, Invalid (the code is taken)."""
    if not has_role(actor, HR, site=site):
        raise NotAllowed
    made = TrainingBatch(
        site=site, code=_text(code, 30, "code").upper(), title=_text(title, 120, "title"), starts_on=starts_on,
        created_at=now, created_by=actor,
    )  # fmt: skip
    sign(made, actor, "opened", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Invalid(_("A batch has this code already."), field="code", code="code_taken") from error
    record(actor=actor, action="training.batch_opened", subject=made, data={"code": made.code}, now=now, site=site)
    return made


def _batch_locked(pk: int) -> TrainingBatch:
    return TrainingBatch.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=pk)


def people_to_train(user: User) -> PersonQuerySet:
    """Employees whom that user may put into a batch or link with a candidate."""
    return Person.objects.filter(site_filter(user, ADDERS), last_working_day=None)


@transaction.atomic
def participant_add(
    *, batch_id: int, name: str = "", number: str = "", person: Person | None = None, actor: User, now: datetime
) -> Participant:
    """Somebody takes part: an employee, or a candidate by name and number. Raises NotAllowed, Invalid, WrongState."""
    batch = _batch_locked(batch_id)
    if not has_role(actor, ADDERS, site=batch.site):
        raise NotAllowed
    if batch.closed_at is not None:
        raise WrongState(_("This batch is closed."))
    if batch.participants.count() >= MOST:
        raise Invalid(_("A batch has at most %(n)s participants.") % {"n": MOST})
    if person is not None:
        name, number = person.name, person.number
    elif outcomes.is_candidates(number):
        raise Invalid(_("Recruitment adds its candidates by itself when their training begins."), field="number")
    return _add(batch, name, number, person, actor, now)


def _add(
    batch: TrainingBatch, name: str, number: str, person: Person | None, actor: Actor, now: datetime
) -> Participant:
    made = Participant(
        batch=batch, site=batch.site, name=_text(name, 120, "name"),
        number=_text(number, 30, "number", needed=False), person=person, added_at=now,
    )  # fmt: skip
    sign(made, actor, "added", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        field = "person" if person is not None else "number"
        raise Invalid(_("This person takes part in the batch already."), field=field, code="in_batch") from error
    begin(TRAINING, made, actor=actor, now=now)
    _entered(batch, S.REGISTERED, actor=actor, now=now)
    return made


@transaction.atomic
def candidate_add(candidate: Candidate, *, actor: Actor, now: datetime) -> Participant | None:
    """A candidate of recruitment into the batch of the site that begins next, else that began last.

    Only one in which nobody is beyond softskill, that has room, and in which the candidate was not; None where there is
    none. The caller began the candidate's training, and holds the request's lock.
    """
    number, today = outcomes.number_of(candidate), local_day(now, candidate.site.zone)
    beyond = StageRun.objects.exclude(stage__in=(S.REGISTERED, S.SOFTSKILL)).values("batch_id")
    known = Participant.objects.filter(number=number).values("batch_id")
    rows = TrainingBatch.objects.filter(site=candidate.site, closed_at=None).exclude(pk__in=beyond)
    rows = rows.exclude(pk__in=known)
    coming, begun = rows.filter(starts_on__gte=today), rows.filter(starts_on__lt=today)
    for pk in [
        *coming.order_by("starts_on", "pk").values_list("pk", flat=True),
        *begun.order_by("-starts_on", "-pk").values_list("pk", flat=True),
    ]:
        batch = _batch_locked(pk)
        if batch.closed_at is None and batch.participants.count() < MOST:
            return _add(batch, str(candidate), number, None, actor, now)
    return None


@transaction.atomic
def candidate_link(candidate: Candidate, *, person: Person, actor: Actor, now: datetime) -> None:
    """The candidate is hired: the trainings are the employee's, under the own name from now on."""
    rows = Participant.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    for one in rows.filter(number=outcomes.number_of(candidate), person=None).select_related("site"):
        if Participant.objects.filter(batch_id=one.batch_id, person=person).exists():
            continue
        one.person, one.number, one.name = person, person.number, person.name
        sign(one, actor, "linked", now=now)
        one.save(update_fields=["person", "number", "name"])
        record(actor=actor, action="training.linked", subject=one, data={"person": person.pk}, now=now, site=one.site)


@transaction.atomic
def participant_link(*, participant_id: int, person: Person, actor: User, now: datetime) -> Participant:
    """The candidate was hired: the training belongs to the employee from now on. Raises NotAllowed, Invalid."""
    found = Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=participant_id)
    if not has_role(actor, ADDERS, site=found.site):
        raise NotAllowed
    if found.person_id == person.pk:
        return found
    if found.person_id is not None:
        raise WrongState(_("This participant is an employee already."))
    found.person, found.number = person, person.number
    sign(found, actor, "linked", now=now)
    try:
        with transaction.atomic():
            found.save(update_fields=["person", "number"])
    except IntegrityError as error:
        raise Invalid(_("This person takes part in the batch already."), field="person", code="in_batch") from error
    record(actor=actor, action="training.linked", subject=found, data={"person": person.pk}, now=now, site=found.site)
    return found


# Results ----------------------------------------------------------------------------------------------------------


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
    batch = _batch_locked(batch_id)
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
        note = _text(one.note, NOTE, f"note_{participant.pk}", needed=False)
        if score is None and pre is None and not note:
            raise Invalid(_("Enter a score or a note."), field=f"score_{participant.pk}")
        found.append(_result(participant, stage, score, pre, note, actor, now))
    return found


def _result(
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
        participant=found, attempt=found.attempt, reference=_text(reference, 120, "reference"), taken_on=taken_on,
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
    sample.score, sample.remark = points, _text(remark, REMARK, "remark", needed=False)
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
        return _below(result.score if result else None, S.SOFTSKILL, one.site, now)
    if one.status == S.HARDSKILL:
        if result is None or result.pre_score is None:
            return _("The pre test is missing.")
        return _below(result.score, S.HARDSKILL, one.site, now)
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


def _below(score: Decimal | None, stage: str, site: Site, now: datetime) -> str:
    if score is None:
        return _("The score is missing.")
    mark = mark_of(stage, site, now)
    return _("The score lies below the pass mark of %(mark)s.") % {"mark": f"{mark:g}"} if score < mark else ""


# Steps ------------------------------------------------------------------------------------------------------------


def _move(
    name: str, participant_id: int, *, actor: Actor, now: datetime, note: str = "",
    body: Callable[[Participant], None] = lambda one: None, also: dict[str, Any] | None = None, ready: bool = False,
) -> Participant:  # fmt: skip
    """A step of one participant; `ready`: only with what the stage asks for. The stage left may so be finished."""
    with transaction.atomic():
        outcomes.requests_locked(Participant.objects.filter(pk=participant_id))
        batch = _batch_locked(Participant.objects.values_list("batch_id", flat=True).get(pk=participant_id))
        left = Participant.objects.values_list("status", flat=True).get(pk=participant_id)
        with step(TRAINING, Participant, participant_id, name, actor=actor, now=now, note=note, also=also) as one:
            if ready:
                one.status = left
                missing = lacking(one, now)
                one.status = TRAINING.find(name).target
                if missing:
                    raise WrongState(f"{one.name}: {missing}", code="not_ready")
            body(one)
        if one.status in STAGES:
            _entered(batch, one.status, actor=actor, now=now)
        _left(batch, left, actor=actor, now=now)
        if left in (S.REGISTERED, S.SOFTSKILL):
            _tell_recruitment(one, note, actor, now)
        return one


def _tell_recruitment(one: Participant, note: str, actor: Actor, now: datetime) -> None:
    """How the training softskill of a candidate came out; it is not entered a second time."""
    if one.status == S.HARDSKILL:
        scores = TrainingResult.objects.filter(participant=one, stage=S.SOFTSKILL).order_by("-attempt")
        outcomes.passed(one, scores.values_list("score", flat=True).first(), actor=actor, now=now)
    elif one.status == S.OUT:
        outcomes.failed(one, note, actor=actor, now=now)


def participant_softskill(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("softskill", participant_id, actor=actor, now=now, note=note)


def participant_hardskill(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    """Softskill is known already, as after recruitment (MO 4.1.1, 6)."""
    return _move("hardskill", participant_id, actor=actor, now=now, note=note)


def participant_softskill_pass(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("softskill_pass", participant_id, actor=actor, now=now, note=note, ready=True)


def participant_tested(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("tested", participant_id, actor=actor, now=now, note=note, ready=True)


def participant_observed(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("observed", participant_id, actor=actor, now=now, note=note, ready=True)


def participant_practised(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("practised", participant_id, actor=actor, now=now, note=note, ready=True)


def participant_validated(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    """Every sample has its score; their average is the result, whether it passes or not: that is decided later."""

    def keep(one: Participant) -> None:
        assert isinstance(actor, User)
        _result(one, S.VALIDATING, average(one), None, "", actor, now)

    return _move("validated", participant_id, actor=actor, now=now, note=note, ready=True, body=keep)


def participant_recapped(*, participant_id: int, note: str = "", actor: User, now: datetime) -> Participant:
    return _move("recapped", participant_id, actor=actor, now=now, note=note)


def validated_score(one: Participant) -> Decimal | None:
    rows = TrainingResult.objects.filter(participant=one, attempt=one.attempt, stage=S.VALIDATING)
    return rows.values_list("score", flat=True).first()


def participant_accept(
    *, participant_id: int, join_on: date, note: str = "", language: str = "id", actor: User, now: datetime
) -> Participant:
    """Passed: the join date is set and the certificate issued. Below the pass mark of the samples it needs a reason.

    Raises NotAllowed, WrongState, Invalid (the date, or no reason).
    """
    found = Participant.objects.select_related("site").get(pk=participant_id)
    today = local_day(now, found.site.zone)
    if not today - timedelta(days=60) <= join_on <= today + timedelta(days=180):
        raise Invalid(_("The join date lies too far away."), field="join_on")
    score = validated_score(found)
    if (score is None or score < mark_of(S.VALIDATING, found.site, now)) and not note.strip():
        says = _("The samples lie below the pass mark: say why it is passed all the same.")
        raise Invalid(says, field="note", code="below_mark")

    def issue(one: Participant) -> None:
        one.certificate = document_issue(
            type=CERTIFICATE, site=one.site, subject=one, title=str(CERTIFICATE.title),
            data=certificate_body(one, language=language), language=language, actor=actor, now=now,
        )  # fmt: skip
        sign(one, actor, "certificate", now=now)
        one.save(update_fields=["certificate"])
        params = {"batch": one.batch.code, "name": one.name, "join_on": join_on.isoformat()}
        to = audience(Role.HR_TRAINING, site=one.site, now=now) + audience(Role.HR_RECRUITMENT, site=one.site, now=now)
        key = f"training:{one.pk}:passed"
        notify(to=to, kind=notices.PASSED.key, params=params, key=key, url=one.get_absolute_url(), now=now)

    also = {"join_on": join_on, "ended_at": now}
    return _move("accept", participant_id, actor=actor, now=now, note=note, also=also, body=issue)


def participant_repeat(*, participant_id: int, note: str, actor: User, now: datetime) -> Participant:
    """Not passed: back to hardskill, in a new attempt."""

    def again(one: Participant) -> None:
        one.attempt += 1
        sign(one, actor, note, now=now)
        one.save(update_fields=["attempt"])

    return _move("repeat", participant_id, actor=actor, now=now, note=note, body=again)


def participant_reject(*, participant_id: int, note: str, actor: User, now: datetime) -> Participant:
    also = {"ended_at": now, "out_reason": _text(note, WHY, "note", needed=False)}
    return _move("reject", participant_id, actor=actor, now=now, note=note, also=also)


def participant_withdraw(*, participant_id: int, note: str, actor: Actor, now: datetime) -> Participant:
    also = {"ended_at": now, "out_reason": _text(note, WHY, "note", needed=False)}
    return _move("withdraw", participant_id, actor=actor, now=now, note=note, also=also)


def participants_lapse(*, person: Person, now: datetime) -> None:
    """The last day of an employee is over: trainings that still go on end."""
    _lapse(Participant.objects.going().filter(person=person), _("The person left"), now)


def candidate_leaves(candidate: Candidate, *, now: datetime) -> None:
    """Who is no candidate any more takes part no longer. The caller holds the request's lock."""
    rows = Participant.objects.going().filter(number=outcomes.number_of(candidate), person=None)
    _lapse(rows, _("No candidate any more"), now)


def _lapse(rows: Iterable[Participant], note: str, now: datetime) -> None:
    for one in rows:
        also = {"ended_at": now, "out_reason": note}
        name = "lapse" if one.status == S.DECIDING else "withdraw"
        _move(name, one.pk, actor=LIFECYCLE, now=now, note=note, also=also)


TRANSITIONS: dict[str, Any] = {
    "softskill": participant_softskill, "hardskill": participant_hardskill,
    "softskill_pass": participant_softskill_pass, "tested": participant_tested, "observed": participant_observed,
    "practised": participant_practised, "validated": participant_validated, "recapped": participant_recapped,
    "accept": participant_accept, "repeat": participant_repeat, "reject": participant_reject,
    "withdraw": participant_withdraw,
}  # fmt: skip


@transaction.atomic
def stage_advance(*, batch_id: int, stage: str, actor: User, now: datetime) -> tuple[int, int]:
    """Bring on everybody of the batch at that stage who has what it asks for; returns (brought on, still there).

    Raises NotAllowed, WrongState (nobody is ready).
    """
    outcomes.requests_locked(Participant.objects.filter(batch_id=batch_id, status=stage))
    batch = _batch_locked(batch_id)
    if stage not in ONWARD or not has_role(actor, AT_STAGE[stage], site=batch.site):
        raise NotAllowed
    there = list(batch.participants.filter(status=stage).order_by("pk"))
    ready = [
        one for one in there
        if not lacking(one, now) and not (one.person_id is not None and one.person_id == actor.person_id)
    ]  # fmt: skip
    if not ready:
        raise WrongState(_("Nobody at this stage has what it asks for yet."))
    for one in ready:
        TRANSITIONS[ONWARD[stage]](participant_id=one.pk, actor=actor, now=now)
    return len(ready), len(there) - len(ready)


# Stages -----------------------------------------------------------------------------------------------------------


def _entered(batch: TrainingBatch, stage: str, *, actor: Actor, now: datetime) -> None:
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


def _left(batch: TrainingBatch, stage: str, *, actor: Actor, now: datetime) -> None:
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
