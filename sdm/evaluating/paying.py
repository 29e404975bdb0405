"""What an incentive scheme pays for a score: a pure function in whole rupiah, of one person alone.

Bands by the total or by a component give percents of the position's amount, and their sum is what is paid: less what an
unmet condition takes, capped, and last rounded half up to the scheme's step. What is absent takes its bands with it, as
in the score; with less than a least share of them known there is no amount. What a condition cannot be told of takes
nothing, and is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor
from typing import Any

from django.utils.translation import gettext as _

from occ.errors import Invalid
from sdm.evaluating.choices import LABELS, TOTAL
from sdm.evaluating.scoring import HUNDRED, ZERO, rounded

MOST = Decimal(1_000_000_000)  # rupiah for a person and month: more is a slip of the finger
STEPS = (1, 100, 500, 1_000)
WHOLE = Decimal(1)
FIVEFOLD = Decimal(500)  # percent


@dataclass(frozen=True)
class Band:
    """From `least` points of `basis` on, `percent` of the position's amount."""

    basis: str
    least: Decimal
    percent: Decimal


@dataclass(frozen=True)
class Demand:
    """A condition (see conditions.py): met from or up to `value`; unmet, `keeps` percent stay."""

    key: str
    value: Decimal
    keeps: Decimal


@dataclass(frozen=True)
class Terms:
    amounts: tuple[tuple[str, Decimal], ...]
    bands: tuple[Band, ...]
    demands: tuple[Demand, ...]
    cap: Decimal | None
    step: Decimal

    def amount_of(self, position: str) -> Decimal | None:
        wanted = position.strip().casefold()
        return next((amount for name, amount in self.amounts if name.strip().casefold() == wanted), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "amounts": [{"position": name, "amount": str(amount)} for name, amount in self.amounts],
            "bands": [{"basis": one.basis, "least": str(one.least), "percent": str(one.percent)} for one in self.bands],
            "demands": [{"key": one.key, "value": str(one.value), "keeps": str(one.keeps)} for one in self.demands],
            "cap": None if self.cap is None else str(self.cap), "step": str(self.step),
        }  # fmt: skip


def number(value: Any, field: str, least: Decimal = ZERO, most: Decimal = MOST) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise Invalid(_("A number is needed here."), field=field) from error
    if not found.is_finite() or not least <= found <= most:
        words = _("A number from %(least)s to %(most)s is needed here.")
        raise Invalid(words % {"least": least, "most": most}, field=field)
    return found


def terms_of(data: Mapping[str, Any], *, demands: Mapping[str, Any]) -> Terms:
    """Terms as a scheme keeps them, checked. `demands`: the conditions that are registered. Raises Invalid."""
    step = number(data.get("step", 1), "step")
    if step not in [Decimal(one) for one in STEPS]:
        raise Invalid(_("Amounts are rounded to 1, 100, 500 or 1000 rupiah."), field="step")
    amounts = tuple(
        (str(row["position"]).strip(), _rupiah(row["amount"], "amounts")) for row in data.get("amounts", ())
    )
    names = [name.casefold() for name, _amount in amounts]
    if not amounts or not all(names) or len(set(names)) != len(names):
        raise Invalid(_("Each position stands once, with its amount."), field="amounts")
    bands = tuple(
        Band(
            str(row["basis"]),
            number(row["least"], "bands", most=HUNDRED),
            number(row["percent"], "bands", most=FIVEFOLD),
        )
        for row in data.get("bands", ())
    )
    if not bands or any(one.basis != TOTAL and one.basis not in LABELS for one in bands):
        raise Invalid(_("At least one band says from how many points on how much is paid."), field="bands")
    if len({(one.basis, one.least) for one in bands}) != len(bands):
        raise Invalid(_("Two bands begin at the same points."), field="bands")
    asked = tuple(
        Demand(str(row["key"]), number(row["value"], "demands"), number(row["keeps"], "demands", most=HUNDRED))
        for row in data.get("demands", ())
    )
    if len({one.key for one in asked}) != len(asked) or any(one.key not in demands for one in asked):
        raise Invalid(_("Each condition stands once, and is one that OCC knows."), field="demands")
    cap = data.get("cap")
    limit = None if cap in (None, "") else _rupiah(cap, "cap")
    if limit is not None and limit % step:
        raise Invalid(_("The cap is a multiple of what amounts are rounded to."), field="cap")
    return Terms(amounts, bands, asked, limit, step)


