"""Leaving, from the letter to the closed file (SDM-8).

Whoever records it, here or as Support's resignation (SOP-UID 8.1), goes through `occ.people.lifecycle`, whose signal
opens, moves or withdraws the one leaving of that person.

Locks: the person first, then the leaving, so that two doors to one room never wait for each other.
"""

from datetime import date, datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people import lifecycle
from occ.people.actors import Actor
from occ.people.choices import LeavingReason
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.services import begin, step
from sdm.choices import LeavingStatus, MainReason
from sdm.deadlines import clearance_due, interview_due
from sdm.documents import EXIT, exit_body
from sdm.models import ExitInterview, Leaving
from sdm.personal import may, of_another
from sdm.policies import CLEARANCE, CLEARANCE_DAYS, INTERVIEW, INTERVIEW_DAYS
from sdm.services import clearance
from sdm.services.employees import employees_take_up
from sdm.workflow import LEAVING, RECORDERS

LATE_NOTICE = "late_notice"


@transaction.atomic
def leaving_record(
    *, person_id: int, last_working_day: date, reason: LeavingReason, note: str = "", actor: User, now: datetime
) -> Leaving:
    """Somebody leaves: every module is told in this transaction, `userids` asks for their IDs to be shut.

    Raises NotAllowed; WrongState when it is recorded already (and leads to it): then its day is moved instead.
    """
    person = person_locked(person_id)
    if not may(actor, RECORDERS, person.site):
        raise NotAllowed
    if standing := Leaving.objects.open().filter(employee_id=person_id).first():
        raise _standing(standing, person, actor)
    lifecycle.person_leave(person_id=person_id, last_working_day=last_working_day, reason=reason, actor=actor, now=now)
    made = Leaving.objects.open().get(employee_id=person_id)
    if note.strip():
        sign(made, actor, note, now=now)
        made.save(update_fields=["status"])
    return made


def _standing(leaving: Leaving, person: Person, actor: User) -> WrongState:
    words = _("The leaving of %(name)s is recorded already. Move its last working day instead.")
    refusal = WrongState(words % {"name": person.name})
    if Leaving.objects.visible_to(actor).filter(pk=leaving.pk).exists():
        refusal.url, refusal.about = leaving.get_absolute_url(), person.name
    return refusal


@transaction.atomic
def leaving_move(
    *, leaving_id: int, last_working_day: date, reason: LeavingReason, note: str, actor: User, now: datetime
) -> Leaving:
    """Another last working day or reason; every deadline moves with it, at the user IDs too."""
    person = person_locked(_person_of(leaving_id))
    found = Leaving.objects.get(pk=leaving_id)
    if not may(actor, RECORDERS, person.site):
        raise NotAllowed
    of_another(actor, person.pk)
    if not found.is_open:
        raise WrongState(_("This leaving is closed or was withdrawn."))
    if not note.strip():
        raise Invalid(_("Say why it changes."), field="note")
    lifecycle.person_leave(person_id=person.pk, last_working_day=last_working_day, reason=reason, actor=actor, now=now)
    found.refresh_from_db()
    sign(found, actor, note, now=now)
    found.save(update_fields=["status"])
    return found


@transaction.atomic
def leaving_withdraw(*, leaving_id: int, note: str, actor: User, now: datetime) -> Leaving:
    """The person stays: what was asked for because of the leaving is cancelled, here and in every module."""
    person = person_locked(_person_of(leaving_id))
    with step(LEAVING, Leaving, leaving_id, "withdraw", actor=actor, now=now, note=note) as found:
        _duties_cancel(found, note, actor, now)
    lifecycle.person_stay(person_id=person.pk, note=note, actor=actor, now=now)
    return found


def _person_of(leaving_id: int) -> int:
    return Leaving.objects.values_list("employee_id", flat=True).get(pk=leaving_id)


# What the kernel's signals bring -------------------------------------------------------------------------------------


