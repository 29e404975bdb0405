"""Which policies exist: each number of the procedures by name, unit, source and the value it begins with."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

from occ.people.choices import Role
from occ.policies.lengths import unit_of, worded

SETTERS: frozenset[str] = frozenset({Role.COORDINATOR, Role.MANAGER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Column:
    """What each row of a policy says that is a list of rows: words up to `longest`, one of `choices`, or a number; of
    a length in `unit` (occ.policies.lengths)."""

    name: str
    label: "str | Promise"
    longest: int = 0
    choices: Sequence[tuple[str, "str | Promise"]] = ()
    unit: str = ""

    def shown(self, value: Any) -> str:
        """As a reader sees it; words that the procedure brought along are translated."""
        if self.choices:
            return str(dict(self.choices).get(value, value))
        if self.unit:
            return worded(value, self.unit)
        return gettext(value) if self.longest else f"{value:g}"


@dataclass(frozen=True)
class Definition:
    """`unit` is shown beside the value (hours, days, percent, offsets…); `valid` raises ValueError on nonsense.

    `everywhere`: it holds for all sites, and none has its own. `choices`: the value is a list of some of these codes.
    `columns`: it is a list of rows, each with a `key` of its own and these columns. `setters`: who may change it.
    """

    key: str
    label: "str | Promise"
    unit: "str | Promise"
    clause: str
    default: Any
    valid: Callable[[Any], None]
    everywhere: bool = False
    choices: Sequence[tuple[str, "str | Promise"]] = ()
    columns: Sequence[Column] = ()
    setters: Collection[str] = SETTERS

    @property
    def length(self) -> str:
        """The unit of a length of time, "" where the value is none."""
        return "" if self.choices or self.columns else unit_of(self.unit)


DEFINITIONS: dict[str, Definition] = {}


def register(definition: Definition) -> Definition:
    if definition.key in DEFINITIONS:
        raise ValueError(f"policy {definition.key} is registered twice")
    definition.valid(definition.default)
    DEFINITIONS[definition.key] = definition
    return definition


def number(least: float, most: float) -> Callable[[Any], None]:
    """A validator: a number between these, both included. The upper bound keeps a slip from stopping a process."""

    def valid(value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(gettext("a number from %(least)s to %(most)s is needed") % {"least": least, "most": most})

    return valid
