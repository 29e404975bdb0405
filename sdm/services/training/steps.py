"""A participant's steps through the stages to the decision, alone or all of a stage at once (MO 4.1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.people.actors import LIFECYCLE, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.times import local_day
from occ.workflow.services import step
from sdm.models import Candidate, Participant, TrainingResult
from sdm.services import training_outcomes as outcomes
from sdm.services.training.common import WHY, batch_locked, text_clean
from sdm.services.training.results import average, lacking, mark_of, result_keep
from sdm.services.training.stages import stage_entered, stage_left
from sdm.training import notices
from sdm.training.choices import STAGES
from sdm.training.choices import TrainingStatus as S
from sdm.training.documents import CERTIFICATE, certificate_body
from sdm.training.workflow import AT_STAGE, ONWARD, TRAINING


def _move(
    name: str, participant_id: int, *, actor: Actor, now: datetime, note: str = "",
    body: Callable[[Participant], None] = lambda one: None, also: dict[str, Any] | None = None, ready: bool = False,
) -> Participant:  # fmt: skip
    """A step of one participant; `ready`: only with what the stage asks for. The stage left may so be finished."""
    with transaction.atomic():
        outcomes.requests_locked(Participant.objects.filter(pk=participant_id))
        batch = batch_locked(Participant.objects.values_list("batch_id", flat=True).get(pk=participant_id))
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
            stage_entered(batch, one.status, actor=actor, now=now)
        stage_left(batch, left, actor=actor, now=now)
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
        result_keep(one, S.VALIDATING, average(one), None, "", actor, now)

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
    also = {"ended_at": now, "out_reason": text_clean(note, WHY, "note", needed=False)}
    return _move("reject", participant_id, actor=actor, now=now, note=note, also=also)


def participant_withdraw(*, participant_id: int, note: str, actor: Actor, now: datetime) -> Participant:
    also = {"ended_at": now, "out_reason": text_clean(note, WHY, "note", needed=False)}
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
    batch = batch_locked(batch_id)
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
