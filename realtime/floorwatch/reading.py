"""The floor as the database knows it: everybody at once, or those of whom something was heard (RTM-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from occ.people.models import Person, Site, TeamMembership, in_force
from occ.policies.services import Values
from occ.times import JAKARTA, local_day
from realtime.choices import AgentState, AuxReason
from realtime.floorwatch.rows import SOON, House, Known, Who, present_shift, reasons_summed
from realtime.models import AgentNow, Roster, Source
from realtime.policies import DROP, GRACE, aux_allowance
from realtime.rostering.plan import Planned, planned

AHEAD = timedelta(minutes=15)  # shifts are read so long before they are shown
HEARD = timedelta(hours=16)  # of whom nothing was heard for so long is not on the floor, unless planned
POLICIES = [GRACE, DROP, *(aux_allowance(reason) for reason in AuxReason.values)]

# What is known of these agents: their rows, and of their shift so far since when they are there and their ended AUX.
KNOWN = """
SELECT n.id, n.source_id, n.agent, n.person_id, n.site_id, n.channel, n.state, n.reason, n.since, n.heard_at,
       x.first_at, x.reasons, x.seconds
FROM unnest(%(ids)s::bigint[], %(sinces)s::timestamptz[]) AS asked(id, since)
JOIN realtime_agentnow n ON n.id = asked.id
LEFT JOIN LATERAL (
    SELECT min(s.starts_at) FILTER (WHERE s.state NOT IN ('offline', 'unknown')) AS first_at,
           array_agg(s.reason) FILTER (WHERE s.state = 'aux' AND s.ends_at IS NOT NULL) AS reasons,
           array_agg(EXTRACT(epoch FROM s.ends_at - GREATEST(s.starts_at, asked.since)))
               FILTER (WHERE s.state = 'aux' AND s.ends_at IS NOT NULL) AS seconds
    FROM realtime_agentsegment s
    WHERE s.person_id = n.person_id AND s.starts_at > asked.since - interval '16 hours'
      AND (s.ends_at IS NULL OR s.ends_at > asked.since) AND s.state <> 'offline'
) x ON true
"""


class Floor:
    """Who is on the floor, what is planned for them and what is known; `rows` of it are made elsewhere."""

    def __init__(self, now: datetime) -> None:
        self.read_at = now
        self.house = House(sources(), Values(POLICIES, at=now))
        self.plan: dict[int, list[Planned]] = planned(start=now - SOON, end=now + SOON + AHEAD)
        self.codes = dict(Site.objects.values_list("pk", "code"))
        self.who: dict[str, Who] = {}
        self.known: dict[str, dict[int, Known]] = {}
        self.key_of: dict[int, str] = {}  # AgentNow -> key
        self.people: set[int] = set()  # of whom `who` knows
        self.strangers: set[str] = set()  # keys of names whose holder has become known: they leave the board
        here = AgentNow.objects.filter(heard_at__gt=now - HEARD).exclude(state=AgentState.OFFLINE)
        planned_now = AgentNow.objects.filter(person__in=list(self.plan))
        found = list(here.values_list("pk", "person_id").union(planned_now.values_list("pk", "person_id")))
        self.meet({*self.plan, *(person for _pk, person in found if person is not None)}, now)
        self.take(found, now)

    # Who ------------------------------------------------------------------------------------------------------------

    def meet(self, people: Collection[int], now: datetime) -> None:
        """Take up people: where they belong today."""
        day = local_day(now, JAKARTA)
        wanted = [pk for pk in people if pk not in self.people]
        if not wanted:
            return
        teams = TeamMembership.objects.filter(in_force(day), person__in=wanted)
        team_of = {row[0]: row[1:] for row in teams.values_list("person_id", "team_id", "team__name")}
        rows = Person.objects.filter(pk__in=wanted).values_list("pk", "name", "number", "site_id", "site__code")
        for pk, name, number, site_id, site in rows:
            team_id, team = team_of.get(pk, (None, ""))
            self.who[f"p{pk}"] = Who(f"p{pk}", name, number, pk, site_id, site, team_id, team)
            self.people.add(pk)

    # What is known --------------------------------------------------------------------------------------------------

    def take(self, ids: Iterable[tuple[int, int | None]], now: datetime) -> set[str]:
        """Read these AgentNow rows; the keys of whom they speak. The person tells since when to look."""
        asked = list(ids)
        if not asked:
            return set()
        sinces = [self.shift_begins(person, now) for _pk, person in asked]
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, {"ids": [pk for pk, _person in asked], "sinces": sinces})
            rows = cursor.fetchall()
        strangers = {row[3] for row in rows if row[3] is not None} - self.people
        if strangers:
            self.meet(strangers, now)
        return {self.keep(row) for row in rows}

    def heard(self, ids: Collection[int], now: datetime) -> set[str]:
        """The same of rows of which only the keys were told."""
        people = {pk: self.who[key].person_id for pk in ids if (key := self.key_of.get(pk)) is not None}
        if new := [pk for pk in ids if pk not in people]:  # since when to look is known once it is known whose it is
            people |= dict(AgentNow.objects.filter(pk__in=new).values_list("pk", "person_id"))
        return self.take([(pk, people.get(pk)) for pk in ids], now)

    def shift_begins(self, person: int | None, now: datetime) -> datetime:
        shift = present_shift(self.plan.get(person, []), now) if person is not None else None
        return shift.starts_at if shift and shift.starts_at else now - HEARD

    def keep(self, row: tuple[Any, ...]) -> str:
        pk, source, agent, person, site, channel, state, reason, since, heard_at, first_at, reasons, seconds = row
        key = f"p{person}" if person is not None else f"n{pk}"
        if person is None:
            self.who[key] = Who(key, agent, agent, None, site, self.codes.get(site, ""))
        was = self.key_of.get(pk)
        if was is not None and was != key:
            self.known.get(was, {}).pop(pk, None)
            if was.startswith("n"):
                del self.who[was]
                self.strangers.add(was)
        self.key_of[pk] = key
        aux = reasons_summed(list(zip(reasons, map(float, seconds), strict=True))) if reasons else {}
        known = Known(pk, source, channel, state, reason, since, heard_at, first_at, aux)
        self.known.setdefault(key, {})[pk] = known
        return key

    def latest(self, key: str) -> Known | None:
        """Of several sources that know somebody, the one that was heard last."""
        return max(self.known.get(key, {}).values(), key=lambda one: (one.heard_at, one.pk), default=None)

    def shift(self, key: str, now: datetime) -> Planned | None:
        person = self.who[key].person_id
        return present_shift(self.plan.get(person, []), now) if person is not None else None


def sources() -> dict[int, Source]:
    return {one.pk: one for one in Source.objects.all()}


def rosters(now: datetime) -> list[tuple[Any, ...]]:
    """Changes when another version of a month that is shown is published."""
    days = [local_day(now + step, JAKARTA).replace(day=1) for step in (-HEARD, timedelta(0), SOON + AHEAD)]
    found = Roster.objects.published().filter(month__in=days).order_by("pk")
    return list(found.values_list("pk", "version", "published_at"))
