"""What an evaluation comes to: its figures asked for, its points, total and amount (SDM-6).

Each person is reckoned alone: who comes before or after, and how many there are, changes nothing. What is kept is plain
JSON with decimals as texts, so that it can be reckoned anew from what it says itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from occ.figures.registry import FIGURES, Scope
from occ.people.models import Person, Site
from occ.policies.services import policy_value
from occ.times import next_month, start_of_day
from sdm.evaluating import conditions
from sdm.evaluating.choices import JUDGED_KEYS
from sdm.evaluating.paying import Pay, Terms, pay, terms_of
from sdm.evaluating.policies import CARDS, LEAST_KNOWN, LEAST_PAID, row_for
from sdm.evaluating.scoring import Component, Score, exact, score
from sdm.models import Evaluation, EvaluationPeriod, IncentiveScheme

ONE_DAY = timedelta(days=1)


def span_of(site: Site, month: date) -> tuple[datetime, datetime]:
    return start_of_day(month, site.zone), start_of_day(next_month(month), site.zone)


def last_day(month: date) -> date:
    return next_month(month) - ONE_DAY


def policies_at(site: Site, month: date) -> datetime:
    """The instant whose policies a month is evaluated by: its last."""
    return span_of(site, month)[1] - timedelta(microseconds=1)


@dataclass(frozen=True)
class Book:
    """What a month is reckoned by: read once, the same for all."""

    site: Site
    month: date
    cards: tuple[dict[str, Any], ...]
    least: Decimal
    scheme: IncentiveScheme
    terms: Terms
    least_paid: Decimal

    def components(self, position: str) -> tuple[Component, ...]:
        return tuple(
            Component(row["component"], *(Decimal(str(row[name])) for name in ("weight", "zero", "full")))
            for row in row_for(self.cards, position)
        )

    def judged(self, position: str) -> list[str]:
        return [one.key for one in self.components(position) if one.key in JUDGED_KEYS]


def book_of(period: EvaluationPeriod) -> Book:
    site, at = period.site, policies_at(period.site, period.month)
    return Book(
        site, period.month, tuple(policy_value(CARDS, at=at, site=site)),
        Decimal(str(policy_value(LEAST_KNOWN, at=at, site=site))), period.scheme, terms_in(period.scheme),
        least_paid(site, at),
    )  # fmt: skip


def least_paid(site: Site, at: datetime) -> Decimal:
    return Decimal(str(policy_value(LEAST_PAID, at=at, site=site)))


def terms_in(scheme: IncentiveScheme) -> Terms:
    return terms_of(scheme.terms, demands=conditions.CONDITIONS)


def text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def figures_of(person: Person, book: Book, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the registered key figures tell of that person's month: value, what it is made of, and its interval."""
    start, end = span_of(book.site, book.month)
    found: dict[str, dict[str, Any]] = {}
    for key in keys:
        figure = FIGURES.get(key)
        if figure is None:
            found[key] = {"value": None}
            continue
        told = figure.of(Scope(start, end, person=person))
        found[key] = {
            "value": None if told.value is None else text(exact(told.value)), "unit": figure.unit,
            "formula": told.formula, "url": told.url,
            "inputs": {name: text(exact(value)) for name, value in told.inputs.items() if value is not None},
            "interval": [text(exact(value)) for value in told.interval] if told.interval else None,
        }  # fmt: skip
    return found


def reckoned(evaluation: Evaluation, book: Book, judged: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The whole reckoning of one evaluation, as it is kept. `judged`: points not yet written."""
    person, components = evaluation.person, book.components(evaluation.position)
    said = evaluation.judged if judged is None else judged
    figures = figures_of(person, book, [one.key for one in components if one.key not in JUDGED_KEYS])
    values = {
        one.key: number(said.get(one.key)) if one.key in JUDGED_KEYS else number(figures[one.key]["value"])
        for one in components
    }
    found = score(components, values, least=book.least)
    measured = conditions.measured(person, book.month, last_day(book.month))
    paid = None if found.total is None else paid_for(
        book.terms, position=evaluation.position, total=found.total, points=found.by_key, measured=measured,
        least=book.least_paid,
    )  # fmt: skip
    return {
        "position": evaluation.position,
        "components": _lines(found, figures),
        "known": text(found.known),
        "total": text(found.total),
        "measured": {key: text(value) for key, value in measured.items()},
        "scheme": {"id": book.scheme.pk, "number": book.scheme.number, "name": book.scheme.name},
        "pay": None if paid is None else pay_said(paid),
        "amount": None if paid is None else text(paid.amount),
        "remarks": evaluation.remarks,
        "improvement": evaluation.improvement,
    }


def _lines(found: Score, figures: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.component.key, "weight": text(one.component.weight), "zero": text(one.component.zero),
            "full": text(one.component.full), "points": text(one.points), "share": text(one.share),
        } | figures.get(one.component.key, {}) | {"value": text(one.value)}
        for one in found.lines
    ]  # fmt: skip


def paid_for(
    terms: Terms, *, position: str, total: Decimal, points: Mapping[str, Decimal | None],
    measured: Mapping[str, Decimal | None], least: Decimal,
) -> Pay:  # fmt: skip
    return pay(
        terms, position=position, total=total, points=points, measured=measured, more=conditions.more(), least=least
    )


def paid_by(terms: Terms, content: Mapping[str, Any], person: Person, month: date, *, least: Decimal) -> Pay | None:
    """What these terms would pay for what a reckoning says; None where it has no total. Conditions that it does not
    know yet are measured now."""
    total = number(content.get("total"))
    if total is None:
        return None
    measured = {key: number(value) for key, value in content["measured"].items()}
    for one in terms.demands:
        if one.key not in measured:
            measured[one.key] = conditions.CONDITIONS[one.key].measure(person, month, last_day(month))
    points = {one["key"]: number(one["points"]) for one in content["components"]}
    return paid_for(terms, position=content["position"], total=total, points=points, measured=measured, least=least)


def pay_said(paid: Pay) -> dict[str, Any]:
    """`known` stands there only where it is too little for an amount."""
    return ({"known": text(paid.known)} if paid.amount is None else {}) | {
        "base": text(paid.base), "percent": text(paid.percent.quantize(Decimal("0.0001"))), "kept": text(paid.kept),
        "capped": paid.capped,
        "parts": [{"basis": one.basis, "points": text(one.points), "reached": text(one.reached),
                   "percent": text(one.percent)} for one in paid.parts],
        "held": [{"key": one.key, "wanted": text(one.wanted), "value": text(one.value), "met": one.met,
                  "keeps": text(one.keeps)} for one in paid.held],
    }  # fmt: skip


def fingerprint(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def list_fingerprint(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> str:
    """Of all evaluations of a report with their reckonings: whatever changes in one changes it."""
    return fingerprint([[pk, content] for pk, content in sorted(rows, key=lambda one: one[0])])
