"""The dashboard of UID-16: what is open by time left, breaches, on-time share, hours to deactivation."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.people.access import me
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day
from userids import selectors
from userids.models import LOGBOOK_READERS, DeactivationRequest
from userids.reconciling.figures import open_by_kind

TARGET = 100  # percent on time: SOP-UID 5.1 knows no exception


@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, LOGBOOK_READERS):
        raise NotAllowed
    months = selectors.months(user, now=now)
    labels = [date_format(one.month, "M Y") for one in months]
    since = local_day(now, JAKARTA) - timedelta(days=365)
    open_rows = DeactivationRequest.objects.visible_to(user).open()
    context = {
        "title": _("User-ID dashboard"),
        "now": now,
        "urgency": selectors.urgency(user, now=now),
        "open": open_rows.select_related("account", "person", "site", "team").order_by("due_at", "pk")[:25],
        "late_year": selectors.judged_requests(user).late(now).filter(due_at__date__gte=since).count(),
        "since": since,
        "this_month": months[-1] if months and months[-1].month == local_day(now, JAKARTA).replace(day=1) else None,
        "places": list(selectors.by_place(user, now=now, since=since)),
        "findings": open_by_kind(user, now=now),
        "share_chart": {
            "kind": "bar",
            "labels": labels,
            "series": [{"name": _("On time"), "values": [rounded(one.share) for one in months]}],
            "target": TARGET,
            "target_label": _("Target"),
        },
        "hours_chart": {
            "kind": "line",
            "labels": labels,
            "series": [
                {"name": _("Median"), "values": [rounded(one.median) for one in months]},
                {"name": _("95th percentile"), "values": [rounded(one.p95) for one in months]},
            ],
            "target": 24,
            "target_label": _("Limit"),
        },
    }
    return render(request, "userids/dashboard.html", context)


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
