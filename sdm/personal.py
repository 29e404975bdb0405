"""Who reads what of a person (SDM-1), and how a national ID number is checked, marked and masked."""

import hashlib
import hmac
import re
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role

HR = frozenset({Role.HR_RECRUITMENT, Role.HR_TRAINING, Role.HR_RELATIONS, Role.HR_PAYROLL})
# Who keeps people's records; transfers are the operation's to decide as well.
KEEPERS = frozenset({Role.HR_RECRUITMENT, Role.HR_RELATIONS})
MOVERS = KEEPERS | {Role.COORDINATOR}
PERSONAL_READERS = HR | {Role.AUDITOR}
NIK_READERS = frozenset({Role.HR_RECRUITMENT, Role.HR_RELATIONS, Role.HR_PAYROLL})
# Who reads a letter of resignation: those who take it, and who answers for them. It may tell of illness or quarrel.
LETTER_READERS = frozenset(
    {*KEEPERS, Role.SUPPORT, Role.COORDINATOR, Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.HR_PAYROLL}
)
CONTRACT_READERS = PERSONAL_READERS | {Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER}
# What people earn: who pays it and who writes it into contracts.
WAGE_READERS = frozenset({Role.HR_PAYROLL, Role.HR_RELATIONS})
COMPENSATION_READERS = WAGE_READERS | {Role.AUDITOR}
# Signed contracts and what shows their registration.
CONTRACT_FILE_READERS = frozenset({Role.HR_RELATIONS, Role.HR_PAYROLL, Role.AUDITOR})
# Who reads that somebody of a site is away; why, and the doctor's note, only HR, who leads the person, and the person.
ABSENCE_READERS = frozenset(
    {
        Role.COORDINATOR, Role.WFM, Role.RTFM, Role.MANAGER, Role.HEAD_MANAGER, Role.HR_RELATIONS, Role.HR_PAYROLL,
        Role.AUDITOR,
    }
)  # fmt: skip
ABSENCE_LEADERS = frozenset({Role.TEAM_LEADER})
NOTE_READERS = frozenset({Role.HR_RELATIONS, Role.HR_PAYROLL})
INTERVIEW_READERS = frozenset({Role.HR_RELATIONS, Role.MANAGER, Role.HEAD_MANAGER, Role.AUDITOR})
DIGITS = 16
SHOWN = 4


def may(actor: Actor, roles: frozenset[Role], site: Site) -> bool:
    return isinstance(actor, SystemActor) or has_role(actor, roles, site=site)


def is_self(user: User, person_id: int) -> bool:
    return user.person_id is not None and user.person_id == person_id


def of_another(actor: Actor, person_id: int) -> None:
    """Raises NotAllowed where it is about the actor: nobody moves, extends or ends what they live by themselves."""
    if isinstance(actor, User) and is_self(actor, person_id):
        raise NotAllowed(_("It is about you: somebody else has to do this step."))


def reads_personal(user: User, person_id: int, site: Site) -> bool:
    """Birth date, phone and the masked NIK."""
    return is_self(user, person_id) or has_role(user, PERSONAL_READERS, site=site)


def reads_nik(user: User, person_id: int, site: Site) -> bool:
    """The whole NIK, on demand; each reading is in the ledger."""
    return is_self(user, person_id) or has_role(user, NIK_READERS, site=site)


def reads_letters(user: User, person_id: int, site: Site) -> bool:
    return is_self(user, person_id) or has_role(user, LETTER_READERS, site=site)


def reads_contracts(user: User, person_id: int, site: Site) -> bool:
    return is_self(user, person_id) or has_role(user, CONTRACT_READERS, site=site)


def reads_interview(user: User, person_id: int, site: Site) -> bool:
    return is_self(user, person_id) or has_role(user, INTERVIEW_READERS, site=site)


def nik_clean(text: str) -> str:
    """The sixteen digits, or "" for none. Raises Invalid. Blanks, dots and hyphens between them do no harm."""
    digits = re.sub(r"[\s.\-]", "", text)
    if digits and not (len(digits) == DIGITS and digits.isascii() and digits.isdecimal()):
        raise Invalid(_("A national ID number (NIK) has 16 digits."), field="nik", code="nik")
    return digits


def nik_mark(nik: str) -> str | None:
    """The same for the same number, and nothing that leads back to it without the installation's key."""
    if not nik:
        return None
    key = hashlib.sha256(b"occ.nik" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, nik.encode(), hashlib.sha256).hexdigest()


def masked(nik: str | None) -> str:
    return "•" * (DIGITS - SHOWN) + nik[-SHOWN:] if nik else ""


def birth_clean(born: date | None, joined_on: date) -> None:
    """Raises Invalid when nobody can have been taken on then: born later, or a child, or beyond a hundred years."""
    if born is not None and not 15 <= joined_on.year - born.year <= 100:
        raise Invalid(_("This date of birth does not fit the day of joining."), field="birth_date")
