"""A figure is a name, a unit, a formula in words, and a provider that answers for a place and a time.

Every value comes with what it was made of, so that a page can show it and lead to its rows. A figure that cannot be
told (nothing to divide by) is None, never 0 and never 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from occ.policies.services import policy_value

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from occ.people.models import Person, Site, Team


@dataclass(frozen=True)
class Scope:
    """Of what a figure is told: [start, end), and within it a site, team, person or channel; None is all."""

    start: datetime
    end: datetime
    site: Site | None = None
    team: Team | None = None
    person: Person | None = None
    channel: str = ""


@dataclass(frozen=True)
class Value:
    """`value` in the figure's unit; `inputs` by name what it was made of; `url` leads to the rows behind it.

    `interval`: between what the value lies, where it is told from a sample."""

    value: float | None
    inputs: Mapping[str, float] = field(default_factory=dict)
    url: str = ""
    formula: int = 1  # the version of the formula by which it was made
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """`unit`: percent, seconds, count, hours, points. `better`: "more" or "less". `target`: the policy holding it."""

    key: str
    label: str | Promise
    unit: str
    formula: str | Promise
    clause: str
    provider: Callable[[Scope], Value]
    better: str = "more"
    target: str = ""

    def of(self, scope: Scope) -> Value:
        return self.provider(scope)

    def target_at(self, at: datetime, site: Site | None = None) -> float | None:
        return float(policy_value(self.target, at=at, site=site)) if self.target else None

    def reached(self, value: float | None, target: float | None) -> bool | None:
        """Whether the target was met; None where there is no value or no target."""
        if value is None or target is None:
            return None
        return value >= target if self.better == "more" else value <= target


FIGURES: dict[str, Figure] = {}


def register(figure: Figure) -> Figure:
    if figure.key in FIGURES:
        raise ValueError(f"figure {figure.key} is registered twice")
    FIGURES[figure.key] = figure
    return figure
