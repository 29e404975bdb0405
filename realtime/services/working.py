"""Working events in (RTM-4): what has arrived changes segments, interactions and what is known now.

Each is made anew from all events of its agent or number, from the first that the new ones can have changed: in whatever
order they come, the end is the same. One worker at a time works on a source (advisory lock); an arrival goes in the
transaction that worked it in, so that one whose worker died is worked in again.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Upper

from occ.people import activity
from realtime.choices import AgentState, EventType
from realtime.floorwatch.feeds import CHANGED
from realtime.models import AgentNow, Arrival, Event, Source
from realtime.services.agents import agents_derive
from realtime.services.calls import calls_derive
from realtime.services.places import Places
from realtime.services.report_imports import withdrawn_id

logger = logging.getLogger(__name__)
LOCK = 77_001  # of advisory locks: one for each source
AT_ONCE = 40  # arrivals in one transaction
NAMED, MOST_PAYLOADS = 400, 25  # a payload has at most 8000 bytes
FEEDS = {EventType.FEED_UP, EventType.FEED_DOWN}
NO_ACTIVITY = {EventType.AGENT_LOGOUT, EventType.AGENT_HEARTBEAT, EventType.WITHDRAWN}


def arrivals_work(*, now: datetime, limit: int = 10_000) -> int:
    """Work in what waits, up to that many arrivals; how many were. A bad one is parked, its fellows go on."""
    done = 0
    while done < limit:
        sources = Arrival.objects.filter(parked_at=None).values_list("source_id", flat=True).distinct()
        step = sum(source_work(source_id=pk, now=now, most=AT_ONCE) for pk in sorted(set(sources)))
        if not step:
            break
        done += step
    return done


def source_work(*, source_id: int, now: datetime, most: int) -> int:
    """Some of one source's arrivals, in the order in which they came; 0 where another works on them."""
    try:
        with transaction.atomic():
            if not locked(source_id):
                return 0
            waiting = list(Arrival.objects.filter(source_id=source_id, parked_at=None).order_by("pk")[:most])
            if waiting:
                work_in(source_id, [pk for one in waiting for pk in one.events], now=now)
                Arrival.objects.filter(pk__in=[one.pk for one in waiting]).delete()
            return len(waiting)
    except Exception:
        if most == 1:
            return park(source_id, now)
        logger.exception("arrivals not worked in; one by one now", extra={"data": {"source": source_id}})
    return sum(source_work(source_id=source_id, now=now, most=1) for _one in range(most))


def park(source_id: int, now: datetime) -> int:
    logger.exception("an arrival is parked", extra={"data": {"source": source_id}})
    first = Arrival.objects.filter(source_id=source_id, parked_at=None).order_by("pk").values_list("pk", flat=True)[:1]
    Arrival.objects.filter(pk__in=list(first)).update(
        parked_at=now, error="could not be worked in; see the worker's log"
    )
    return 0


def locked(source_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, source_id])
        return bool(cursor.fetchone()[0])


def work_in(source_id: int, ids: Sequence[int], *, now: datetime) -> None:
    """What follows from these events. The caller holds the source's lock."""
    source = Source.objects.select_related("site").get(pk=source_id)
    rows = list(Event.objects.filter(pk__in=ids).order_by("pk"))
    places = Places(source)
    places.know(one.agent for one in rows)
    feeds(source, rows)
    changed = agents_derive(source, rows, places)
    calls_derive(source, rows, places, now)
    active(source, rows, places, now)
    changed_tell(changed)


def changed_tell(changed: list[int]) -> None:
    """NOTIFY which AgentNow rows changed: a payload holds so many, and a transaction several."""
    payloads = [json.dumps({"now": changed[i : i + NAMED]}) for i in range(0, len(changed), NAMED)]
    if len(payloads) > MOST_PAYLOADS:
        payloads = ["{}"]
    with connection.cursor() as cursor:
        for one in payloads:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANGED, one])


def feeds(source: Source, rows: list[Event]) -> None:
    """feed.down and feed.up: what is known by a source that is down is stale."""
    said = sorted((one for one in rows if one.type in FEEDS), key=lambda one: (one.occurred_at, one.pk))
    if said:
        last = said[-1]
        down = last.occurred_at if last.type == EventType.FEED_DOWN else None
        Source.objects.filter(pk=source.pk).update(down_since=down)


def active(source: Source, rows: list[Event], places: Places, now: datetime) -> None:
    """Tell whoever minds under which names something was done, and when last."""
    latest: dict[str, Event] = {}
    for one in rows:
        if not is_activity(one):
            continue
        if one.agent not in latest or latest[one.agent].occurred_at < one.occurred_at:
            latest[one.agent] = one
    if not latest or not activity.seen.has_listeners():
        return
    places.know(latest)
    seen = [seen_in(one, source, places) for one in latest.values()]
    activity.seen.send(Source, rows=seen, now=now)


def is_activity(event: Event) -> bool:
    """Whether somebody did something under the name: neither gone nor only alive."""
    if not event.agent or event.type in NO_ACTIVITY:
        return False
    return str(event.body.get("state") or "").lower() != AgentState.OFFLINE


def seen_in(event: Event, source: Source, places: Places) -> activity.Seen:
    what = "login" if event.type == EventType.AGENT_LOGIN else "activity"
    person_id = places.person(event.agent, event.occurred_at)
    return activity.Seen(event.agent, person_id, event.occurred_at, what, source.code)


def standing(source: Source) -> Callable[[Event], bool]:
    """Whether an event was not taken back with the import that brought it."""
    if not source.imports.filter(withdrawal__isnull=False).exists():
        return lambda event: True
    withdrawn = Event.objects.filter(source=source)
    return lambda event: not withdrawn.filter(source_event_id=withdrawn_id(event.source_event_id)).exists()


@activity.register
def activity_kept(name: str, since: datetime, until: datetime | None) -> Iterator[activity.Seen]:
    """Out of the events there are: of each source the latest under that name, whatever its case there."""
    spelt = AgentNow.objects.alias(key=Upper("agent")).filter(key=name.upper()).values_list("source_id", "agent")
    names: dict[int, set[str]] = defaultdict(lambda: {name})
    for source_id, agent in spelt:
        names[source_id].add(agent)
    for source in Source.objects.select_related("site"):
        rows = Event.objects.filter(source=source, agent__in=names[source.pk], parked="", occurred_at__gte=since)
        if until is not None:
            rows = rows.filter(occurred_at__lt=until)
        rows = rows.exclude(type__in=NO_ACTIVITY).order_by("-occurred_at", "-pk")
        stands = standing(source)
        found = next((one for one in rows.iterator(chunk_size=100) if is_activity(one) and stands(one)), None)
        if found is not None:
            places = Places(source)
            places.know([found.agent])
            yield seen_in(found, source, places)
