"""How who decides proves who they are: the password entered again, and a code where a second factor is set up.

Whoever comes in through the identity provider and has no password here proves it by the code alone.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.models import User
from occ.people.passwords import factor_needed, password_confirm, second_factor_of


@dataclass(frozen=True)
class Proof:
    """Made by `identity_prove` only: this user was there at that instant."""

    user_id: int
    second_factor: bool
    at: datetime


def identity_prove(*, user: User, password: str, code: str, reason: str, now: datetime) -> Proof:
    """Check the password, and the code of who has a second factor. Raises Invalid, TooManyAttempts.

    To be called before the caller's transaction begins: one that a refusal undoes would forget the attempt too.
    """
    factor = second_factor_of(user) if user.has_usable_password() else factor_needed(user)
    if factor is not None and not code.strip():
        raise Invalid(_("Enter the code that your device shows."), field="code")
    if user.has_usable_password():
        password_confirm(user=user, password=password, reason=reason, now=now)
    if factor is not None:
        factor.use(user, code, now)
    return Proof(user.pk, factor is not None, now)
