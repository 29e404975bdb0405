"""The figures of a site now, each as a `Reading` (RTM-13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from occ.people.choices import Channel
from occ.people.models import Site
from occ.policies.services import Values, policy_value
from occ.times import local_day
from realtime.choices import AgentState, AuxReason, Outcome
from realtime.floorwatch.adherence import reason_of
from realtime.floorwatch.feeds import state_of
from realtime.judging import (
    Quarter,
    Reading,
    aht_reading,
    aux_reading,
    cover_reading,
    overrun_reading,
    queue_reading,
    scr_reading,
    source_reading,
)
from realtime.models import AgentNow, Interaction, Interval, Source
from realtime.policies import (
    AHT,
    AUX_SHARE,
    COVER_SHARE,
    LEAST_CALLS,
    OLDEST,
    OVERRUN,
    SCR,
    WAITING,
    WINDOW,
    aux_allowance,
)
from realtime.rostering.plan import planned
from realtime.services.attendance import days_judged
from realtime.services.intervals import QUARTER, quarter_of

# Nobody waits for longer: an interaction that began before and never ended was not told to its end.
FORGOTTEN = timedelta(hours=4)


def readings_of(site: Site, now: datetime) -> Iterator[Reading]:
    yield from _figures(site, now)
    yield from _queues(site, now)
    yield from _people(site, now)
    yield from _overruns(site, now)
    yield from _sources(site, now)


def _figures(site: Site, now: datetime) -> Iterator[Reading]:
    """Of the two quarters that are over, and of a longer time for where their calls are too few. The last one is given
    a minute for its last events."""
    end = quarter_of(now - timedelta(minutes=1))
    longest = max(2, int(policy_value(WINDOW, at=now, site=site)) // 15)
    rows = Interval.objects.filter(site=site, starts_at__gte=end - longest * QUARTER, starts_at__lt=end)
    by_channel: dict[str, dict[datetime, Quarter]] = {}
    for one in rows.order_by("channel", "starts_at"):
        quarter = Quarter(one.offered, one.answered, one.handled, one.talk_ms + one.hold_ms)
        by_channel.setdefault(one.channel, {})[one.starts_at] = quarter
    times = [end - n * QUARTER for n in range(longest, 0, -1)]
    target, aht = float(policy_value(SCR, at=now, site=site)), float(policy_value(AHT, at=now, site=site))
    least = int(policy_value(LEAST_CALLS, at=now, site=site))
    for channel, told in by_channel.items():
        last = [told[at] for at in times[-2:] if at in told]
        if any(one.offered for one in told.values()):
            longer = [told.get(at, Quarter(0, 0, 0, 0)) for at in times]
            yield scr_reading(channel, last, target=target, least=least, longer=longer)
            if channel == Channel.VOICE and any(one.offered for one in last):
                yield aht_reading(channel, last, target=aht, least=least)


def _queues(site: Site, now: datetime) -> Iterator[Reading]:
    waiting = Interaction.objects.filter(
        site=site, outcome=Outcome.OPEN, is_case=False, arrived_at__gt=now - FORGOTTEN, arrived_at__lte=now
    )
    found = {
        channel: (count, (now - first).total_seconds())
        for channel, count, first in waiting.values_list("channel").annotate(n=Count("pk"), first=Min("arrived_at"))
    }
    most, longest = int(policy_value(WAITING, at=now, site=site)), float(policy_value(OLDEST, at=now, site=site))
    for channel in Channel.values:
        count, oldest = found.get(channel, (0, 0.0))
        yield queue_reading(channel, count, oldest, most=most, longest=longest)


def _people(site: Site, now: datetime) -> Iterator[Reading]:
    stale = [one.pk for one in Source.objects.all() if state_of(one, now) in {"silent", "down"}]
    rows = AgentNow.objects.filter(site=site)
    live = rows.exclude(source__in=stale)
    counts = live.exclude(state__in=[AgentState.OFFLINE, AgentState.UNKNOWN]).aggregate(
        all=Count("pk"), aux=Count("pk", filter=Q(state=AgentState.AUX))
    )
    yield aux_reading(counts["aux"], counts["all"], share=float(policy_value(AUX_SHARE, at=now, site=site)))
    working = {pk for pk, days in planned(start=now, end=now + timedelta(seconds=1), site_id=site.pk).items() if days}
    present = set(live.filter(person__in=working).exclude(state=AgentState.OFFLINE).values_list("person_id", flat=True))
    unknown = set(rows.filter(source__in=stale, person__in=working).values_list("person_id", flat=True)) - present
    share = float(policy_value(COVER_SHARE, at=now, site=site))
    yield cover_reading(len(present), len(working), len(unknown), share=share)


def _overruns(site: Site, now: datetime) -> Iterator[Reading]:
    """Of each agent who is in AUX now: how much of it for this reason there was in this shift, and is allowed."""
    stale = [one.pk for one in Source.objects.all() if state_of(one, now) in {"silent", "down"}]
    rows = AgentNow.objects.filter(site=site, state=AgentState.AUX).exclude(person=None).exclude(source__in=stale)
    resting = {int(one.person_id or 0): one for one in rows.select_related("person").order_by("since")}
    if not resting:
        return
    today, policy = local_day(now, site.zone), Values([OVERRUN, *map(aux_allowance, AuxReason.values)], at=now)
    beyond = float(policy(OVERRUN, site.pk))
    days = days_judged(site=site, first=today - timedelta(days=1), last=today, now=now, people=list(resting))
    for one in days:
        planned_, row = one.planned, resting[one.planned.person_id]
        if planned_.starts_at is None or planned_.ends_at is None or not planned_.starts_at <= now < planned_.ends_at:
            continue
        reason = reason_of(row.reason)
        used, allowed = one.shift.aux.get(reason, 0) / 60_000, float(policy(aux_allowance(reason), site.pk))
        assert row.person is not None
        yield overrun_reading(row.person.number, row.person.name, reason, used, allowed, beyond=beyond)


def _sources(site: Site, now: datetime) -> Iterator[Reading]:
    for one in Source.objects.filter(Q(site=site) | Q(site=None)):
        silent = (now - one.received_at).total_seconds() if one.received_at else None
        yield source_reading(one.code, state_of(one, now), silent)
