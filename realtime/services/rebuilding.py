"""Everything derived from kept events, anew (RTM-4): segments, interactions, what is known now, and the figures."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from realtime.models import AgentNow, AgentSegment, Arrival, Event, Interaction
from realtime.services.floor import floor_once
from realtime.services.intervals import staff_touch, touch

TOGETHER = 2_000  # events in one arrival


@transaction.atomic
def derived_forget(*, start: datetime | None, end: datetime | None, now: datetime) -> int:
    """Forget what was derived of that time and have its events worked in again; how many events.

    A segment or interaction that began before and reaches into it is made anew too, from its own events.
    """
    events = Event.objects.filter(parked="")
    segments, calls = AgentSegment.objects.all(), Interaction.objects.all()
    if start is not None:
        events = events.filter(occurred_at__gte=start)
        segments = segments.filter(Q(ends_at=None) | Q(ends_at__gt=start))
        calls = calls.filter(arrived_at__gte=start)
    if end is not None:
        events, calls = events.filter(occurred_at__lt=end), calls.filter(arrived_at__lt=end)
        segments = segments.filter(starts_at__lt=end)
    touch(calls.values_list("site_id", "channel", "arrived_at").iterator(chunk_size=10_000), now=now)
    staff_touch(segments.values_list("site_id", "starts_at", "ends_at").iterator(chunk_size=10_000))
    # Interactions with no event in that time stay; those with one come again whole.
    calls.delete()
    if start is not None:
        segments = segments.filter(starts_at__gte=start)
    elif end is None:
        AgentNow.objects.all().delete()
    segments.delete()
    count = 0
    for source_id in events.values_list("source_id", flat=True).distinct():
        ids: list[int] = []
        for pk in events.filter(source_id=source_id).order_by("pk").values_list("pk", flat=True).iterator():
            ids.append(pk)
            if len(ids) == TOGETHER:
                count += _waits(source_id, ids, now)
                ids = []
        count += _waits(source_id, ids, now)
    return count


def _waits(source_id: int, ids: list[int], now: datetime) -> int:
    if ids:
        Arrival.objects.create(source_id=source_id, received_at=now, events=ids)
    return len(ids)


def rebuild(*, start: datetime | None, end: datetime | None, now: datetime) -> int:
    """How many events were worked in again."""
    count = derived_forget(start=start, end=end, now=now)
    floor_once(now=now)
    return count
