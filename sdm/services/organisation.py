"""The organisation of a site on a day, out of placements and teams (MO 1.5, SDM-10)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, FilteredRelation, Q

from occ.people.choices import Role
from occ.people.models import Person, Site, Team
from occ.people.scope import SITE_WIDE
from occ.policies.services import policy_value
from sdm.models import Placement
from sdm.overview.policies import ABOVE, RANKS

CHART_READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})
NAMED = 14  # of a position that more people hold only the number is drawn
MEMBERS = 600  # people of a site up to which a team's members are drawn by name


@dataclass
class Post:
    """A position of the site outside the teams, with the people who hold it, if they are few."""

    position: str
    count: int
    people: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class TeamBox:
    team: Team
    leaders: list[tuple[int, str]]
    positions: list[tuple[str, int]]
    members: list[tuple[int, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(n for _position, n in self.positions)


@dataclass
class Chart:
    """`levels`: posts from the top down; those that no rank names stand beside the teams, on the last one."""

    site: Site
    day: date
    above: list[str]
    levels: list[list[Post]]
    teams: list[TeamBox]
    count: int


def organisation(*, site: Site, day: date, now: datetime) -> Chart:
    """By five queries, whatever the number of people; names are read only where they are drawn."""
    found = Placement.objects.standing_on(day).filter(site=site)
    inside = Q(employee__person__memberships__starts_on__lte=day) & (
        Q(employee__person__memberships__ends_on=None) | Q(employee__person__memberships__ends_on__gte=day)
    )
    rows = found.annotate(mine=FilteredRelation("employee__person__memberships", condition=inside))
    sums = list(rows.order_by().values_list("mine__team_id", "position", "leader_id").annotate(n=Count("pk")))
    posts: dict[str, int] = defaultdict(int)
    positions: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    led: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for team_id, position, leader_id, n in sums:
        if team_id is None:
            posts[position] += n
            continue
        positions[team_id][position] += n
        if leader_id is not None:
            led[team_id][leader_id] += n
    ranks = {one["label"].casefold(): int(one["rank"]) for one in policy_value(RANKS, at=now)}
    few = [position for position, n in posts.items() if n <= NAMED]
    named: dict[str, list[tuple[int, str]]] = defaultdict(list)
    alone = rows.filter(mine__isnull=True, position__in=few).order_by("employee__person__name")
    for position, pk, name in alone.values_list("position", "employee_id", "employee__person__name"):
        named[position].append((pk, name))
    levels: dict[int, list[Post]] = defaultdict(list)
    last = max(ranks.values(), default=0) + 1
    for position in sorted(posts):
        levels[ranks.get(position.casefold(), last)].append(Post(position, posts[position], named[position]))
    count = sum(posts.values()) + sum(n for one in positions.values() for n in one.values())
    drawn = [levels[rank] for rank in sorted(levels)]
    above = [str(one["label"]) for one in policy_value(ABOVE, at=now)]
    return Chart(site, day, above, drawn, _teams(rows, positions, led, ranks, count), count)


def _teams(
    rows: Any, positions: dict[int, dict[str, int]], led: dict[int, dict[int, int]], ranks: dict[str, int], count: int
) -> list[TeamBox]:
    """Who leads a team: whom most of its people name as their leader."""
    chief = {team: max(leaders, key=lambda pk: (leaders[pk], -pk)) for team, leaders in led.items()}
    names = dict(Person.objects.filter(pk__in=chief.values()).values_list("pk", "name"))
    members: dict[int, list[tuple[int, str]]] = defaultdict(list)
    if count <= MEMBERS:
        all_of = rows.filter(mine__isnull=False).order_by("employee__person__name")
        for team_id, pk, name in all_of.values_list("mine__team_id", "employee_id", "employee__person__name"):
            members[team_id].append((pk, name))
    found = []
    for team in Team.objects.filter(pk__in=positions).order_by("code"):
        leader = chief.get(team.pk)
        counts = sorted(positions[team.pk].items(), key=lambda one: (ranks.get(one[0].casefold(), 99), -one[1], one[0]))
        leaders = [(leader, names[leader])] if leader is not None else []
        found.append(TeamBox(team, leaders, counts, members[team.pk]))
    return found
