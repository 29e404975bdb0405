"""Batches, and who takes part: employees, candidates by name, and those whom recruitment sends (MO 4.1.2)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.models import Person, PersonQuerySet, Site, User
from occ.people.scope import has_role, site_filter
from occ.times import local_day
from occ.workflow.services import begin
from sdm.models import Candidate, Participant, StageRun, TrainingBatch
from sdm.services import training_outcomes as outcomes
from sdm.services.training.common import ADDERS, MOST, batch_locked, text_clean
from sdm.services.training.stages import stage_entered
from sdm.training.choices import TrainingStatus as S
from sdm.training.workflow import HR, TRAINING


@transaction.atomic
def batch_open(*, site: Site, code: str, title: str, starts_on: date, actor: User, now: datetime) -> TrainingBatch:
    """A new batch. Raises NotAllowed, Invalid (the code is taken)."""
    if not has_role(actor, HR, site=site):
        raise NotAllowed
    made = TrainingBatch(
        site=site, code=text_clean(code, 30, "code").upper(), title=text_clean(title, 120, "title"),
        starts_on=starts_on, created_at=now, created_by=actor,
    )  # fmt: skip
    sign(made, actor, "opened", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Invalid(_("A batch has this code already."), field="code", code="code_taken") from error
    record(actor=actor, action="training.batch_opened", subject=made, data={"code": made.code}, now=now, site=site)
    return made


def people_to_train(user: User) -> PersonQuerySet:
    """Employees whom that user may put into a batch or link with a candidate."""
    return Person.objects.filter(site_filter(user, ADDERS), last_working_day=None)


@transaction.atomic
def participant_add(
    *, batch_id: int, name: str = "", number: str = "", person: Person | None = None, actor: User, now: datetime
) -> Participant:
    """Somebody takes part: an employee, or a candidate by name and number. Raises NotAllowed, Invalid, WrongState."""
    batch = batch_locked(batch_id)
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
        batch=batch, site=batch.site, name=text_clean(name, 120, "name"),
        number=text_clean(number, 30, "number", needed=False), person=person, added_at=now,
    )  # fmt: skip
    sign(made, actor, "added", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        field = "person" if person is not None else "number"
        raise Invalid(_("This person takes part in the batch already."), field=field, code="in_batch") from error
    begin(TRAINING, made, actor=actor, now=now)
    stage_entered(batch, S.REGISTERED, actor=actor, now=now)
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
        batch = batch_locked(pk)
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
