"""How figures and judgements become points and a total: pure functions in decimals, of one person alone.

What is absent takes its weight with it: the total is the weighted mean of what is there, never of a zero in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HUNDRED, ZERO = Decimal(100), Decimal(0)
CENT = Decimal("0.01")
EXACT = Decimal("0.0001")  # to which a figure is kept


@dataclass(frozen=True)
class Component:
    """`zero` and `full`: the values that make 0 and 100 points; `zero` above `full` where less is better."""

    key: str
    weight: Decimal
    zero: Decimal
    full: Decimal


def rounded(value: Decimal, to: Decimal = CENT) -> Decimal:
    return value.quantize(to, rounding=ROUND_HALF_UP)


def exact(value: float | int | str | Decimal) -> Decimal:
    """A figure as it is kept: its shortest decimal, to four places."""
    return rounded(Decimal(str(value)), EXACT)


def points(component: Component, value: Decimal) -> Decimal:
    """0 to 100, in a straight line between the two values, rounded half up to hundredths."""
    share = (value - component.zero) / (component.full - component.zero)
    return rounded(HUNDRED * min(max(share, ZERO), Decimal(1)))


@dataclass(frozen=True)
class Line:
    """A component of a person: `value` and `points` None where nothing can be told; `share` of the total in percent."""

    component: Component
    value: Decimal | None
    points: Decimal | None
    share: Decimal | None


@dataclass(frozen=True)
class Score:
    lines: tuple[Line, ...]
    total: Decimal | None
    known: Decimal  # percent of the weight that is there

    @property
    def by_key(self) -> dict[str, Decimal | None]:
        return {one.component.key: one.points for one in self.lines}


def score(components: Sequence[Component], values: Mapping[str, Decimal | None], *, least: Decimal) -> Score:
    """The person's lines and total. With less than `least` percent of the weight known there is no total."""
    made = [(one, values.get(one.key)) for one in components]
    told = [(one, value, None if value is None else points(one, value)) for one, value in made]
    whole = sum((one.weight for one in components), ZERO)
    there = sum((one.weight for one, _value, found in told if found is not None), ZERO)
    known = rounded(HUNDRED * there / whole) if whole else ZERO
    total = None
    if there and known >= least:
        total = rounded(sum((one.weight * found for one, _value, found in told if found is not None), ZERO) / there)
    lines = tuple(
        Line(one, value, found, rounded(HUNDRED * one.weight / there) if found is not None else None)
        for one, value, found in told
    )
    return Score(lines, total, known)
