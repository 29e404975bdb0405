"""Who reads what of a candidate, and how a number is marked and masked (UU 27/2022; SDM-3)."""

import hashlib
import hmac
import re

from django.conf import settings
from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role
from sdm.personal import HR

OPERATION = frozenset({Role.COORDINATOR, Role.MANAGER})
REQUEST_READERS = HR | OPERATION | {Role.HEAD_MANAGER, Role.AUDITOR, Role.QMR}
# Names and what is checked; identifiers only for HR, the whole national ID number only on demand and into the ledger.
CANDIDATE_READERS = HR | OPERATION | {Role.HEAD_MANAGER, Role.AUDITOR}
CONTACT_READERS = frozenset({Role.HR_RECRUITMENT, Role.HR_TRAINING, Role.HR_RELATIONS})
ID_READERS = frozenset({Role.HR_RECRUITMENT, Role.HR_RELATIONS})
SHOWN = 3


def reads_contact(user: User, site: Site) -> bool:
    return has_role(user, CONTACT_READERS, site=site)


def reads_id(user: User, site: Site) -> bool:
    return has_role(user, ID_READERS, site=site)


def phone_clean(text: str) -> str:
    """Digits only, as they are dialled in Indonesia: +62 812 … and 0812 … are one number. Raises Invalid."""
    if not text.strip():
        return ""
    if len(text) > 30 or any(c not in "+0123456789 ()-./" for c in text):
        raise Invalid(_("A phone number has digits, blanks and + ( ) - . /, at most 30."), field="phone")
    digits = re.sub(r"\D", "", text)
    if digits.startswith("62"):
        digits = "0" + digits[2:]
    if not 8 <= len(digits) <= 15:
        raise Invalid(_("A phone number has 8 to 15 digits."), field="phone")
    return digits


def phone_mark(phone: str) -> str | None:
    """The same for the same number; nothing leads back to it without the installation's key."""
    if not phone:
        return None
    key = hashlib.sha256(b"occ.candidate.phone" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, phone.encode(), hashlib.sha256).hexdigest()


def masked_phone(phone: str) -> str:
    return "•" * max(0, len(phone) - SHOWN) + phone[-SHOWN:] if phone else ""


def masked_email(email: str) -> str:
    name, _at, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}" if email else ""
