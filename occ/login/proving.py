"""The second factor, for those below who ask for it before an approval (occ.approvals.proving)."""

from datetime import datetime

from occ.approvals.proving import SECOND_FACTORS, SecondFactor
from occ.login.services.second_factor import code_check, factor_of
from occ.people.models import User


def has(user: User) -> bool:
    return factor_of(user) is not None


def use(user: User, code: str, now: datetime) -> object:
    return code_check(user=user, code=code, address="", now=now)


SECOND_FACTORS.append(SecondFactor(has, use))
