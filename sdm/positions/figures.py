"""How many people lack against the plan, as a key figure (SDM-2; MO 2.2.A)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from occ.people.models import Site
from occ.times import JAKARTA, local_day
from sdm.services.headcount import standings


def lacking(scope: Scope) -> Value:
    """On the last day of the scope; of sites only. None where nothing is planned."""
    if scope.team is not None or scope.person is not None or scope.channel:
        return Value(None)
    sites = [scope.site] if scope.site else list(Site.objects.all())
    day = local_day(scope.end - timedelta(microseconds=1), scope.site.zone if scope.site else JAKARTA)
    found = standings(sites=sites, day=day, ahead=1)
    if not found:
        return Value(None)
    query = {"on": day.isoformat()} | ({"site": scope.site.code} if scope.site else {})
    planned, actual = sum(one.planned for one in found), sum(one.actual for one in found)
    inputs = {"planned": float(planned), "actual": float(actual), "over": float(sum(one.over for one in found))}
    url = f"{reverse('sdm:plan')}?{urlencode(query)}"
    return Value(float(sum(one.lacking for one in found)), inputs, url)


register(
    Figure(
        "sdm.plan.lacking", _("People lacking against the plan"), "count",
        _("for each site and position: people planned less people there, where more are planned; summed"),
        "MO 2.2.A", lacking, better="less",
    )
)  # fmt: skip
