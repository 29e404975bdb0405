"""What a leave makes somebody owe, and who is told of it: the person, rosters and attendance (SDM-9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from occ.notifications.services import notify
from occ.obligations import services as obligations
from occ.people import hindrances
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import User
from occ.times import local_day
from sdm.absence import notices
from sdm.absence.policies import (
    CONFIRM,
    DECIDE,
    NOTE,
)
from sdm.models import LeaveRequest
from sdm.ranks import decider

OUTCOMES = {
    "confirmed": gettext_noop("confirmed"),
    "refused": gettext_noop("refused"),
    "cancelled": gettext_noop("cancelled"),
}


def owe(leave: LeaveRequest, rule: str, due_at: datetime, actor: Actor, now: datetime) -> None:
    """Of whom no team leader leads, whoever does owes the decision, and HR sees to the proof."""
    person, day = leave.person, local_day(now, leave.site.zone)
    owner = "" if rule == CONFIRM else decider(person, day)
    if owner == Role.TEAM_LEADER:
        owner = ""
    elif owner and rule == NOTE:
        owner = Role.HR_RELATIONS
    obligations.obligation_open(
        rule=rule, subject=leave, label=f"{person.name} ({person.number})", site=leave.site, team=person.team_on(day),
        starts_at=min(now, due_at), due_at=due_at, owner_role=owner, actor=actor, now=now,
    )  # fmt: skip


def done(leave: LeaveRequest, rule: str, actor: Actor, now: datetime) -> None:
    evidence = {"leave": leave.pk, "outcome": leave.status}
    obligations.obligation_fulfil(subject=leave, rule=rule, at=now, evidence=evidence, actor=actor, now=now)


def ended(leave: LeaveRequest, outcome: str, note: str, actor: Actor, now: datetime) -> None:
    """It does not come about: nothing is owed for it any more, and the person is told."""
    for rule in (DECIDE, CONFIRM, NOTE):
        obligations.obligation_cancel(subject=leave, rule=rule, reason=outcome, actor=actor, now=now)
    tell(leave, notices.DECIDED.key, {"msg_outcome": OUTCOMES[outcome], "note": note}, actor, now)
    changed(leave, now)


def changed(leave: LeaveRequest, now: datetime) -> None:
    """Who is hindered on these days is another matter now: rosters and attendance may ask anew."""
    first, last = leave.starts_on, leave.ends_on
    hindrances.changed.send(LeaveRequest, person_id=leave.employee_id, first=first, last=last, now=now)


def tell(leave: LeaveRequest, kind: str, params: dict[str, Any], actor: Actor, now: datetime) -> None:
    """The person, if there is a log-in and it was not they who did it."""
    user = User.objects.filter(person_id=leave.employee_id, is_active=True).first()
    if user is None or user == actor:
        return
    who = {"who": str(actor)} if isinstance(actor, User) else {"msg_who": gettext_noop("System")}
    params = who | {"first": leave.starts_on.isoformat(), "last": leave.ends_on.isoformat()} | params
    key = f"{kind}:{leave.pk}:{leave.status}"
    notify(to=[user], kind=kind, params=params, key=key, url=leave.get_absolute_url(), now=now)
