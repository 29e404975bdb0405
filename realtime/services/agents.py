"""Segments and AgentNow of the names that new events speak of (RTM-4): made anew from the first instant that can have
changed, and written as far as they did. The caller holds the source's lock.

Ten thousand events a second go through here: statements take whole columns, and no row becomes an object of the ORM.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from realtime.choices import EventType
from realtime.deriving import agents
from realtime.deriving.agents import AgentEvent, Segment, agent_event, segments_of
from realtime.models import AgentNow, Event, Source
from realtime.services.ingesting import CHANNELS
from realtime.services.intervals import staff_touch
from realtime.services.places import Places
from realtime.services.staleness import records_touch

TELLING = agents.TYPES | {EventType.WITHDRAWN}


@dataclass
class Agent:
    """One name of the source: since when its events may have changed, and what stands there."""

    name: str
    first: datetime
    last: datetime
    site: str
    channel: str
    anchor: datetime | None = None


class Standing(NamedTuple):
    """A segment as it is in the database; from `ends_at` on, what may differ from what is derived."""

    pk: int
    agent: str
    starts_at: datetime
    ends_at: datetime | None
    state: str
    reason: str
    gap: bool
    person_id: int | None
    site_id: int | None


def agents_derive(source: Source, rows: list[Event], places: Places) -> list[int]:
    """The keys of the AgentNow rows that were written."""
    named = named_in(rows)
    if not named:
        return []
    anchor(source, named)
    told = events_since(source, named)
    standing = segments_standing(source, named)
    gone: list[int] = []
    made: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    touched: list[tuple[int | None, datetime, datetime | None]] = []
    people: list[tuple[int | None, datetime, datetime | None]] = []
    silent: list[str] = []
    nows: list[tuple[Any, ...]] = []
    for name, agent in named.items():
        was = {one.starts_at: one for one in standing.get(name, ())}
        for one in (derived := segments_of(told.get(name, ()))):
            row = was.pop(one.starts_at, None)
            person = places.person(name, one.starts_at)
            site = places.site(agent.site, person)
            now = (one.ends_at, one.state, one.reason, one.gap, person, site)
            if row is None:
                made.append((name, one.starts_at, *now))
            elif row[3:] != now:
                touched.append((row.site_id, row.starts_at, row.ends_at))
                people.append((row.person_id, row.starts_at, row.ends_at))
                kept.append((row.pk, *now))
            else:
                continue
            touched.append((site, one.starts_at, one.ends_at))
            people.append((person, one.starts_at, one.ends_at))
        gone += [row.pk for row in was.values()]
        touched += [(row.site_id, row.starts_at, row.ends_at) for row in was.values()]
        people += [(row.person_id, row.starts_at, row.ends_at) for row in was.values()]
        if derived:
            nows.append(now_of(agent, derived[-1], places))
        elif agent.anchor is None:
            silent.append(name)
    segments_write(source, gone, kept, made)
    staff_touch(touched)
    records_touch(people)
    if silent:  # all that was told of them was taken back
        AgentNow.objects.filter(source=source, agent__in=silent).delete()
    return nows_write(source, nows)


def named_in(rows: Iterable[Event]) -> dict[str, Agent]:
    named: dict[str, Agent] = {}
    for one in rows:
        if one.agent and one.type in TELLING:
            agent = named.setdefault(one.agent, Agent(one.agent, one.occurred_at, one.occurred_at, "", ""))
            agent.first, agent.last = min(agent.first, one.occurred_at), max(agent.last, one.occurred_at)
            agent.site = agent.site or str(one.body.get("site") or "").strip()
            channel = str(one.body.get("channel") or "").strip().lower()
            agent.channel = CHANNELS.get(channel, channel) if channel else agent.channel
    return named


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


def events_since(source: Source, named: dict[str, Agent]) -> dict[str, list[AgentEvent]]:
    """By name, what was told and not taken back."""
    found: dict[str, list[AgentEvent]] = {}
    withdrawn: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.agent, e.type, e.occurred_at, e.seq, e.source_event_id, e.body->>'state', e.body->>'reason',
                      e.body->>'prev_state', e.body->>'withdraws'
               FROM unnest(%s::text[], %s::timestamptz[]) AS n(agent, since)
               JOIN realtime_event e ON e.source_id = %s AND e.agent = n.agent AND e.agent <> '' AND e.parked = ''
                    AND e.occurred_at >= COALESCE(n.since, '-infinity')
               WHERE e.type = ANY(%s)""",
            [list(named), [one.anchor for one in named.values()], source.pk, [str(one) for one in TELLING]],
        )
        for name, type_, at, seq, event_id, state, reason, before, withdraws in cursor.fetchall():
            if type_ == EventType.WITHDRAWN:
                withdrawn.add(withdraws)
                continue
            body = {"state": state, "reason": reason, "prev_state": before}
            found.setdefault(name, []).append(agent_event(type_, at, seq, event_id, body))
    if withdrawn:
        found = {name: [one for one in told if one.event_id not in withdrawn] for name, told in found.items()}
    return found


