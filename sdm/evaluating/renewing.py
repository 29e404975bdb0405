"""What a proposal to extend a contract is shown of the monthly evaluations: approved totals, no amounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.people.models import Person
from sdm.contracts.summaries import Said, Summary, register
from sdm.evaluating.documents import said
from sdm.models import EvaluationResult, PastEvaluation

LATEST = 3  # months that are named


def lines(person: Person, first: date, last: date) -> Sequence[Said]:
    """The mean of the months, and the latest of them; of each its last correction, or what it came to before OCC."""
    before = PastEvaluation.objects.filter(person=person, month__gte=first.replace(day=1), month__lte=last)
    rows = EvaluationResult.objects.filter(
        evaluation__person=person, evaluation__month__gte=first.replace(day=1), evaluation__month__lte=last
    )
    months = dict(before.values_list("month", "total"))
    months |= dict(rows.order_by("evaluation__month", "number").values_list("evaluation__month", "total"))
    if not months:
        return [Said(_("Total"), "–", _("no evaluation"))]
    mean = sum(months.values(), Decimal(0)) / len(months)
    count = ngettext("%(n)s month", "%(n)s months", len(months)) % {"n": len(months)}
    latest = sorted(months.items(), reverse=True)[:LATEST]
    return [Said(_("Mean of the totals"), said(mean), count)] + [
        Said(date_format(month, "F Y"), said(total)) for month, total in latest
    ]


register(Summary("evaluation", gettext_lazy("Monthly evaluation"), lines))
