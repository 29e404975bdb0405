"""The password entered again by somebody who is logged in; by whoever has none here, a code of their second factor.

Wrong ones are kept in the ledger and stop further attempts for a while, wherever they are made: an open session is not
a way to find the password. They count towards the log-in's limits as well (occ.people.attempts).

Second factors belong to log-in, which lies above: it registers itself here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from occ.errors import Invalid, Refused
from occ.ledger.services import record
from occ.people.attempts import INSIDE, TooManyAttempts, attempt_begin, attempt_right, user_key
from occ.people.models import User

REFUSED = "user.password_refused"

__all__ = [
    "REFUSED", "SECOND_FACTORS", "SecondFactor", "TooManyAttempts", "factor_needed", "password_confirm",
    "presence_confirm", "second_factor_of",
]  # fmt: skip


@dataclass(frozen=True)
class SecondFactor:
    """`has(user)`; `use(user, code, now)` uses up one code and raises Invalid or TooManyAttempts."""

    has: Callable[[User], bool]
    use: Callable[[User, str, datetime], object]


SECOND_FACTORS: list[SecondFactor] = []


def second_factor_of(user: User) -> SecondFactor | None:
    return next((one for one in SECOND_FACTORS if one.has(user)), None)


def factor_needed(user: User) -> SecondFactor:
    """The second factor of who comes in through the identity provider and has no password. Raises Invalid."""
    factor = second_factor_of(user)
    if factor is None:
        raise Invalid(_("You have no password here. Set up a second factor: its code is asked for instead."))
    return factor


def presence_confirm(*, user: User, password: str, reason: str, now: datetime) -> None:
    """Returns when it is the user's password, or of who has none, a code of their second factor, used up by it.

    Raises Invalid, TooManyAttempts. To be called before the caller's transaction begins, as `password_confirm`.
    """
    if user.has_usable_password():
        password_confirm(user=user, password=password, reason=reason, now=now)
        return
    try:
        factor_needed(user).use(user, password, now)
    except Refused as refusal:
        refusal.field = "password"
        raise


def password_confirm(*, user: User, password: str, reason: str, now: datetime) -> None:
    """Returns when it is the user's password. Raises Invalid, TooManyAttempts. `reason` is kept with a wrong one.

    To be called before the caller's transaction begins: one that a refusal undoes would forget the attempt too.
    """
    try:
        attempt = attempt_begin(who=user_key(user), place=INSIDE, address="", now=now)
    except TooManyAttempts as refusal:
        refusal.field = "password"
        raise
    if not user.check_password(password):
        record(actor=user, action=REFUSED, subject=user, data={"reason": reason}, now=now)
        raise Invalid(_("This is not your password."), field="password")
    attempt_right(attempt)
