"""Working events in (RTM-4): what has arrived changes segments, interactions and what is known now.

Each is made anew from all events of its agent or number, from the first that the new ones can have changed: in whatever
order they come, the end is the same. One worker at a time works on a source (advisory lock); an arrival goes in the
transaction that worked it in, so that one whose worker died is worked in again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from occ.people import activity
from occ.people.identities import Holders
from occ.people.models import Person, Site
from realtime.choices import AgentState, EventType
from realtime.deriving import agents, interactions
from realtime.deriving.agents import AgentEvent, Segment, agent_event, segments_of
from realtime.deriving.interactions import Said, Told, interaction_of
from realtime.floorwatch.feeds import CHANGED
from realtime.models import AgentNow, AgentSegment, Arrival, Event, Interaction, Source
from realtime.services.ingesting import CHANNELS
from realtime.services.intervals import staff_touch, touch

logger = logging.getLogger(__name__)
LOCK = 77_001  # of advisory locks: one for each source
AT_ONCE = 40  # arrivals in one transaction
NAMED, MOST_PAYLOADS = 400, 25  # a payload has at most 8000 bytes
FEEDS = {EventType.FEED_UP, EventType.FEED_DOWN}


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
    feeds(source, rows)
    changed = floor(source, rows, places)
    calls(source, rows, places, now)
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


class Places:
    """Sites by code, and where the people of a source's names work."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.codes = dict(Site.objects.values_list("code", "pk"))
        self.holders: Holders | None = None
        self.sites: dict[int, int] = {}

    def know(self, names: Iterable[str]) -> None:
        self.holders = Holders(set(names))
        pks = {one.person_id for held in self.holders.held.values() for one in held}
        self.sites = dict(Person.objects.filter(pk__in=pks).values_list("pk", "site_id"))

    def person(self, name: str, at: datetime) -> int | None:
        return self.holders.person_at(name, at) if self.holders and name else None

    def site(self, said: str, person_id: int | None) -> int | None:
        """As the event says it, else where the person works, else the source's own."""
        return self.codes.get(said) or (self.sites.get(person_id) if person_id else None) or self.source.site_id


def feeds(source: Source, rows: list[Event]) -> None:
    """feed.down and feed.up: what is known by a source that is down is stale."""
    said = sorted((one for one in rows if one.type in FEEDS), key=lambda one: (one.occurred_at, one.pk))
    if said:
        last = said[-1]
        down = last.occurred_at if last.type == EventType.FEED_DOWN else None
        Source.objects.filter(pk=source.pk).update(down_since=down)


# Agents --------------------------------------------------------------------------------------------------------------


@dataclass
class Agent:
    """One name of the source: since when its events may have changed, and what stands there."""

    name: str
    first: datetime
    last: datetime
    site: str
    channel: str
    anchor: datetime | None = None


def floor(source: Source, rows: list[Event], places: Places) -> list[int]:
    """Segments and AgentNow of the names that these rows speak of; the keys of the AgentNow rows."""
    named: dict[str, Agent] = {}
    for one in rows:
        if one.type in agents.TYPES:
            agent = named.setdefault(one.agent, Agent(one.agent, one.occurred_at, one.occurred_at, "", ""))
            agent.first, agent.last = min(agent.first, one.occurred_at), max(agent.last, one.occurred_at)
            agent.site = agent.site or str(one.body.get("site") or "").strip()
            channel = str(one.body.get("channel") or "").strip().lower()
            agent.channel = CHANNELS.get(channel, channel) if channel else agent.channel
    if not named:
        places.know({one.agent for one in rows})
        return []
    places.know({one.agent for one in rows} | set(named))
    anchor(source, named)
    told = events_since(source, named)
    standing = grouped(AgentSegment.objects.filter(of(source, named)).order_by("starts_at"))
    gone: list[int] = []
    made: list[AgentSegment] = []
    kept: list[AgentSegment] = []
    touched: list[tuple[int | None, datetime, datetime | None]] = []
    nows = []
    for name, agent in named.items():
        was = {one.starts_at: one for one in standing.get(name, ())}
        for segment in (derived := segments_of(told.get(name, ()))):
            row = was.pop(segment.starts_at, None)
            person = places.person(name, segment.starts_at)
            site = places.site(agent.site, person)
            if row is None:
                made.append(new_row(source, name, segment, person, site))
            elif differs(row, segment, person, site):
                touched.append((row.site_id, row.starts_at, row.ends_at))
                row.ends_at, row.state, row.reason = segment.ends_at, segment.state, segment.reason
                row.gap, row.person_id, row.site_id = segment.gap, person, site
                kept.append(row)
            else:
                continue
            touched.append((site, segment.starts_at, segment.ends_at))
        gone += [one.pk for one in was.values()]
        touched += [(one.site_id, one.starts_at, one.ends_at) for one in was.values()]
        if derived:
            nows.append(now_row(source, agent, derived[-1], places))
    AgentSegment.objects.filter(pk__in=gone).delete()
    AgentSegment.objects.bulk_update(kept, ["ends_at", "state", "reason", "gap", "person", "site"])
    AgentSegment.objects.bulk_create(made)
    staff_touch(touched)
    return nows_write(nows)


