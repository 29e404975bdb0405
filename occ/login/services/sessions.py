"""Ending sessions."""

from datetime import datetime

from django.db import transaction
from django.http import Http404

from occ.ledger.services import record
from occ.login.models import Session
from occ.people.actors import Actor
from occ.people.models import User


@transaction.atomic
def sessions_end(*, user: User, but: str | None = None, why: str, actor: Actor, now: datetime) -> int:
    """End the user's sessions, all but that with the key `but`; how many."""
    rows = Session.objects.filter(user=user)
    count = rows.exclude(session_key=but).delete()[0] if but else rows.delete()[0]
    if count:
        record(actor=actor, action="user.sessions_ended", subject=user, data={"why": why, "count": count}, now=now)
    return count


@transaction.atomic
def session_end(*, handle: str, actor: User, now: datetime) -> str:
    """End one of the actor's own; returns its key. Raises Http404."""
    row = next((one for one in Session.objects.visible_to(actor) if one.handle == handle), None)
    if row is None:
        raise Http404
    key = str(row.session_key)
    row.delete()
    record(actor=actor, action="user.sessions_ended", subject=actor, data={"why": "own", "count": 1}, now=now)
    return key
