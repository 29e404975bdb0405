"""Whose turn it is: the processes in which somebody can bring the next step, for "Today".

An app registers one source per flow: the rows that a user may see, ordered by urgency.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from occ.notifications.addressees import holders, reachable
from occ.people.choices import Role
from occ.people.models import Site, Team, User
from occ.people.scope import has_role
from occ.times import local_day
from occ.workflow.flows import Flow

LIMIT = 30
NAMED = 6  # more than that are a role
# Ways out of a process are open most of the time, but nobody waits for them.
WAYS_OUT = {"fail", "cancel", "waive", "reopen", "withdraw", "recall", "refuse"}


@dataclass(frozen=True)
class Turn:
    """What waits: `what_next` names the step; `due_at` None where no clock runs."""

    title: str
    url: str
    what_next: str
    place: str
    due_at: datetime | None
    zone: ZoneInfo


@dataclass(frozen=True)
class Source:
    flow: Flow
    rows: Callable[[User], "models.QuerySet[Any]"]
    title: Callable[[Any], str]
    due_at: Callable[[Any], datetime | None]
    # For what else the step of that name has to wait, in words; "" where it can be made.
    waits: Callable[[Any, str], str] = lambda row, name: ""


@dataclass(frozen=True)
class Stuck:
    """What beat could not bring about, though its time has come; or what else waits for nobody, under its `heading`."""

    title: str
    url: str
    heading: str = ""


@dataclass(frozen=True)
class Waiting:
    """For whom a step waits: roles in words, and who holds them there; nobody by name where they are many."""

    label: str
    roles: str
    people: str


SOURCES: list[Source] = []
ASKED: list[Callable[[User], Iterable[Turn]]] = []
STUCK: list[Callable[[User], Iterable[Stuck]]] = []


def register(source: Source) -> None:
    SOURCES.append(source)


def register_asked(source: Callable[[User], Iterable[Turn]]) -> None:
    """What else an app asks of that user on "Today", and no flow does: a document to be signed."""
    ASKED.append(source)


def register_stuck(source: Callable[[User], Iterable[Stuck]]) -> None:
    """What of an app's own is parked with an error and shown to that user on "Today"."""
    STUCK.append(source)


def stuck_for(user: User) -> list[Stuck]:
    return [one for source in STUCK for one in source(user)]


def waiting(label: Any, roles: Iterable[str], *, site: Site, team: Team | None = None, now: datetime) -> Waiting:
    wanted, day = [role for role in Role if role in set(roles)], local_day(now, site.zone)
    found: dict[int, User] = {}
    for role in wanted:
        held = holders(role, site=site, team=team, day=day)
        found |= {one.pk: one for one in reachable(held, day=day)}
    names = sorted(one.person.name if one.person else str(one) for one in found.values())
    words = ", ".join(names) if len(names) <= NAMED else ""
    return Waiting(str(label), ", ".join(str(role.label) for role in wanted), words)


def waits_for(flow: Flow, subject: Any, *, reader: User, now: datetime) -> list[Waiting]:
    """For whom the steps wait that bring the process on.

    Nothing where the system brings the next one, and nothing where the reader does: the page shows it to them.
    """
    onward = [one for one in flow.transitions if subject.status in one.source and one.name not in WAYS_OUT]
    if any(one.open_to(reader, subject.site) for one in onward):
        return []
    team = getattr(subject, "team", None)
    return [waiting(one.label, one.by_roles, site=subject.site, team=team, now=now) for one in onward if one.by_roles]


def turns_for(user: User) -> list[Turn]:
    """At most `LIMIT` of each flow, soonest first; those without a clock after those with one."""
    found = [turn for source in SOURCES for turn in _turns(source, user)]
    found += [turn for asked in ASKED for turn in asked(user)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at.timestamp() if one.due_at else 0.0))


def _turns(source: Source, user: User) -> list[Turn]:
    mine = [one for one in source.flow.transitions if one.name not in WAYS_OUT and has_role(user, one.by_roles)]
    states = {state for one in mine for state in one.source}
    if not states:
        return []
    turns = []
    for row in source.rows(user).filter(status__in=states)[:LIMIT]:
        step = next((one for one in mine if row.status in one.source and one.open_to(user, row.site)), None)
        if step is not None:
            title, due_at = source.title(row), source.due_at(row)
            words = source.waits(row, step.name) or str(step.label)
            turns.append(Turn(title, row.get_absolute_url(), words, row.site.code, due_at, row.site.zone))
    return turns