def anchor(source: Source, named: dict[str, Agent]) -> None:
    """For each name the start of the last segment before its first new event that no later event can change."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n.agent, (SELECT s.starts_at FROM realtime_agentsegment s
                                WHERE s.source_id = %s AND s.agent = n.agent AND s.starts_at < n.first AND NOT s.gap
                                ORDER BY s.starts_at DESC LIMIT 1)
               FROM unnest(%s::text[], %s::timestamptz[]) AS n(agent, first)""",
            [source.pk, list(named), [one.first for one in named.values()]],
        )
        for name, starts_at in cursor.fetchall():
            named[name].anchor = starts_at


def of(source: Source, named: dict[str, Agent]) -> Any:
    """Segments of these names from their anchors on."""
    wanted = Q()
    for one in named.values():
        wanted |= Q(agent=one.name, starts_at__gte=one.anchor) if one.anchor else Q(agent=one.name)
    return Q(source=source) & wanted


def events_since(source: Source, named: dict[str, Agent]) -> dict[str, list[AgentEvent]]:
    found: dict[str, list[AgentEvent]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.agent, e.type, e.occurred_at, e.seq, e.source_event_id, e.body->>'state', e.body->>'reason',
                      e.body->>'prev_state'
               FROM unnest(%s::text[], %s::timestamptz[]) AS n(agent, since)
               JOIN realtime_event e ON e.source_id = %s AND e.agent = n.agent AND e.agent <> '' AND e.parked = ''
                    AND e.occurred_at >= COALESCE(n.since, '-infinity')
               WHERE e.type = ANY(%s)""",
            [list(named), [one.anchor for one in named.values()], source.pk, [str(one) for one in agents.TYPES]],
        )
        for name, type_, at, seq, event_id, state, reason, before in cursor.fetchall():
            body = {"state": state, "reason": reason, "prev_state": before}
            found.setdefault(name, []).append(agent_event(type_, at, seq, event_id, body))
    return found


def grouped(rows: Iterable[AgentSegment]) -> dict[str, list[AgentSegment]]:
    by_name: dict[str, list[AgentSegment]] = {}
    for one in rows:
        by_name.setdefault(one.agent, []).append(one)
    return by_name


def new_row(source: Source, name: str, one: Segment, person: int | None, site: int | None) -> AgentSegment:
    return AgentSegment(
        source=source, agent=name, person_id=person, site_id=site, starts_at=one.starts_at, ends_at=one.ends_at,
        state=one.state, reason=one.reason, gap=one.gap,
    )  # fmt: skip


def differs(row: AgentSegment, one: Segment, person: int | None, site: int | None) -> bool:
    return (row.ends_at, row.state, row.reason, row.gap, row.person_id, row.site_id) != (
        one.ends_at, one.state, one.reason, one.gap, person, site,
    )  # fmt: skip


def now_row(source: Source, agent: Agent, last: Segment, places: Places) -> AgentNow:
    person = places.person(agent.name, agent.last)
    return AgentNow(
        source=source, agent=agent.name, person_id=person, site_id=places.site(agent.site, person),
        channel=agent.channel, state=last.state, reason=last.reason, since=last.starts_at, heard_at=agent.last,
    )  # fmt: skip


def nows_write(rows: list[AgentNow]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO realtime_agentnow (source_id, agent, person_id, site_id, channel, state, reason, since,
                                              heard_at, interaction)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                                    %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[])
               ON CONFLICT (source_id, agent) DO UPDATE SET
                   person_id = CASE WHEN excluded.heard_at >= realtime_agentnow.heard_at THEN excluded.person_id
                                    ELSE realtime_agentnow.person_id END,
                   site_id = CASE WHEN excluded.heard_at >= realtime_agentnow.heard_at THEN excluded.site_id
                                  ELSE realtime_agentnow.site_id END,
                   channel = CASE WHEN excluded.channel = '' THEN realtime_agentnow.channel ELSE excluded.channel END,
                   state = excluded.state, reason = excluded.reason, since = excluded.since,
                   heard_at = GREATEST(realtime_agentnow.heard_at, excluded.heard_at)
               RETURNING id""",
            [
                [one.source_id for one in rows], [one.agent for one in rows], [one.person_id for one in rows],
                [one.site_id for one in rows], [one.channel for one in rows], [one.state for one in rows],
                [one.reason for one in rows], [one.since for one in rows], [one.heard_at for one in rows],
                ["" for _one in rows],
            ],
        )  # fmt: skip
        return [pk for (pk,) in cursor.fetchall()]


# Interactions --------------------------------------------------------------------------------------------------------


