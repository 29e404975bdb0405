"""How who decides proves who they are: the password entered again, and a code where a second factor is set up.

Second factors belong to log-in, which lies above: it registers itself here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.models import User
from occ.people.passwords import password_confirm


@dataclass(frozen=True)
class SecondFactor:
    """`has(user)`; `use(user, code, now)` uses up one code and raises Invalid or TooManyAttempts."""

    has: Callable[[User], bool]
    use: Callable[[User, str, datetime], object]


SECOND_FACTORS: list[SecondFactor] = []


@dataclass(frozen=True)
class Proof:
    """Made by `identity_prove` only: this user was there at that instant."""

    user_id: int
    second_factor: bool
    at: datetime


def second_factor_of(user: User) -> SecondFactor | None:
    return next((one for one in SECOND_FACTORS if one.has(user)), None)


def identity_prove(*, user: User, password: str, code: str, reason: str, now: datetime) -> Proof:
    """Check the password, and the code of who has a second factor. Raises Invalid, TooManyAttempts.

    To be called before the caller's transaction begins: one that a refusal undoes would forget the attempt too.
    """
    factor = second_factor_of(user)
    if factor is not None and not code.strip():
        raise Invalid(_("Enter the code that your device shows."), field="code")
    password_confirm(user=user, password=password, reason=reason, now=now)
    if factor is not None:
        factor.use(user, code, now)
    return Proof(user.pk, factor is not None, now)
