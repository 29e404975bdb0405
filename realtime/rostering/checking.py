"""What is wrong with a version of a roster (RTM-2): pure rules over facts that are read once.

A finding belongs to a day, and to a person or a shift; which codes block and which warn is a dated policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Q

from occ.people.choices import Channel
from occ.people.hindrances import LEAVE, Hindrance, hindrances
from occ.people.models import Person
from occ.policies.services import Values
from occ.times import next_month
from realtime.choices import DayKind, FindingCode
from realtime.models import Roster, RosterLine
from realtime.policies import BLOCKING, IN_ROW, LEADERS, REST, WEEK, skilled
from sdm.models import Employee

# A shift of the neighbouring months matters to rest, to the week and to days in a row.
AROUND = timedelta(days=31)


@dataclass(frozen=True)
class Limits:
    """As the policies hold for the site on the day of judging. `skilled`: agents of a shift by channel."""

    rest: timedelta
    week_minutes: float
    in_row: int
    leaders: int
    skilled: dict[str, int]
    blocking: frozenset[str]


@dataclass(frozen=True)
class Worked:
    """One shift of somebody. `own`: of the version that is judged, and not of a neighbour's."""

    person_id: int
    day: date
    shift_id: int
    starts_at: datetime
    ends_at: datetime
    paid: int
    leads: bool
    channel: str
    own: bool = True


@dataclass(frozen=True)
class Finding:
    """`params`: what its words name (see realtime.services.findings.words)."""

    code: str
    day: date
    person_id: int | None = None
    shift_id: int | None = None
    params: dict[str, Any] = field(default_factory=dict)

    def kept(self, limits: Limits) -> dict[str, Any]:
        return {"code": str(self.code), "day": self.day.isoformat(), "person": self.person_id, "shift": self.shift_id,
                "params": self.params, "blocks": self.code in limits.blocking}  # fmt: skip


@dataclass
class Facts:
    """All that the rules ask. `present`: people who should be on the roster; `channels`: by person."""

    worked: list[Worked]
    planned: set[tuple[int, date]]
    people: dict[int, Person]
    present: dict[int, Person]
    channels: dict[int, list[str]]
    hindered: dict[int, list[Hindrance]]


def limits_at(site_id: int, now: datetime) -> Limits:
    by_channel = {str(channel): skilled(channel) for channel in Channel}
    values = Values([REST, WEEK, IN_ROW, LEADERS, BLOCKING, *by_channel.values()], at=now)
    return Limits(
        timedelta(hours=values(REST, site_id)), 60 * values(WEEK, site_id), int(values(IN_ROW, site_id)),
        int(values(LEADERS, site_id)),
        {channel: n for channel, key in by_channel.items() if (n := int(values(key, site_id)))},
        frozenset(values(BLOCKING, site_id)),
    )  # fmt: skip


def facts_of(roster: Roster, people: Collection[int] | None = None) -> Facts:
    """`people`: only these (a swap's); else all of the version, and whoever is missing on it."""
    first, last = roster.month, next_month(roster.month) - timedelta(days=1)
    rows = RosterLine.objects.filter(roster=roster)
    if people is not None:
        rows = rows.filter(person_id__in=people)
    names = ("person_id", "day", "shift_id", "starts_at", "ends_at", "shift__paid_minutes", "shift__leads", "channel")
    lines = list(rows.values_list("kind", *names))
    known = {one[1] for one in lines}
    around = RosterLine.objects.in_force().filter(
        person_id__in=known, kind=DayKind.SHIFT, day__gte=first - AROUND, day__lte=last + AROUND
    )
    around = around.exclude(roster__site_id=roster.site_id, roster__month=roster.month)
    worked = [Worked(*one[1:]) for one in lines if one[0] == DayKind.SHIFT]
    worked += [replace(Worked(*one), own=False) for one in around.values_list(*names)]
    found = Person.objects.in_bulk(list(known))
    present = {} if people is not None else {
        one.pk: one
        for one in Person.objects.filter(
            Q(last_working_day=None) | Q(last_working_day__gte=first),
            site_id=roster.site_id, joined_on__lte=last, position__in={one.position for one in found.values()},
        )
    }  # fmt: skip
    hindered: dict[int, list[Hindrance]] = defaultdict(list)
    for one in hindrances(known, first, last):
        hindered[one.person_id].append(one)
    channels = dict(Employee.objects.filter(pk__in=known).values_list("pk", "channels"))
    return Facts(worked, {(one[1], one[2]) for one in lines}, found, present, channels, hindered)


def findings_of(facts: Facts, limits: Limits, days: Iterable[date]) -> list[Finding]:
    """Of these days, in their order."""
    wanted = set(days)
    by_person: dict[int, list[Worked]] = defaultdict(list)
    for one in facts.worked:
        by_person[one.person_id].append(one)
    found = [
        finding
        for person_id, shifts in by_person.items()
        for finding in _of_person(sorted(shifts, key=lambda one: one.starts_at), facts, limits, person_id)
    ]
    found += missing(facts, wanted)
    found += of_shifts(facts, limits, wanted)
    return sorted((one for one in found if one.day in wanted), key=lambda one: (one.day, one.code, one.person_id or 0))


