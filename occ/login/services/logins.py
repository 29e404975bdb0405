"""What an administrator does to somebody's log-in, and what leaving does to it."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.login.services.second_factor import code_key
from occ.login.services.sessions import sessions_end
from occ.people.actors import Actor
from occ.people.attempts import attempts_forget, user_key
from occ.people.models import User


@transaction.atomic
def lockout_lift(*, user: User, actor: Actor, now: datetime) -> int:
    """Let the user try again at once; how many attempts are forgotten."""
    count = attempts_forget(who=[user_key(user), code_key(user)])
    place = user.person.site if user.person else None
    record(actor=actor, action="user.lockout_lifted", subject=user, data={"attempts": count}, now=now, site=place)
    return count


@transaction.atomic
def login_switch(*, user: User, on: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Switch a log-in off, which ends its sessions, or on. Raises NotAllowed for one's own, Invalid, WrongState."""
    if user == actor:
        raise NotAllowed(_("Another administrator does this to your log-in."))
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    if on and user.person and user.person.left_announced:
        raise WrongState(_("%(name)s has left. Withdraw the leaving first.") % {"name": user.person.name})
    if not User.objects.filter(pk=user.pk, is_active=not on).update(is_active=on):
        raise WrongState(_("It is so already."))
    user.is_active = on
    place = user.person.site if user.person else None
    action = "user.switched_on" if on else "user.switched_off"
    record(actor=actor, action=action, subject=user, data={"reason": reason}, now=now, site=place)
    if not on:
        sessions_end(user=user, why="switched_off", actor=actor, now=now)


@transaction.atomic
def login_end(*, user: User, actor: Actor, now: datetime) -> None:
    """The person has left: the log-in is off and its sessions are over, in the transaction that says so."""
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        place = user.person.site if user.person else None
        record(actor=actor, action="user.switched_off", subject=user, data={"reason": "left"}, now=now, site=place)
    sessions_end(user=user, why="left", actor=actor, now=now)


@transaction.atomic
def password_change(*, user: User, new: str, session_key: str | None, now: datetime) -> None:
    """A new password; the other sessions end. The old one was asked for already. Raises Invalid."""
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="new_password1") from error
    user.set_password(new)
    user.save(update_fields=["password"])
    record(actor=user, action="user.password_changed", subject=user, data={}, now=now)
    sessions_end(user=user, but=session_key, why="password_changed", actor=user, now=now)
