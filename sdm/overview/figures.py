"""Headcount, leavers, turnover and early leavers as figures (occ.figures), each with the rows behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from occ.times import JAKARTA, local_day
from sdm.models import Placement
from sdm.overview.measures import Span, share
from sdm.services.turnover import come, early_span, left_early, turnover


def of(kind: str) -> Callable[[Scope], Value]:
    """A provider: of a site or of all. Of a team, a person or a channel these cannot be told."""

    def provider(scope: Scope) -> Value:
        if scope.channel or scope.team is not None or scope.person is not None:
            return Value(None)
        zone = scope.site.zone if scope.site else JAKARTA
        span = Span(local_day(scope.start, zone), local_day(scope.end - timedelta(microseconds=1), zone))
        rows = Placement.objects.filter(site=scope.site) if scope.site else Placement.objects.all()
        today = local_day(timezone.now(), zone)
        query = {"what": "left", "since": span.first.isoformat(), "until": span.last.isoformat()}
        query |= {"site": scope.site.code} if scope.site else {}
        if kind == "early":
            cohort = early_span(span, today)
            if cohort is None:
                return Value(None)
            inputs = {"early": float(left_early(rows, cohort).count()), "began": float(come(rows, cohort).count())}
            query |= {"what": "early", "until": cohort.last.isoformat()}
            return Value(share(inputs["early"], inputs["began"]), inputs, _rows(query))
        sums = turnover(rows, span, today=today, parts=False).whole
        inputs = {"left": float(sums.left), "came": float(sums.came), "headcount": sums.headcount}
        values = {"turnover": sums.turnover, "left": float(sums.left), "headcount": sums.headcount}
        return Value(values[kind], inputs, _rows(query))

    return provider


def _rows(query: dict[str, str]) -> str:
    return f"{reverse('sdm:turnover_rows')}?{urlencode(query)}"


for key, label, unit, formula, kind, better in (
    ("sdm.headcount", _("Headcount"), "count", _("days on which people worked here / days"), "headcount", "more"),
    ("sdm.leavers", _("Leavers"), "count", _("people whose last working day lies in the time"), "left", "less"),
    ("sdm.turnover", _("Turnover"), "percent", _("leavers / average headcount"), "turnover", "less"),
    (
        "sdm.early_leavers", _("Left within 90 days"), "percent",
        _("of those who began in the time, and whose first 90 days are over: who left within them"), "early", "less",
    ),
):  # fmt: skip
    register(Figure(key, label, unit, formula, "MO 2.2", of(kind), better=better))
