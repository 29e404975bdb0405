"""Who comes in by user name and password. Words and work are the same whether the name exists or not (KER-9)."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from occ.errors import Refused
from occ.ledger.services import record
from occ.people.actors import SystemActor
from occ.people.attempts import TooManyAttempts, attempt_begin, attempt_right, stranger_key, user_key
from occ.people.models import User
from occ.times import JAKARTA, local_day

DOOR = SystemActor("login")  # before somebody has shown who they are, nobody acts
REFUSED = "user.login_refused"
HALF_WAY = "occ_login_half_way"


class LoginRefused(Refused):
    """Says no more than that it did not fit, and, while locked, when to try again."""

    code = "login_refused"
    status = 422


def find(username: str) -> User | None:
    return User.objects.filter(username__iexact=username).select_related("person__site").first()


def may_log_in(user: User, *, now: datetime) -> bool:
    """Neither switched off nor, even before beat has noticed, past the last working day."""
    last = user.person.last_working_day if user.person else None
    return user.is_active and not (last and last < local_day(now, user.person.site.zone if user.person else JAKARTA))


def half_way(request: HttpRequest, user: User) -> None:
    """Between the password and the code: remember what the password was, so that a new one ends this log-in."""
    request.session[HALF_WAY] = user.get_session_auth_hash()


def stands(request: HttpRequest, user: User, *, now: datetime) -> bool:
    """Whether a log-in that waits for its code may still be finished: not once the user is off, gone, or changed."""
    begun = str(request.session.get(HALF_WAY, ""))
    return may_log_in(user, now=now) and constant_time_compare(begun, user.get_session_auth_hash())


def password_check(*, username: str, password: str, user: User | None, place: str, address: str, now: datetime) -> User:
    """The user, who may then have to show a second factor. `user` is what `find` found. Raises LoginRefused."""
    who = user_key(user) if user else stranger_key(username)
    try:
        attempt = attempt_begin(who=who, place=place, address=address, now=now)
    except TooManyAttempts as locked:
        refusal_record(user, username=username, reason="locked", address=address, now=now)
        words = _("The user name and the password do not fit.")
        raise LoginRefused(f"{words} {locked}") from locked
    if user is None:
        User().set_password(password)  # takes as long as checking one
    elif user.check_password(password):
        if may_log_in(user, now=now):
            attempt_right(attempt)
            return user
        refusal_record(user, username=username, reason="off", address=address, now=now)
        raise LoginRefused(_("The user name and the password do not fit."))
    refusal_record(user, username=username, reason="password", address=address, now=now)
    raise LoginRefused(_("The user name and the password do not fit."))


def refusal_record(user: User | None, *, username: str = "", reason: str, address: str, now: datetime) -> None:
    """Every refused log-in is evidence. A name that nobody has is kept as a digest: it may be somebody's password."""
    data = {"reason": reason, "address": address}
    if user is None and username:
        data["name"] = stranger_key(username)
    place = user.person.site if user and user.person else None
    record(actor=DOOR, action=REFUSED, subject=user, data=data, now=now, site=place)


def entry_record(user: User, *, methods: list[str], address: str, now: datetime) -> None:
    """Somebody is in; `methods` as they showed who they are (password, mfa, openid_connect)."""
    place = user.person.site if user.person else None
    data = {"methods": methods, "address": address}
    record(actor=user, action="user.logged_in", subject=user, data=data, now=now, site=place)
