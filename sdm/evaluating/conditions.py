"""What an incentive scheme may make payment depend on, beside the score: other areas register what they know.

A condition measures one person over the days of a month and tells a number, or None where it cannot be told. The scheme
says the bound. Discipline registers its warning letters here; nothing of it is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise

from occ.people.models import Person


@dataclass(frozen=True)
class Condition:
    """`measure(person, first, last)`: both days included. `more`: met from the scheme's value on, else up to it."""

    key: str
    label: str | Promise
    unit: str
    measure: Callable[[Person, date, date], Decimal | None]
    more: bool


CONDITIONS: dict[str, Condition] = {}


def register(condition: Condition) -> Condition:
    if condition.key in CONDITIONS:
        raise ValueError(f"condition {condition.key} is registered twice")
    CONDITIONS[condition.key] = condition
    return condition


def measured(person: Person, first: date, last: date) -> dict[str, Decimal | None]:
    """Of all that are registered: kept with the result, so that another scheme can be tried on it."""
    return {key: one.measure(person, first, last) for key, one in CONDITIONS.items()}


def more() -> dict[str, bool]:
    return {key: one.more for key, one in CONDITIONS.items()}
