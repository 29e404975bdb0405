"""The password entered again by somebody who is logged in.

Wrong ones are kept in the ledger and stop further attempts for a while, wherever they are made: an open session is not
a way to find the password.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from occ.errors import Invalid, Refused
from occ.ledger.models import Entry
from occ.ledger.services import record
from occ.people.models import User

ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
REFUSED = "user.password_refused"


class TooManyAttempts(Refused):
    code = "too_many_attempts"
    status = 429


def password_confirm(*, user: User, password: str, reason: str, now: datetime) -> None:
    """Returns when it is the user's password. Raises Invalid, TooManyAttempts. `reason` is kept with a wrong one."""
    wrong = Entry.objects.filter(
        subject_type=user._meta.label_lower, subject_id=str(user.pk), action=REFUSED, at__gt=now - WINDOW
    ).count()
    if wrong >= ATTEMPTS:
        raise TooManyAttempts(_("Too many wrong passwords. Try again in 15 minutes."), field="password")
    if not user.check_password(password):
        record(actor=user, action=REFUSED, subject=user, data={"reason": reason}, now=now)
        raise Invalid(_("This is not your password."), field="password")
