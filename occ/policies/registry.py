"""Which policies exist: each number of the procedures by name, unit, source and the value it begins with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True)
class Definition:
    """`unit` is shown beside the value (hours, days, percent, offsets…); `valid` raises ValueError on nonsense."""

    key: str
    label: "str | Promise"
    unit: "str | Promise"
    clause: str
    default: Any
    valid: Callable[[Any], None]


DEFINITIONS: dict[str, Definition] = {}


def register(definition: Definition) -> Definition:
    if definition.key in DEFINITIONS:
        raise ValueError(f"policy {definition.key} is registered twice")
    definition.valid(definition.default)
    DEFINITIONS[definition.key] = definition
    return definition


def positive_number(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError("a number above 0 is needed")


def number_from_zero(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError("a number, 0 or above, is needed")
