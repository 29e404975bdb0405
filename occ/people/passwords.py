"""The password entered again by somebody who is logged in.

Wrong ones are kept in the ledger and stop further attempts for a while, wherever they are made: an open session is not
a way to find the password. They count towards the log-in's limits as well (occ.people.attempts).
"""

from datetime import datetime

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.ledger.services import record
from occ.people.attempts import INSIDE, TooManyAttempts, attempt_begin, attempt_right, user_key
from occ.people.models import User

REFUSED = "user.password_refused"

__all__ = ["REFUSED", "TooManyAttempts", "password_confirm"]


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