def _rupiah(value: Any, field: str) -> Decimal:
    found = number(value, field)
    if found != found.to_integral_value():
        raise Invalid(_("Amounts are whole rupiah."), field=field)
    return found.quantize(WHOLE)


@dataclass(frozen=True)
class Part:
    """Of one basis: its points, the band reached (None: none), the percent; None where the basis is absent."""

    basis: str
    points: Decimal | None
    reached: Decimal | None
    percent: Decimal | None


@dataclass(frozen=True)
class Held:
    """How a condition stood: `met` None where it cannot be told."""

    key: str
    wanted: Decimal
    value: Decimal | None
    met: bool | None
    keeps: Decimal


@dataclass(frozen=True)
class Pay:
    base: Decimal | None
    parts: tuple[Part, ...]
    percent: Decimal
    held: tuple[Held, ...]
    kept: Decimal
    capped: bool
    amount: Decimal | None  # None: too little of what it is paid by is known
    known: Decimal = HUNDRED  # percent of what could be reached


def pay(
    terms: Terms, *, position: str, total: Decimal, points: Mapping[str, Decimal | None],
    measured: Mapping[str, Decimal | None], more: Mapping[str, bool], least: Decimal,
) -> Pay:  # fmt: skip
    """What is paid. `measured`: by condition what was found; `more`: whether more of it is better; `least`: the percent
    of what could be reached by which an amount is told at all.

    A position that the scheme does not name is paid nothing (`base` None).
    """
    base = terms.amount_of(position)
    parts, known, whole = [], ZERO, ZERO
    bases = list(dict.fromkeys(one.basis for one in terms.bands))
    for basis in bases:
        bands = sorted((one for one in terms.bands if one.basis == basis), key=lambda one: one.least)
        most = max(one.percent for one in bands)
        whole += most
        found = total if basis == TOTAL else points.get(basis)
        if found is None:
            parts.append(Part(basis, None, None, None))
            continue
        known += most
        reached = [one for one in bands if one.least <= found]
        parts.append(
            Part(basis, found, reached[-1].least if reached else None, reached[-1].percent if reached else ZERO)
        )
    # In fractions to the end: a third of a percent, cut off, would round the wrong way.
    reached_percent = Fraction(sum((one.percent for one in parts if one.percent is not None), ZERO))
    if known and known != whole:
        reached_percent *= Fraction(whole) / Fraction(known)
    held = tuple(_held(one, measured.get(one.key), more[one.key]) for one in terms.demands)
    kept = min((one.keeps for one in held if one.met is False), default=HUNDRED)
    due = Fraction(base or ZERO) * reached_percent / 100 * Fraction(kept) / 100
    capped = terms.cap is not None and due > Fraction(terms.cap)
    due = Fraction(terms.cap) if capped and terms.cap is not None else due
    amount = Decimal(floor(due / Fraction(terms.step) + Fraction(1, 2))) * terms.step
    percent = Decimal(reached_percent.numerator) / Decimal(reached_percent.denominator)
    share = rounded(HUNDRED * known / whole) if whole else HUNDRED
    told = base is None or share >= least
    return Pay(base, tuple(parts), percent, held, kept, capped, amount.quantize(WHOLE) if told else None, share)


def _held(one: Demand, value: Decimal | None, more: bool) -> Held:
    met = None if value is None else value >= one.value if more else value <= one.value
    return Held(one.key, one.value, value, met, one.keeps)