def segments_standing(source: Source, named: dict[str, Agent]) -> dict[str, list[Standing]]:
    """Segments of these names from their anchors on."""
    found: dict[str, list[Standing]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.id, s.agent, s.starts_at, s.ends_at, s.state, s.reason, s.gap, s.person_id, s.site_id
               FROM unnest(%s::text[], %s::timestamptz[]) AS n(agent, since)
               JOIN realtime_agentsegment s ON s.source_id = %s AND s.agent = n.agent
                    AND s.starts_at >= COALESCE(n.since, '-infinity')""",
            [list(named), [one.anchor for one in named.values()], source.pk],
        )
        for row in cursor.fetchall():
            found.setdefault(row[1], []).append(Standing(*row))
    return found


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(one) for one in zip(*rows, strict=True)]


def segments_write(source: Source, gone: list[int], kept: list[tuple[Any, ...]], made: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        if gone:
            cursor.execute("DELETE FROM realtime_agentsegment WHERE id = ANY(%s)", [gone])
        if kept:
            cursor.execute(
                """UPDATE realtime_agentsegment s SET ends_at = n.ends_at, state = n.state, reason = n.reason,
                          gap = n.gap, person_id = n.person_id, site_id = n.site_id
                   FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::boolean[], %s::bigint[],
                               %s::bigint[]) AS n(id, ends_at, state, reason, gap, person_id, site_id)
                   WHERE s.id = n.id""",
                columns(kept),
            )
        if made:
            cursor.execute(
                """INSERT INTO realtime_agentsegment (source_id, agent, starts_at, ends_at, state, reason, gap,
                                                      person_id, site_id)
                   SELECT %s, * FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[],
                                            %s::boolean[], %s::bigint[], %s::bigint[])""",
                [source.pk, *columns(made)],
            )


def now_of(agent: Agent, last: Segment, places: Places) -> tuple[Any, ...]:
    person = places.person(agent.name, agent.last)
    site = places.site(agent.site, person)
    return agent.name, person, site, agent.channel, last.state, last.reason, last.starts_at, agent.last


def nows_write(source: Source, rows: list[tuple[Any, ...]]) -> list[int]:
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO realtime_agentnow (source_id, agent, person_id, site_id, channel, state, reason, since,
                                              heard_at, interaction)
               SELECT %s, n.*, '' FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                                              %s::text[], %s::timestamptz[], %s::timestamptz[]) AS n
               ON CONFLICT (source_id, agent) DO UPDATE SET
                   person_id = CASE WHEN excluded.heard_at >= realtime_agentnow.heard_at THEN excluded.person_id
                                    ELSE realtime_agentnow.person_id END,
                   site_id = CASE WHEN excluded.heard_at >= realtime_agentnow.heard_at THEN excluded.site_id
                                  ELSE realtime_agentnow.site_id END,
                   channel = CASE WHEN excluded.channel = '' THEN realtime_agentnow.channel ELSE excluded.channel END,
                   state = excluded.state, reason = excluded.reason, since = excluded.since,
                   heard_at = GREATEST(realtime_agentnow.heard_at, excluded.heard_at)
               RETURNING id""",
            [source.pk, *columns(rows)],
        )
        return [pk for (pk,) in cursor.fetchall()]
