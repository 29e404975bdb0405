"""The second factor, for those below who ask for it before an approval or a signature (occ.people.passwords)."""

from datetime import datetime

from occ.login.services.second_factor import code_check, factor_of
from occ.people.models import User
from occ.people.passwords import SECOND_FACTORS, SecondFactor


def has(user: User) -> bool:
    return factor_of(user) is not None


def use(user: User, code: str, now: datetime) -> object:
    return code_check(user=user, code=code, address="", now=now)


SECOND_FACTORS.append(SecondFactor(has, use))
