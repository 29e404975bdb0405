"""Interactions that new events speak of (RTM-4): each made anew from all events of its number.

Ten thousand events a second go through here: statements take whole columns, and no row becomes an object of the ORM.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from realtime.choices import EventType
from realtime.deriving import interactions
from realtime.deriving.interactions import Said, Told, interaction_of
from realtime.models import Event, Interaction, Source
from realtime.services.agents import columns
from realtime.services.ingesting import CHANNELS
from realtime.services.intervals import SETTLED, touch
from realtime.services.places import Places

TELLING = interactions.TYPES | {EventType.WITHDRAWN}
Extent = tuple[str, datetime, datetime]  # an agent with a customer: from, until


def calls_derive(source: Source, rows: list[Event], places: Places, now: datetime) -> None:
    rows = [one for one in rows if one.interaction and one.type in TELLING]
    numbers = sorted({one.interaction for one in rows})
    if not numbers:
        return
    told = {number: interaction_of(group) for number, group in said_of(source, numbers).items()}
    places.know(one.agent for one in told.values())
    late = {one.interaction for one in rows if one.received_at - one.occurred_at > SETTLED}
    spots, extents = standing(source, numbers)
    forget(source, [one for one in numbers if one not in told])
    made = [row_of(number, one, places) for number, one in told.items()]
    write(source, made)
    spots |= {(row[0], row[1], row[2], row[6]) for row in made}
    extents += [found for one in told.values() if (found := extent_of(one)) is not None]
    overlapping = overlaps_mark(source, extents)
    touch((one[1:] for one in spots if one[0] not in late), now=now)
    touch((one[1:] for one in spots if one[0] in late), now=now, late=True)
    touch(overlapping, now=now, late=bool(late))


def said_of(source: Source, numbers: list[str]) -> dict[str, list[Said]]:
    """By number, what was told and not taken back; a number of which nothing is left is not there."""
    found: dict[str, list[Said]] = {}
    withdrawn: set[str] = set()
    events = Event.objects.filter(source=source, interaction__in=numbers, parked="").exclude(interaction="")
    for number, at, seq, event_id, kind, agent, body in events.values_list(
        "interaction", "occurred_at", "seq", "source_event_id", "type", "agent", "body"
    ):
        if kind in interactions.TYPES:
            found.setdefault(number, []).append(Said(at, seq or 0, event_id, kind, agent, body))
        elif kind == EventType.WITHDRAWN:
            withdrawn.add(body["withdraws"])
    if withdrawn:
        left = {number: [one for one in said if one.event_id not in withdrawn] for number, said in found.items()}
        found = {number: said for number, said in left.items() if said}
    return found


def forget(source: Source, numbers: list[str]) -> None:
    """Interactions of which all that told of them was taken back."""
    if numbers:
        Interaction.objects.filter(source=source, number__in=numbers).delete()


def standing(source: Source, numbers: list[str]) -> tuple[set[Any], list[Extent]]:
    """Where these interactions are counted so far, and whose time they take."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT number, site_id, channel, arrived_at, agent, answered_at, talk_ms, hold_ms
               FROM realtime_interaction
               WHERE source_id = %s AND number = ANY(%s)""",
            [source.pk, numbers],
        )
        rows = cursor.fetchall()
    extents = [
        (agent, answered, answered + timedelta(milliseconds=talk + (hold or 0)))
        for _number, _site, channel, _at, agent, answered, talk, hold in rows
        if agent and answered and talk and channel == "voice"
    ]
    return {row[:4] for row in rows}, extents


def row_of(number: str, told: Told, places: Places) -> tuple[Any, ...]:
    person = places.person(told.agent, told.answered_at or told.arrived_at)
    return (
        number, places.site(told.site, person), channel_of(told), told.category, told.is_case, str(told.outcome),
        told.arrived_at, told.queued_at, told.answered_at, told.submitted_at, told.ended_at, told.agent, person,
        told.wait_ms, told.talk_ms, told.hold_ms, told.wrapup_ms, told.handled, f"{{{','.join(told.faults)}}}",
    )  # fmt: skip


def channel_of(told: Told) -> str:
    return str(CHANNELS.get(told.channel, told.channel) or "voice")


WRITE = """
INSERT INTO realtime_interaction (source_id, number, site_id, channel, category, is_case, outcome, arrived_at,
    queued_at, answered_at, submitted_at, ended_at, agent, person_id, wait_ms, talk_ms, hold_ms, wrapup_ms, handled,
    faults)
