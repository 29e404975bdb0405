"""A leave is asked for, or taken up from elsewhere; its proof is brought (SDM-9)."""

from __future__ import annotations

from datetime import date, datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from occ.documents.attachments import attachment_add
from occ.documents.models import Attachment
from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import in_reach, local_day
from occ.workflow.services import begin
from sdm.absence import notices
from sdm.absence.choices import LONGEST, Group, LeaveStatus
from sdm.absence.deadlines import decision_due, note_due
from sdm.absence.policies import (
    DECIDE,
    DECIDE_DAYS,
    NOTE,
    NOTE_DAYS,
    Kind,
    kinds_on,
)
from sdm.absence.workflow import LEAVE
from sdm.models import LeaveRequest
from sdm.personal import is_self
from sdm.services.absence.counting import counted, dates_fit, days_fit, nothing_else
from sdm.services.absence.owing import changed, owe, tell
from sdm.services.absence.rights import may_act_for
from sdm.services.employees import employees_take_up

REASON = 500
PROOF = ("pdf", "png", "jpg")
TAKERS_UP = frozenset({Role.HR_RELATIONS})


@transaction.atomic
def leave_ask(
    *, person_id: int, kind: str, starts_on: date, ends_on: date, reason: str = "", file: File[bytes] | None = None,
    actor: User, now: datetime,
) -> LeaveRequest:  # fmt: skip
    """Ask for leave, or tell of an absence, for oneself or on behalf of somebody.

    Raises NotAllowed, Invalid (days, kind, balance, too late, somebody is away already), FileRefused.
    """
    person = person_locked(person_id)
    if not may_act_for(actor, person_id, person.site):
        raise NotAllowed
    found = _kind(kind, starts_on)
    faults, reason = Faults(), " ".join(reason.split())
    if len(reason) > REASON:
        faults.add(_("This is longer than %(n)s characters.") % {"n": REASON}, field="reason")
    if found.group in (Group.PERMISSION, Group.UNPAID) and not reason:
        faults.add(_("Say why."), field="reason")
    days: list[date] = []
    with faults.of():
        dates_fit(person, found, starts_on, ends_on, actor, now)
        with faults.of():
            days = days_fit(person, found, starts_on, ends_on, now)
        nothing_else(person_id, starts_on, ends_on)
    faults.tell()
    employees_take_up(people=[person], actor=actor, now=now)
    site = person.site
    due_at = decision_due(now, starts_on, site.zone, policy_value(DECIDE_DAYS, at=now, site=site))
    made = LeaveRequest(
        employee_id=person_id, site=site, kind=found.key, label=found.label, group=found.group, paid=found.paid,
        proof=found.proof, starts_on=starts_on, ends_on=ends_on, days=days, reason=reason, asked_at=now,
        asked_by=actor, due_at=due_at,
    )  # fmt: skip
    sign(made, actor, "asked", now=now)
    made.save()
    begin(LEAVE, made, actor=actor, now=now)
    if file is not None:
        attachment_add(file=file, subject=made, actor=actor, now=now, purpose="proof", allowed=PROOF)
    elif found.proof:
        owe(made, NOTE, note_due(now, starts_on, site.zone, policy_value(NOTE_DAYS, at=now, site=site)), actor, now)
    owe(made, DECIDE, due_at, actor, now)
    if not is_self(actor, person_id):
        tell(made, notices.RECORDED.key, {"who": str(actor)}, actor, now)
    return made


@transaction.atomic
def leave_take_up(
    *, person_id: int, kind: str, starts_on: date, ends_on: date, reason: str = "", actor: User, now: datetime
) -> LeaveRequest:
    """HR: a leave that is over, as it is known from elsewhere. It was taken, and uses up the balance, covered or not.

    Raises NotAllowed, Invalid (days, kind, it is not over, somebody is away already).
    """
    person = person_locked(person_id)
    if not has_role(actor, TAKERS_UP, site=person.site):
        raise NotAllowed
    if is_self(actor, person_id):
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    found = _kind(kind, starts_on)
    if not in_reach(ends_on) or not starts_on <= ends_on < starts_on + LONGEST:
        raise Invalid(_("The leave would end before it begins."), field="ends_on", code="order")
    if ends_on >= local_day(now, person.site.zone):
        raise Invalid(_("It is not over yet: ask for it."), field="ends_on", code="not_over")
    if person.last_working_day is not None and ends_on > person.last_working_day:
        words = _("%(name)s does not work here on all of these days.")
        raise Invalid(words % {"name": person.name}, field="starts_on", code="not_employed")
    days = counted(person, found, starts_on, ends_on, now)
    if not days:
        words = _("None of these days is a working day: nothing need be asked for.")
        raise Invalid(words, field="ends_on", code="no_working_day")
    nothing_else(person_id, starts_on, ends_on)
    employees_take_up(people=[person], actor=actor, now=now)
    made = LeaveRequest(
        employee_id=person_id, site=person.site, kind=found.key, label=found.label, group=found.group, paid=found.paid,
        proof=found.proof, starts_on=starts_on, ends_on=ends_on, days=days, reason=" ".join(reason.split())[:REASON],
        status=LeaveStatus.TAKEN, asked_at=now, asked_by=actor, decided_at=now, decided_by=actor, confirmed_at=now,
        confirmed_by=actor,
    )  # fmt: skip
    sign(made, actor, "taken up", now=now)
    made.save()
    begin(LEAVE, made, actor=actor, now=now, note=_("Known from elsewhere"))
    changed(made, now)
    return made


def _kind(key: str, day: date) -> Kind:
    if not in_reach(day):
        raise Invalid(_("The date is not possible."), field="starts_on")
    found = kinds_on(day).get(key)
    if found is None:
        raise Invalid(_("There is no such kind of leave on that day."), field="kind", code="unknown")
    return found


@transaction.atomic
def proof_add(*, leave_id: int, file: File[bytes], actor: User, now: datetime) -> Attachment:
    """A doctor's note or other proof, brought before or after it is decided. Raises FileRefused, WrongState."""
    leave = LeaveRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=leave_id)
    if not may_act_for(actor, leave.employee_id, leave.site):
        raise NotAllowed
    if not leave.is_alive:
        raise WrongState(_("This leave was refused or cancelled."))
    made = attachment_add(file=file, subject=leave, actor=actor, now=now, purpose="proof", allowed=PROOF)
    evidence = {"attachment": str(made.pk)}
    obligations.obligation_fulfil(subject=leave, rule=NOTE, at=now, evidence=evidence, actor=actor, now=now)
    return made
