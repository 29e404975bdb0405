"""What modules above know of a person and `sdm` shows or waits for: they register it here and are not imported.

A panel is a card on the person's page. A matter is an item of the clearance list that ticks itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from occ.people.models import Person, User


@dataclass(frozen=True)
class Line:
    """`status` as status_badge takes it; `label` words it. `url` "" where the reader may not follow."""

    title: str
    url: str
    status: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """`lines(user, person)`: what that user may see of it; `may`: whether the panel is there for that user at all;
    `reads`: whether that user would be shown what there is, where there are no lines."""

    key: str
    title: "str | Promise"
    empty: "str | Promise"
    lines: Callable[[User, Person], Sequence[Line]]
    may: Callable[[User, Person], bool] = lambda user, person: True
    reads: Callable[[User, Person], bool] = lambda user, person: True


@dataclass(frozen=True)
class Settled:
    """How a matter stands: `done`, since when, and in words what is still open."""

    done: bool
    at: datetime | None
    said: str


@dataclass(frozen=True)
class Matter:
    key: str
    label: "str | Promise"
    settled: Callable[[Person], Settled]


PANELS: dict[str, Panel] = {}
MATTERS: dict[str, Matter] = {}


def panels_of(user: User, person: Person) -> dict[str, Any]:
    """What sdm/panels.html shows: every panel with its lines; those of which nothing is recorded; those not the
    user's to read."""
    found = [(one, one.lines(user, person)) for one in PANELS.values() if one.may(user, person)]
    quiet = [panel for panel, lines in found if not lines]
    shut = [panel for panel in quiet if not panel.reads(user, person)]
    return {"panels": found, "quiet_panels": [one for one in quiet if one not in shut], "shut_panels": shut}


def register_panel(panel: Panel) -> None:
    if panel.key in PANELS:
        raise ValueError(f"panel {panel.key} is registered twice")
    PANELS[panel.key] = panel


def register_matter(matter: Matter) -> None:
    if matter.key in MATTERS:
        raise ValueError(f"matter {matter.key} is registered twice")
    MATTERS[matter.key] = matter
