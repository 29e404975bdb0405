"""How many wrong log-ins are let pass, and who needs a second factor (KER-9)."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.attempts import LIMITS, Limits
from occ.people.choices import Role
from occ.policies.registry import Definition, number, register
from occ.policies.services import policy_value

PLACE, NAME, ADDRESS = "login.place_attempts", "login.name_attempts", "login.address_attempts"
MINUTES = "login.locked_minutes"
SECOND_FACTOR = "login.second_factor_roles"
CLAUSE = "KER-9"
SETTERS = frozenset({Role.ADMINISTRATOR})  # whoever may lower the bar may pass under it


def roles(value: Any) -> None:
    if not isinstance(value, list) or len(set(map(str, value))) != len(value) or not set(value) <= set(Role.values):
        raise ValueError("a list of role codes is needed, each once")


for key, label, unit, default, valid in (
    (PLACE, _("Wrong log-ins for one name from one place"), _("attempts"), 5, number(2, 50)),
    (NAME, _("Wrong log-ins for one name from all strange places"), _("attempts"), 20, number(5, 1_000)),
    (ADDRESS, _("Wrong log-ins from one address"), _("attempts"), 100, number(5, 10_000)),
    (MINUTES, _("How long no further attempt is let pass then"), _("minutes"), 15, number(1, 1_440)),
):
    register(Definition(key, label, unit, CLAUSE, default, valid, everywhere=True, setters=SETTERS))
register(
    Definition(
        SECOND_FACTOR, _("Roles that need a second factor"), "", CLAUSE,
        [str(role) for role in (Role.COORDINATOR, Role.DOCUMENT_CONTROL, Role.IT, Role.MANAGER, Role.CLIENT)],
        roles, everywhere=True, choices=Role.choices, setters=SETTERS,
    )
)  # fmt: skip


def limits(now: datetime) -> Limits:
    place, name, address, minutes = (policy_value(key, at=now) for key in (PLACE, NAME, ADDRESS, MINUTES))
    return Limits(int(place), int(name), int(address), timedelta(minutes=minutes))


LIMITS[:] = [limits]
