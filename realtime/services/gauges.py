"""What of the floor is told to Prometheus (RTM-16): a handful of counts, each out of one query, none about anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from occ.people.choices import Channel
from occ.people.models import Site
from realtime.choices import AgentState, AlertKind, Outcome, PlanStatus
from realtime.floorwatch.feeds import DEAF, stale_at, state_of
from realtime.models import AgentNow, Alert, Interaction, Interval, RecoveryPlan, Source
from realtime.services.intervals import QUARTER, quarter_of
from realtime.services.readings import FORGOTTEN


@dataclass(frozen=True)
class Gauge:
    """`rows`: values of the labels, and the figure."""

    name: str
    text: str
    labels: Sequence[str]
    rows: Sequence[tuple[Sequence[str], float]]


def gauges(now: datetime) -> Iterator[Gauge]:
    sites = list(Site.objects.values_list("code", flat=True))
    sources = {one.pk: one for one in Source.objects.all()}
    yield _alerts(sites)
    yield _plans(sites)
    yield _agents(sites, sources, now)
    yield from _queues(sites, now)
    yield from _last_interval(now)
    heard = [one for one in sources.values() if one.active and not one.from_files and one.received_at]
    told = [one for one in heard if one.heartbeat_seconds]  # of one that tells changes only, silence says nothing
    silent = [([one.code], (now - one.received_at).total_seconds()) for one in told if one.received_at]
    yield Gauge("occ_source_silent_seconds", "Since a source of events was last heard", ["source"], silent)
    live = [([one.code], float(state_of(one, now) == "live")) for one in heard]
    yield Gauge("occ_source_live", "1 while a source of events is heard as often as it should be", ["source"], live)


def _alerts(sites: list[str]) -> Gauge:
    rows = Alert.objects.open().values_list("site__code", "kind").annotate(n=Count("pk")).order_by()
    found = {(site, kind): n for site, kind, n in rows}
    every = [([site, kind], float(found.get((site, kind), 0))) for site in sites for kind in AlertKind.values]
    return Gauge("occ_alerts_open", "Alerts of the floor that are not over", ["site", "kind"], every)


def _plans(sites: list[str]) -> Gauge:
    going_on = [PlanStatus.DRAFT.value, PlanStatus.RUNNING.value, PlanStatus.DONE.value]
    rows = RecoveryPlan.objects.filter(status__in=going_on).order_by()
    found = {(site, at): n for site, at, n in rows.values_list("site__code", "status").annotate(n=Count("pk"))}
    every = [([site, status], float(found.get((site, status), 0))) for site in sites for status in going_on]
    return Gauge("occ_recovery_plans", "Recovery plans that are not verified", ["site", "status"], every)


def _agents(sites: list[str], sources: dict[int, Source], now: datetime) -> Gauge:
    deaf = {pk for pk, one in sources.items() if state_of(one, now) in DEAF}
    found: Counter[tuple[str, str]] = Counter()
    rows = AgentNow.objects.exclude(site=None).values_list("site__code", "source_id", "state", "heard_at")
    for site, source, state, heard_at in rows:
        until = stale_at(sources[source], state, heard_at)
        known = source not in deaf and (until is None or now <= until)
        found[str(site), state if known else AgentState.UNKNOWN.value] += 1
    every = [([site, state], float(found[site, state])) for site in sites for state in AgentState.values]
    return Gauge("occ_agents", "Agents by what they do now; whom a silent source told of is unknown", ["site", "state"],
                 every)  # fmt: skip


def _queues(sites: list[str], now: datetime) -> Iterator[Gauge]:
    rows = Interaction.objects.filter(
        outcome=Outcome.OPEN, is_case=False, channel__in=Channel.values, arrived_at__gt=now - FORGOTTEN,
        arrived_at__lte=now,
    ).order_by()  # fmt: skip
    counts = rows.values_list("site__code", "channel").annotate(n=Count("pk"), first=Min("arrived_at"))
    found = {(site, channel): (n, (now - first).total_seconds()) for site, channel, n, first in counts}
    every = [([site, one], found.get((site, one), (0, 0.0))) for site in sites for one in Channel.values]
    labels = ["site", "channel"]
    yield Gauge("occ_queue_waiting", "Customers who wait now", labels, [(at, float(n)) for at, (n, _) in every])
    yield Gauge(
        "occ_queue_oldest_seconds", "How long the first of them waits", labels, [(at, s) for at, (_, s) in every]
    )


def _last_interval(now: datetime) -> Iterator[Gauge]:
    """Of the quarter of an hour that is over; it is given a minute for its last events."""
    start = quarter_of(now - timedelta(minutes=1)) - QUARTER
    rows = Interval.objects.filter(starts_at=start).order_by("site__code", "channel")
    found = [([site, channel], offered, answered) for site, channel, offered, answered in
             rows.values_list("site__code", "channel", "offered", "answered")]  # fmt: skip
    labels, when = ["site", "channel"], "in the last quarter of an hour that is over"
    yield Gauge("occ_interval_offered", f"Offered to the queue {when}", labels, [(at, float(n)) for at, n, _ in found])
    yield Gauge("occ_interval_answered", f"Answered of those offered {when}", labels,
                [(at, float(n)) for at, _, n in found])  # fmt: skip
    share = [(at, answered / offered) for at, offered, answered in found if offered]
    yield Gauge("occ_interval_scr_ratio", f"SCR: answered / offered {when}", labels, share)
