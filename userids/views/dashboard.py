"""The dashboard of UID-16: what is open by time left, breaches, on-time share, hours to deactivation."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.people.access import me
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day, month_of, next_month, start_of_day
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
    today = local_day(now, JAKARTA)
    since = today - timedelta(days=365)
    open_rows = DeactivationRequest.objects.visible_to(user).open()
    urls = [month_url(one.month) for one in months]
    context = {
        "title": _("User-ID dashboard"),
        "now": now,
        "urgency": selectors.urgency(user, now=now),
        "open": open_rows.select_related("account", "person", "site", "team").order_by("due_at", "pk")[:25],
        "late_year": selectors.judged_requests(user).late(now).filter(due_at__gte=start_of_day(since, JAKARTA)).count(),
        "since": since,
        "late_url": f"{reverse('userids:breaches')}?due_from={since.isoformat()}",
        "since_url": requests_url(since),
        "month_url": month_url(month_of(today)),
        "this_month": months[-1] if months and months[-1].month == month_of(today) else None,
        "parts": selectors.time_shares(user, since=since),
        "places": list(selectors.by_place(user, now=now, since=since)),
        "findings": open_by_kind(user, now=now),
        "share_chart": {
            "kind": "bar",
            "labels": labels,
            "series": [{"name": _("On time"), "values": [rounded(one.share) for one in months]}],
            "target": TARGET,
            "target_label": _("Target"),
            "x": _("Month in which they were due"),
            "y": _("Share shut in time, in %"),
            "urls": urls,
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
            "x": _("Month in which they were due"),
            "y": _("Time taken, in hours"),
            "urls": urls,
        },
    }
    return render(request, "userids/dashboard.html", context)


def month_url(month: date) -> str:
    """The requests that a month's figures count."""
    return requests_url(month, next_month(month) - timedelta(days=1))


def requests_url(first: date, last: date | None = None) -> str:
    """Those that were due in these days, shut or overdue."""
    days = {"due_from": first.isoformat()} | ({"due_to": last.isoformat()} if last else {})
    return f"{reverse('userids:deactivations')}?{urlencode({'status': 'judged'} | days)}"


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
