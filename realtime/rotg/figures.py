"""The key figure of tata tertib: violations upheld (RTM-9), of a site, team or person."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from occ.people.models import TeamMembership, in_force
from occ.times import JAKARTA, local_day
from realtime.choices import Severity, ViolationStatus
from realtime.models import Violation


def upheld(scope: Scope) -> Value:
    """By the time at which it was seen. What is not decided is an input that does not count. No channel has any."""
    if scope.channel:
        return Value(None)
    rows = Violation.objects.filter(seen_at__gte=scope.start, seen_at__lt=scope.end)
    zone = scope.site.zone if scope.site else JAKARTA
    first, last = local_day(scope.start, zone), local_day(scope.end - timedelta(microseconds=1), zone)
    query = {"since": first.isoformat(), "until": last.isoformat(), "status": "upheld"}
    if scope.person is not None:
        rows = rows.filter(person=scope.person)
        query["q"] = scope.person.number
    if scope.site is not None:
        rows = rows.filter(site=scope.site)
        query["site"] = str(scope.site.pk)
    if scope.team is not None:  # who is in it on the last day
        members = TeamMembership.objects.filter(in_force(last), team=scope.team)
        rows = rows.filter(person__in=members.values("person_id"))
    stands = Q(status=ViolationStatus.UPHELD)
    counts = rows.aggregate(
        upheld=Count("pk", filter=stands),
        dropped=Count("pk", filter=Q(status=ViolationStatus.DROPPED)),
        undecided=Count("pk", filter=~stands & ~Q(status=ViolationStatus.DROPPED)),
        **{one.value: Count("pk", filter=stands & Q(version__severity=one)) for one in Severity},
    )
    url = f"{reverse('realtime:violations')}?{urlencode(query)}"
    return Value(float(counts["upheld"]), {name: float(value) for name, value in counts.items()}, url)


register(
    Figure(
        "realtime.rotg", _("Violations of tata tertib"), "count",
        _("violations upheld, by the day on which they were seen; those dropped or not decided do not count"),
        "SOP-RTM 7.5", upheld, better="less",
    )
)  # fmt: skip