def leaving_follow(*, person: Person, previous: date | None, actor: Actor, now: datetime) -> Leaving:
    """A last working day was set or moved, wherever: open the person's leaving, or let the standing one say so too."""
    employees_take_up(people=[person], actor=actor, now=now, why=kept(gettext_noop("Leaving")))
    rows = Leaving.objects.select_for_update(of=("self",), no_key=True).filter(employee_id=person.pk)
    standing = rows.open().first()
    if standing is None and previous is not None:  # closed by now: its day is put right
        standing = rows.filter(status=LeavingStatus.CLOSED).order_by("-pk").first()
    if standing is None:
        return _open(person, actor, now)
    assert person.last_working_day is not None
    if (standing.last_working_day, standing.reason) != (person.last_working_day, person.leaving_reason):
        standing.last_working_day, standing.reason = person.last_working_day, person.leaving_reason
        sign(standing, actor, kept(gettext_noop("The last working day or the reason changed")), now=now)
        standing.save(update_fields=["last_working_day", "reason"])
        if standing.is_open:
            _duties_move(standing, person, actor, now)
    return standing


def _open(person: Person, actor: Actor, now: datetime) -> Leaving:
    assert person.last_working_day is not None
    made = Leaving(
        employee_id=person.pk, site=person.site, reason=person.leaving_reason, recorded_at=now,
        last_working_day=person.last_working_day, recorded_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip
    sign(made, actor, now=now)
    made.save()
    begin(LEAVING, made, actor=actor, now=now)
    clearance.items_open(leaving=made, actor=actor, now=now)
    for rule, due_at in dues(person, now):
        if rule != INTERVIEW or made.reason != LeavingReason.DEATH:
            _duty_open(made, person, rule, due_at, actor, now)
    return made


def dues(person: Person, now: datetime) -> list[tuple[str, datetime]]:
    """When the leaver's interview and clearance are due, by the policies of the site."""
    assert person.last_working_day is not None
    day, site = person.last_working_day, person.site
    days = [policy_value(key, at=now, site=site) for key in (INTERVIEW_DAYS, CLEARANCE_DAYS)]
    return [
        (INTERVIEW, interview_due(day, site.zone, days[0])), (CLEARANCE, clearance_due(day, site.zone, days[1])),
    ]  # fmt: skip


def _duty_open(found: Leaving, person: Person, rule: str, due_at: datetime, actor: Actor, now: datetime) -> None:
    obligations.obligation_open(
        rule=rule, subject=found, label=f"{person.name} ({person.number})", site=found.site,
        team=person.team_on(found.last_working_day), starts_at=min(now, due_at), due_at=due_at,
        late_cause=LATE_NOTICE, actor=actor, now=now,
    )  # fmt: skip


def _duties_move(found: Leaving, person: Person, actor: Actor, now: datetime) -> None:
    for rule, due_at in dues(person, now):
        if rule == INTERVIEW and found.reason == LeavingReason.DEATH:
            obligations.obligation_cancel(
                subject=found, rule=rule, reason=str(LeavingReason.DEATH.label), actor=actor, now=now
            )
            continue
        obligations.obligation_move(
            subject=found, rule=rule, starts_at=min(found.recorded_at, due_at), due_at=due_at,
            reason=kept(gettext_noop("The last working day or the reason changed")), late_cause=LATE_NOTICE,
            actor=actor, now=now,
        )  # fmt: skip


def _duties_cancel(found: Leaving, why: str, actor: Actor, now: datetime) -> None:
    for rule in (INTERVIEW, CLEARANCE):
        obligations.obligation_cancel(subject=found, rule=rule, reason=why, actor=actor, now=now)


def leaving_ends(*, person: Person, to: LeavingStatus, name: str, note: str, actor: Actor, now: datetime) -> None:
    """The leaving was withdrawn elsewhere, or the person came back while it was open: it ends here too.

    Not a step that a role makes, but what follows from one; the history says so all the same.
    """
    for found in Leaving.objects.open().select_for_update(of=("self",), no_key=True).filter(employee_id=person.pk):
        was, found.status = found.status, to
        found.closed_at = now if to == LeavingStatus.CLOSED else None
        sign(found, actor, note, now=now)
        found.save(update_fields=["status", "closed_at"])
        _duties_cancel(found, note, actor, now)
        WorkflowStep.objects.create(
            flow=LEAVING.key, subject=found, transition=name, from_state=was, to_state=found.status, at=now,
            actor=actor if isinstance(actor, User) else None, actor_label=str(actor)[:150], note=note,
        )  # fmt: skip
        record(
            actor=actor, action=f"{LEAVING.key}.{name}", subject=found, data={"from": was, "note": note}, now=now,
            site=found.site,
        )  # fmt: skip


# The steps -----------------------------------------------------------------------------------------------------


def interview_hold(
    *, leaving_id: int, held_on: date, companion: Person | None = None, alone_because: str = "", note: str = "",
    actor: User, now: datetime, **answers: Any,
) -> Leaving:  # fmt: skip
    """Keep what the leaver said; the duty ends with the day on which the interview was held.

    The superior accompanies it (MO 4.1.3): who that was, or why none did. Raises NotAllowed, WrongState, Invalid.
    """
    found = Leaving.objects.select_related("site").get(pk=leaving_id)
    today = local_day(now, found.site.zone)
    if held_on > today:
        raise Invalid(_("The date lies in the future."), field="held_on")
    if held_on < local_day(found.recorded_at, found.site.zone):
        raise Invalid(_("That lies before the leaving was recorded."), field="held_on")
    if answers.get("main_reason") not in MainReason.values:
        raise Invalid(_("Choose the main reason."), field="main_reason")
    alone_because = alone_because.strip()
    _accompanied(found, companion, alone_because, actor)
    with step(LEAVING, Leaving, leaving_id, "interview", actor=actor, now=now, note=note) as found:
        held = ExitInterview(
            leaving=found, held_on=held_on, interviewer=actor, companion=companion, alone_because=alone_because[:300],
            **answers,
        )  # fmt: skip
        sign(held, actor, now=now)
        held.save()
        at = now if held_on == today else min(now, interview_due(held_on, found.site.zone, 0))
        obligations.obligation_fulfil(
            subject=found, rule=INTERVIEW, at=at, evidence={"held_on": held_on.isoformat()}, actor=actor, now=now
        )
    return found


def _accompanied(found: Leaving, companion: Person | None, alone_because: str, actor: User) -> None:
    """MO 4.1.3: the superior accompanies the exit interview."""
    if companion is None:
        if not alone_because:
            raise Invalid(_("Say which superior was there, or why none was."), field="companion")
        return
    if alone_because:
        raise Invalid(_("A superior was there: leave the reason empty."), field="alone_because")
    if companion.pk == found.employee_id:
        raise Invalid(_("This is who leaves: choose the superior."), field="companion")
    if companion.pk == actor.person_id:
        raise Invalid(_("You hold the interview: choose who was there beside you."), field="companion")


def interview_waive(*, leaving_id: int, note: str, actor: User, now: datetime) -> Leaving:
    """No interview: the person died, does not come or refuses. Why is kept; the duty ends without counting."""
    with step(LEAVING, Leaving, leaving_id, "waive", actor=actor, now=now, note=note) as found:
        obligations.obligation_cancel(subject=found, rule=INTERVIEW, reason=note, actor=actor, now=now)
    return found


def leaving_clear(*, leaving_id: int, note: str = "", actor: User, now: datetime) -> Leaving:
    """Everything is handed back and done. Raises WrongState, naming what is still open."""
    with step(LEAVING, Leaving, leaving_id, "clear", actor=actor, now=now, note=note) as found:
        if why := clearance.hinders(found, "clear", now=now):
            raise WrongState(why)
    return found


def leaving_reopen(*, leaving_id: int, note: str, actor: User, now: datetime) -> Leaving:
    with step(LEAVING, Leaving, leaving_id, "reopen", actor=actor, now=now, note=note) as found:
        pass
    return found


def leaving_close(
    *, leaving_id: int, language: str = "id", note: str = "", actor: User, now: datetime
) -> tuple[Leaving, IssuedDocument]:
    """Close the file and issue exit interview and clearance as a document. Raises WrongState before the last day."""
    with step(LEAVING, Leaving, leaving_id, "close", actor=actor, now=now, note=note, also={"closed_at": now}) as found:
        if why := clearance.hinders(found, "close", now=now):
            raise WrongState(why)
        person = Person.objects.get(pk=found.employee_id)
        with translation.override(language):
            matters = [(str(one.label), settled.said) for one, settled in clearance.matters_of(person)]
        body = exit_body(found, language=language, waived=waived_because(found), matters=matters)
        document = document_issue(
            type=EXIT, site=found.site, subject=found, title=f"{EXIT.title}: {person.name}", data=body,
            language=language, actor=actor, now=now,
        )  # fmt: skip
    return found, document


def waived_because(found: Leaving) -> str:
    kind = ContentType.objects.get_for_model(Leaving)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk, transition="waive").order_by("-pk")
    made = steps.first()
    return made.note if made else ""


TRANSITIONS = {
    "interview": interview_hold,
    "waive": interview_waive,
    "clear": leaving_clear,
    "reopen": leaving_reopen,
    "close": leaving_close,
    "withdraw": leaving_withdraw,
}