SELECT %s, number, site_id, channel, category, is_case, outcome, arrived_at, queued_at, answered_at, submitted_at,
       ended_at, agent, person_id, wait_ms, talk_ms, hold_ms, wrapup_ms, handled, faults::varchar[]
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::timestamptz[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[],
            %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::text[])
     AS n(number, site_id, channel, category, is_case, outcome, arrived_at, queued_at, answered_at, submitted_at,
          ended_at, agent, person_id, wait_ms, talk_ms, hold_ms, wrapup_ms, handled, faults)
ON CONFLICT (source_id, number) DO UPDATE SET
    (site_id, channel, category, is_case, outcome, arrived_at, queued_at, answered_at, submitted_at, ended_at, agent,
     person_id, wait_ms, talk_ms, hold_ms, wrapup_ms, handled, faults) =
    (excluded.site_id, excluded.channel, excluded.category, excluded.is_case, excluded.outcome, excluded.arrived_at,
     excluded.queued_at, excluded.answered_at, excluded.submitted_at, excluded.ended_at, excluded.agent,
     excluded.person_id, excluded.wait_ms, excluded.talk_ms, excluded.hold_ms, excluded.wrapup_ms, excluded.handled,
     excluded.faults)
"""


def write(source: Source, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [source.pk, *columns(rows)])


def extent_of(told: Told) -> Extent | None:
    if not (told.agent and told.answered_at and told.talk_ms) or channel_of(told) != "voice":
        return None
    until = told.answered_at + timedelta(milliseconds=told.talk_ms + (told.hold_ms or 0))
    return told.agent, told.answered_at, until


# Two voice calls of one agent at once: both are faults, whichever came first. Judged are the calls that lie where one
# has changed, in the time that it takes now or took before; an agent's calls are gone through in order, once. A call
# lasts eleven hours at most here (ten-hour ones are faults already), so that those around it reach no further.
OVERLAPS = """
WITH around AS (
    SELECT i.id, i.faults, i.answered_at AS begins, i.ends, w.starts, w.ends AS until,
           max(i.ends) OVER (PARTITION BY w.agent ORDER BY i.answered_at, i.id
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
           lead(i.answered_at) OVER (PARTITION BY w.agent ORDER BY i.answered_at, i.id) AS next
    FROM unnest(%(agents)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS w(agent, starts, ends)
    JOIN LATERAL (
        SELECT x.id, x.faults, x.answered_at,
               x.answered_at + (x.talk_ms + COALESCE(x.hold_ms, 0)) * interval '1 millisecond' AS ends
        FROM realtime_interaction x
        WHERE x.source_id = %(source)s AND x.agent = w.agent AND x.agent <> '' AND x.channel = 'voice' AND x.talk_ms > 0
          AND x.answered_at > w.starts - interval '22 hours' AND x.answered_at < w.ends + interval '11 hours'
    ) i ON true
), judged AS (
    SELECT id, faults, COALESCE(before > begins, false) OR COALESCE(next < ends, false) AS overlaps FROM around
    WHERE begins <= until AND ends >= starts AND begins > starts - interval '11 hours'
)
UPDATE realtime_interaction i
SET faults = CASE WHEN j.overlaps THEN array_append(i.faults, 'overlap') ELSE array_remove(i.faults, 'overlap') END
FROM judged j WHERE i.id = j.id AND j.overlaps <> ('overlap' = ANY(i.faults))
RETURNING i.site_id, i.channel, i.arrived_at
"""


def overlaps_mark(source: Source, extents: list[Extent]) -> set[Any]:
    """Where the interactions are counted that became, or are no more, a fault."""
    if not extents:
        return set()
    span: dict[str, tuple[datetime, datetime]] = {}
    for agent, start, end in extents:
        first, last = span.get(agent, (start, end))
        span[agent] = min(first, start), max(last, end)
    with connection.cursor() as cursor:
        agents, starts, ends = columns([(agent, *both) for agent, both in span.items()])
        cursor.execute(OVERLAPS, {"source": source.pk, "agents": agents, "starts": starts, "ends": ends})
        return set(cursor.fetchall())
