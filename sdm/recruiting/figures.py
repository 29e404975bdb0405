"""How long it takes from the request to the BAPP, as a key figure with the time in each step (SDM-3; MO 4.1.1)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from sdm.models import Recruitment
from sdm.recruiting.choices import RequestStatus as R
from sdm.services.pipeline import mean_times


def hours(scope: Scope) -> Value:
    """Of the requests whose BAPP was received in the scope; the inputs are the hours in each step and how many."""
    if scope.team is not None or scope.person is not None or scope.channel:
        return Value(None)
    rows = Recruitment.objects.filter(status=R.RECEIVED, ended_at__gte=scope.start, ended_at__lt=scope.end)
    rows = rows.filter(site=scope.site) if scope.site else rows
    found = list(rows.only("pk", "requested_at", "ended_at"))
    if not found:
        return Value(None, {"requests": 0.0})
    spans = [(one.ended_at - one.requested_at).total_seconds() / 3600 for one in found if one.ended_at]
    query = {"status": R.RECEIVED.value} | ({"site": scope.site.code} if scope.site else {})
    inputs = {"requests": float(len(found)), **mean_times(found, now=scope.end)}
    return Value(sum(spans) / len(spans), inputs, f"{reverse('sdm:recruitments')}?{urlencode(query)}")


register(
    Figure(
        "sdm.recruiting.hours", _("Time from the request to the BAPP received"), "hours",
        _("hours from the request to the BAPP received, mean of the requests received in that time"),
        "MO 4.1.1", hours, better="less",
    )
)  # fmt: skip