def _of_person(shifts: list[Worked], facts: Facts, limits: Limits, person_id: int) -> Iterator[Finding]:
    yield from elsewhere(shifts)
    yield from unable(shifts, facts.people.get(person_id), facts.hindered.get(person_id, ()))
    yield from rest(shifts, limits)
    yield from week(shifts, limits)
    yield from in_row(shifts, limits)


def elsewhere(shifts: list[Worked]) -> Iterator[Finding]:
    """A roster of another site has the same day."""
    others = {one.day for one in shifts if not one.own}
    for one in shifts:
        if one.own and one.day in others:
            yield Finding(FindingCode.DOUBLE, one.day, one.person_id, one.shift_id)


def unable(shifts: list[Worked], person: Person | None, hindered: Collection[Hindrance]) -> Iterator[Finding]:
    """Who has left by then or has not come yet, who is on leave, who has no user ID to work with."""
    for one in shifts:
        if not one.own or person is None:
            continue
        last = person.last_working_day
        if one.day < person.joined_on or (last is not None and one.day > last):
            params = {"last": last.isoformat() if last else None, "joined": person.joined_on.isoformat()}
            yield Finding(FindingCode.LEAVER, one.day, one.person_id, one.shift_id, params)
            continue
        for kind in {each.kind for each in hindered if each.on(one.day)}:
            if kind == LEAVE or not one.leads:
                code = FindingCode.LEAVE if kind == LEAVE else FindingCode.USER_ID
                yield Finding(code, one.day, one.person_id, one.shift_id)


def rest(shifts: list[Worked], limits: Limits) -> Iterator[Finding]:
    """The time between the end of one shift and the beginning of the next."""
    for before, after in pairwise(shifts):
        at = after if after.own else before
        if not at.own:
            continue
        gap = after.starts_at - before.ends_at
        if gap < timedelta(0) and before.day == after.day and before.own != after.own:
            continue  # two sites on one day: told once
        if gap < timedelta(0):
            yield Finding(FindingCode.DOUBLE, at.day, at.person_id, at.shift_id)
        elif gap < limits.rest:
            params = {"hours": round(gap.total_seconds() / 3600, 2), "least": limits.rest.total_seconds() / 3600}
            yield Finding(FindingCode.REST, at.day, at.person_id, at.shift_id, params)


def week(shifts: list[Worked], limits: Limits) -> Iterator[Finding]:
    """Paid hours from Monday to Sunday; found on each day on which they are passed."""
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for one in shifts:
        key = one.day.isocalendar()[:2]
        sums[key] += one.paid
        if one.own and sums[key] > limits.week_minutes:
            params = {"hours": round(sums[key] / 60, 2), "most": limits.week_minutes / 60}
            yield Finding(FindingCode.HOURS, one.day, one.person_id, one.shift_id, params)


def in_row(shifts: list[Worked], limits: Limits) -> Iterator[Finding]:
    run, previous = 0, None
    for one in shifts:
        if one.day == previous:
            continue
        run = run + 1 if previous is not None and one.day - previous == timedelta(days=1) else 1
        previous = one.day
        if one.own and run > limits.in_row:
            params = {"days": run, "most": limits.in_row}
            yield Finding(FindingCode.IN_ROW, one.day, one.person_id, one.shift_id, params)


def missing(facts: Facts, days: Iterable[date]) -> list[Finding]:
    """Who works at the site in a position that is rostered, and has no cell on that day."""
    return [
        Finding(FindingCode.MISSING, day, person.pk)
        for day in days
        for person in facts.present.values()
        if person.joined_on <= day and (person.last_working_day is None or day <= person.last_working_day)
        and (person.pk, day) not in facts.planned
    ]  # fmt: skip


def of_shifts(facts: Facts, limits: Limits, days: set[date]) -> Iterator[Finding]:
    """Whether each shift has the people for each channel, and a team leader at any time."""
    by_shift: dict[tuple[date, int], list[Worked]] = defaultdict(list)
    leaders = sorted((one for one in facts.worked if one.leads), key=lambda one: one.starts_at)
    for one in facts.worked:
        if one.own and not one.leads and one.day in days:
            by_shift[one.day, one.shift_id].append(one)
    for (day, shift_id), people in by_shift.items():
        for channel, least in limits.skilled.items():
            able = sum(1 for one in people if channel in able_for(one, facts))
            if able < least:
                params = {"channel": channel, "people": able, "least": least}
                yield Finding(FindingCode.SKILL, day, None, shift_id, params)
        start, end = people[0].starts_at, people[0].ends_at
        if limits.leaders and (gap := unled(start, end, leaders, limits.leaders)):
            params = {"from": gap[0].isoformat(), "to": gap[1].isoformat(), "least": limits.leaders}
            yield Finding(FindingCode.LEADER, day, None, shift_id, params)


def able_for(one: Worked, facts: Facts) -> list[str]:
    return [one.channel] if one.channel else facts.channels.get(one.person_id) or []


def unled(start: datetime, end: datetime, leaders: list[Worked], least: int) -> tuple[datetime, datetime] | None:
    """The first time of it in which fewer than `least` lead."""
    there = [one for one in leaders if one.starts_at < end and one.ends_at > start]
    edges = sorted({start, end, *(min(end, max(start, at)) for one in there for at in (one.starts_at, one.ends_at))})
    for begin, stop in pairwise(edges):
        if sum(1 for one in there if one.starts_at <= begin and one.ends_at >= stop) < least:
            return begin, stop
    return None
