"""A leave is approved, refused, confirmed against the roster, cancelled or annulled (SDM-9)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.documents.attachments import attachments_of
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.actors import Actor
from occ.people.lifecycle import person_locked
from occ.people.models import User
from occ.policies.services import policy_value
from occ.times import local_day
from occ.workflow.services import step
from sdm.absence import notices
from sdm.absence.choices import LeaveStatus
from sdm.absence.deadlines import decision_due
from sdm.absence.policies import (
    CONFIRM,
    CONFIRM_DAYS,
    DECIDE,
    kinds_on,
)
from sdm.absence.workflow import LEAVE
from sdm.models import LeaveRequest
from sdm.services.absence.counting import days_fit
from sdm.services.absence.owing import OUTCOMES, changed, done, ended, owe, tell
from sdm.services.absence.rights import decided_above, may_act_for, may_decide


def _locked(leave_id: int) -> LeaveRequest:
    """The leave, after the person's lock."""
    person_locked(LeaveRequest.objects.values_list("employee_id", flat=True).get(pk=leave_id))
    return LeaveRequest.objects.select_related("site", "employee__person").get(pk=leave_id)


@transaction.atomic
def leave_approve(*, leave_id: int, note: str = "", actor: User, now: datetime) -> LeaveRequest:
    """The team leader agrees; WFM is asked to confirm it against the roster.

    Raises NotAllowed (one's own, another team's), Invalid (decided above the contact center, and by whom is not
    said), WrongState (a proof is missing).
    """
    found = _locked(leave_id)
    if not may_decide(actor, found):
        raise NotAllowed
    if not note.strip() and decided_above(found):
        raise Invalid(_("Say who decided it: nobody here stands above this person."), field="note", code="decided_by")
    if found.proof and found.status == LeaveStatus.REQUESTED and not attachments_of(found).exists():
        raise WrongState(_("The proof for this absence has not been brought yet."), code="proof_missing")
    due_at = decision_due(now, found.starts_on, found.site.zone, policy_value(CONFIRM_DAYS, at=now, site=found.site))
    also = {"decided_at": now, "decided_by": actor, "due_at": due_at}
    with step(LEAVE, LeaveRequest, leave_id, "approve", actor=actor, now=now, note=note, also=also) as leave:
        done(leave, DECIDE, actor, now)
        owe(leave, CONFIRM, due_at, actor, now)
        changed(leave, now)
        return leave


@transaction.atomic
def leave_refuse(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """Not now, or not at all, and why. Raises as `leave_approve`, and Invalid (no reason)."""
    found = _locked(leave_id)
    if not may_decide(actor, found):
        raise NotAllowed
    also = {"decided_at": now, "decided_by": actor, "due_at": None}
    with step(LEAVE, LeaveRequest, leave_id, "refuse", actor=actor, now=now, note=note, also=also) as leave:
        done(leave, DECIDE, actor, now)
        ended(leave, "refused", note, actor, now)
        return leave


@transaction.atomic
def leave_confirm(*, leave_id: int, note: str = "", actor: User, now: datetime) -> LeaveRequest:
    """WFM: the roster goes without this person. The days that count are counted anew, by the roster as it is now.

    Raises Invalid where they are more than the kind or the balance allows by now.
    """
    found = _locked(leave_id)
    if found.status == LeaveStatus.APPROVED and LEAVE.find("confirm").open_to(actor, found.site):
        kind = kinds_on(found.starts_on).get(found.kind)
        person = found.person
        if kind is not None:
            found.days = days_fit(person, kind, found.starts_on, found.ends_on, now, without=found.pk)
    also = {"confirmed_at": now, "confirmed_by": actor, "due_at": None, "days": found.days}
    with step(LEAVE, LeaveRequest, leave_id, "confirm", actor=actor, now=now, note=note, also=also) as leave:
        done(leave, CONFIRM, actor, now)
        tell(leave, notices.DECIDED.key, {"msg_outcome": OUTCOMES["confirmed"], "note": note}, actor, now)
        changed(leave, now)
        return leave


@transaction.atomic
def leave_reject(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """WFM: too many are away, or the roster cannot do without this person."""
    _locked(leave_id)
    with step(LEAVE, LeaveRequest, leave_id, "reject", actor=actor, now=now, note=note, also={"due_at": None}) as leave:
        done(leave, CONFIRM, actor, now)
        ended(leave, "refused", note, actor, now)
        return leave


@transaction.atomic
def leave_cancel(*, leave_id: int, note: str, actor: Actor, now: datetime) -> LeaveRequest:
    """It is not wanted any more, before its first day; one that nobody approved, at any time.

    Raises NotAllowed (somebody else's), WrongState (it has begun: then HR says that it was not taken).
    """
    found = _locked(leave_id)
    if isinstance(actor, User) and not may_act_for(actor, found.employee_id, found.site):
        raise NotAllowed
    begun = found.starts_on <= local_day(now, found.site.zone)
    if isinstance(actor, User) and begun and found.status in {LeaveStatus.APPROVED, LeaveStatus.CONFIRMED}:
        raise WrongState(_("It has begun. HR records that it was not taken after all."), code="begun")
    with step(LEAVE, LeaveRequest, leave_id, "cancel", actor=actor, now=now, note=note, also={"due_at": None}) as leave:
        ended(leave, "cancelled", note, actor, now)
        return leave


@transaction.atomic
def leave_annul(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """HR: the person worked after all. The days come back into the balance, on the days on which they were used."""
    _locked(leave_id)
    with step(LEAVE, LeaveRequest, leave_id, "annul", actor=actor, now=now, note=note) as leave:
        ended(leave, "cancelled", note, actor, now)
        return leave