def calls(source: Source, rows: list[Event], places: Places, now: datetime) -> None:
    """The interactions of which these rows speak, each from all of its events."""
    numbers = {one.interaction for one in rows if one.type in interactions.TYPES}
    if not numbers:
        return
    said: dict[str, list[Said]] = {}
    for one in Event.objects.filter(source=source, interaction__in=numbers, parked="").exclude(interaction=""):
        if one.type in interactions.TYPES:
            heard = Said(one.occurred_at, one.seq or 0, one.source_event_id, one.type, one.agent, one.body)
            said.setdefault(one.interaction, []).append(heard)
    told = {number: interaction_of(group) for number, group in said.items()}
    places.know({one.agent for one in told.values()})
    was = Interaction.objects.filter(source=source, number__in=numbers)
    before = {one.number: (one.site_id, one.channel, one.arrived_at) for one in was}
    made = [call_row(source, number, one, places) for number, one in told.items()]
    Interaction.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["source", "number"], update_fields=UPDATED
    )
    overlaps_mark(source, made)
    spots = {(one.site_id, one.channel, one.arrived_at) for one in made} | set(before.values())
    touch(spots, now=now)


UPDATED = [
    "site", "channel", "category", "is_case", "outcome", "arrived_at", "queued_at", "answered_at", "submitted_at",
    "ended_at", "agent", "person", "wait_ms", "talk_ms", "hold_ms", "wrapup_ms", "handled", "faults",
]  # fmt: skip


def call_row(source: Source, number: str, told: Told, places: Places) -> Interaction:
    person = places.person(told.agent, told.answered_at or told.arrived_at)
    return Interaction(
        source=source, number=number, site_id=places.site(told.site, person),
        channel=CHANNELS.get(told.channel, told.channel) or "voice", category=told.category, is_case=told.is_case,
        outcome=told.outcome, arrived_at=told.arrived_at, queued_at=told.queued_at, answered_at=told.answered_at,
        submitted_at=told.submitted_at, ended_at=told.ended_at, agent=told.agent, person_id=person,
        wait_ms=told.wait_ms, talk_ms=told.talk_ms, hold_ms=told.hold_ms, wrapup_ms=told.wrapup_ms,
        handled=told.handled, faults=told.faults,
    )  # fmt: skip


# Two voice calls of one agent at once: both are faults, whichever came first. Asked of the agents that were touched,
# in the days that were.
OVERLAPS = """
WITH mine AS (
    SELECT i.id, i.agent, i.answered_at AS begins, i.faults,
           i.answered_at + (i.talk_ms + COALESCE(i.hold_ms, 0)) * interval '1 millisecond' AS ends
    FROM realtime_interaction i
    WHERE i.source_id = %(source)s AND i.agent = ANY(%(agents)s) AND i.agent <> '' AND i.channel = 'voice'
      AND i.answered_at IS NOT NULL AND i.talk_ms > 0
      AND i.answered_at > %(first)s::timestamptz - interval '11 hours'
      AND i.answered_at < %(last)s::timestamptz + interval '11 hours'
), judged AS (
    SELECT a.id, EXISTS (SELECT 1 FROM mine b WHERE b.agent = a.agent AND b.id <> a.id
                         AND b.begins < a.ends AND a.begins < b.ends) AS overlaps, a.faults FROM mine a
)
UPDATE realtime_interaction i
SET faults = CASE WHEN j.overlaps THEN array_append(i.faults, 'overlap') ELSE array_remove(i.faults, 'overlap') END
FROM judged j WHERE i.id = j.id AND j.overlaps <> ('overlap' = ANY(i.faults))
RETURNING i.site_id, i.channel, i.arrived_at
"""


def overlaps_mark(source: Source, rows: list[Interaction]) -> None:
    answered = [one for one in rows if one.answered_at and one.agent and one.channel == "voice"]
    if not answered:
        return
    times = [one.answered_at for one in answered if one.answered_at]
    with connection.cursor() as cursor:
        names = sorted({one.agent for one in answered})
        cursor.execute(OVERLAPS, {"source": source.pk, "agents": names, "first": min(times), "last": max(times)})
        spots = {tuple(row) for row in cursor.fetchall()}
    touch(spots)


# Activity ------------------------------------------------------------------------------------------------------------


def active(source: Source, rows: list[Event], places: Places, now: datetime) -> None:
    """Tell whoever minds under which names something was done, and when last."""
    latest: dict[str, Event] = {}
    for one in rows:
        out = one.type in {EventType.AGENT_LOGOUT, EventType.AGENT_HEARTBEAT}
        if not one.agent or out or str(one.body.get("state") or "").lower() == AgentState.OFFLINE:
            continue
        if one.agent not in latest or latest[one.agent].occurred_at < one.occurred_at:
            latest[one.agent] = one
    if not latest or not activity.seen.has_listeners():
        return
    places.know(latest)
    seen = [
        activity.Seen(
            name, places.person(name, one.occurred_at), one.occurred_at,
            "login" if one.type == EventType.AGENT_LOGIN else "activity", source.code,
        )
        for name, one in latest.items()
    ]  # fmt: skip
    activity.seen.send(Source, rows=seen, now=now)
