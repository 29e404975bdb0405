"""Incentives of which too little is known for an amount: what the manager decides of each when approving (SDM-6).

The list that is approved says "no amount"; the decision stands beside it in the result: an amount by hand with its
reason, or that it waits. What waits is owed nothing and paid nothing until the month is corrected and approved anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from occ.errors import Invalid
from sdm.evaluating.choices import EvaluationStatus
from sdm.evaluating.paying import MOST, Terms, number
from sdm.models import Evaluation, EvaluationPeriod, EvaluationResult

MOST_BY_HAND = 100  # people decided about one by one; of more all wait
REASON = 300


@dataclass(frozen=True)
class Decided:
    """Of one evaluation: rupiah by hand, or None where it waits; and why."""

    amount: Decimal | None
    reason: str = ""

    def as_json(self) -> dict[str, str | None]:
        return {"amount": None if self.amount is None else f"{self.amount:f}", "reason": self.reason}


def without_amount(period: EvaluationPeriod) -> QuerySet[Evaluation]:
    """Those of the month's report that have a total and no amount."""
    rows = period.evaluations.exclude(status=EvaluationStatus.WAIVED)
    return rows.filter(reckoned__has_key="amount", reckoned__amount=None, total__isnull=False).order_by("pk")


def field_of(pk: int, name: str) -> str:
    return f"{name}_{pk}"


def decided_by(row: Evaluation, terms: Terms, decisions: Mapping[int, Decided]) -> Decided:
    """What was decided of that row, checked. Raises Invalid."""
    found = decisions.get(row.pk)
    if found is None:
        words = _("%(name)s has no amount: pay one by hand and say why, or let it wait.")
        raise Invalid(words % {"name": row.person.name}, field=field_of(row.pk, "decision"), code="undecided")
    if found.amount is None:
        return Decided(None, found.reason.strip()[:REASON])
    at = field_of(row.pk, "amount")
    amount = number(found.amount, at, most=MOST if terms.cap is None else terms.cap)
    if amount != amount.to_integral_value():
        raise Invalid(_("Amounts are whole rupiah."), field=at)
    if not found.reason.strip():
        raise Invalid(_("Say why this amount is paid by hand."), field=field_of(row.pk, "reason"))
    return Decided(amount.quantize(Decimal(1)), found.reason.strip()[:REASON])


def amount_in(content: Mapping[str, Any]) -> str | None:
    """What a reckoning or a result says is paid: by hand, else as reckoned."""
    return content["decided"]["amount"] if content.get("decided") else content.get("amount")


def waiting_at(period: EvaluationPeriod, at: datetime) -> QuerySet[EvaluationResult]:
    """The results that stood at that instant and had no amount; they never change, so that the answer does not."""
    rows = EvaluationResult.objects.filter(evaluation__period=period, frozen_at__lte=at)
    newest = rows.filter(evaluation=OuterRef("evaluation")).order_by("-number").values("pk")[:1]
    return rows.filter(pk=Subquery(newest), amount=None).select_related("evaluation__person", "scheme")
