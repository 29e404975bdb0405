"""/metrics in Prometheus' text format: counts, ages and durations for whoever watches; no personal data.

The request durations are this process's own; the other figures come from the database and are the same in each.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from occ.jobs.models import Job
from occ.ledger.heartbeats import EXPECTED
from occ.ledger.models import Heartbeat
from occ.notifications.models import Delivery
from occ.obligations.models import Obligation
from realtime.services.gauges import gauges

REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "occ_http_request_seconds", "Server time of a request", ["method", "view", "status"], registry=REGISTRY,
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Timed:
    """Middleware that observes how long each request takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method = request.method if request.method in METHODS else "other"
        labels = (method, match.view_name if match else "none", f"{response.status_code // 100}xx")
        REQUESTS.labels(*labels).observe(time.perf_counter() - began)
        return response


class Operation(Collector):
    """What waits, what is late, and whether beat's duties run."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        duties = GaugeMetricFamily("occ_beat_age_seconds", "Since a duty of beat last ran", labels=["duty"])
        for beat in Heartbeat.objects.all():
            duties.add_metric([beat.name], (now - beat.at).total_seconds())
        yield duties
        limits = GaugeMetricFamily("occ_beat_limit_seconds", "How long a duty of beat may be silent", labels=["duty"])
        for name, limit in EXPECTED.items():
            limits.add_metric([name], limit.total_seconds())
        yield limits
        open_ones = Obligation.objects.open()
        obligations = GaugeMetricFamily("occ_obligations", "Open obligations", labels=["rule", "state"])
        for state, rows in (
            ("open", open_ones), ("overdue", open_ones.filter(due_at__lt=now)),
            ("parked", open_ones.exclude(parked_at=None)),
        ):  # fmt: skip
            for rule, count in rows.values_list("rule").annotate(n=Count("pk")).order_by("rule"):
                obligations.add_metric([rule, state], count)
        yield obligations
        clauses = GaugeMetricFamily(
            "occ_clause_obligations", "Obligations by clause; breached: of those due in the last 30 days",
            labels=["clause", "site", "state"],
        )  # fmt: skip
        for state, rows in (
            ("open", open_ones), ("overdue", open_ones.filter(due_at__lt=now)),
            ("breached", Obligation.objects.breached().filter(due_at__gt=now - timedelta(days=30), due_at__lte=now)),
        ):  # fmt: skip
            for clause, site, count in rows.values_list("clause", "site__code").annotate(n=Count("pk")).order_by():
                clauses.add_metric([clause, site, state], count)
        yield clauses
        jobs = GaugeMetricFamily("occ_jobs", "Background jobs of the last 30 days", labels=["kind", "state"])
        kept = Job.objects.filter(created_at__gt=now - timedelta(days=30))
        for kind, state, count in kept.values_list("kind", "state").annotate(n=Count("pk")).order_by("kind", "state"):
            jobs.add_metric([kind, state], count)
        yield jobs
        deliveries = GaugeMetricFamily("occ_deliveries_waiting", "E-mails that wait to be sent")
        deliveries.add_metric([], Delivery.objects.filter(state__in=["pending", "sending"]).count())
        yield deliveries


class Floor(Collector):
    """The floor as it is now (RTM-16)."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for one in gauges(timezone.now()):
            family = GaugeMetricFamily(one.name, one.text, labels=one.labels)
            for labels, value in one.rows:
                family.add_metric(labels, value)
            yield family


REGISTRY.register(Operation())
REGISTRY.register(Floor())


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """For who holds METRICS_TOKEN (`Authorization: Bearer …`); in the demo for everybody; else it is not there."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (constant_time_compare(given, token) if token else settings.DEMO):
        raise Http404
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
