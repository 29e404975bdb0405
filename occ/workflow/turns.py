"""Whose turn it is: the processes in which somebody can bring the next step, for "Today".

An app registers one source per flow: the rows that a user may see, ordered by urgency.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.notifications.addressees import holders, reachable
from occ.people.choices import Role
from occ.people.models import Person, Site, Team, TeamMembership, User, in_force
from occ.people.scope import has_role, roles_know, roles_of
from occ.times import JAKARTA, local_day
from occ.workflow.flows import Flow, Transition

LIMIT = 30
SHOWN = 10  # of what has stopped
NAMED = 6  # more than that are a role
ASKED_OF = 12  # of more than that nobody is asked who of them can make the step
# Ways out of a process are open most of the time, but nobody waits for them.
WAYS_OUT = {"fail", "cancel", "waive", "reopen", "withdraw", "recall", "refuse", "void", "postpone", "annul"}
# Of these two answers the first is no more the next step than the second: who gives one decides.
YES, NO = {"approve", "accept", "uphold", "confirm"}, {"refuse", "reject", "decline", "dismiss", "drop"}


@dataclass(frozen=True)
class Turn:
    """What waits: `what_next` names the step, or asks for a decision; `place` is site and team; `due_at` None where no
    clock runs. `elsewhere`: of a team that the user does not lead, though there is one that the user does.
    """

    title: str
    url: str
    what_next: str
    place: str
    due_at: datetime | None
    zone: ZoneInfo
    elsewhere: bool = False


@dataclass(frozen=True)
class Source:
    """`team`: the lookup of the team that a row concerns; `person`: of whom it is about, else: the team is theirs.
    `all_of`: name of the page that lists them all.
    """

    flow: Flow
    rows: Callable[[User], "models.QuerySet[Any]"]
    title: Callable[[Any], str]
    due_at: Callable[[Any], datetime | None]
    # For what else the step of that name has to wait, in words; "" where it can be made.
    waits: Callable[[Any, str], str] = lambda row, name: ""
    team: str = ""
    person: str = ""
    all_of: str = ""


@dataclass(frozen=True)
class Stuck:
    """What beat could not bring about, though its time has come; or what else waits for nobody, under its `heading`."""

    title: str
    url: str
    heading: str = ""


@dataclass(frozen=True)
class Waiting:
    """For whom a step waits: roles in words, and who holds them there; nobody by name where they are many.

    `nobody`: all who hold them were asked, and none of them can make the step.
    """

    label: str
    roles: str
    people: str
    nobody: bool = False


SOURCES: list[Source] = []
MODELS: dict[int, type[models.Model]] = {}  # by the source's identity: whose rows it asks for, once it was asked
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


def stuck_of(rows: Any, said: Callable[[Any], Stuck], *, url: str) -> Iterable[Stuck]:
    """The first rows of a queryset, each as it is `said`; then how many more there are, on the page at `url`."""
    found = list(rows[: SHOWN + 1])
    yield from map(said, found[:SHOWN])
    if len(found) > SHOWN:
        title = _("%(n)s more of the same kind") % {"n": rows.order_by().count() - SHOWN}
        yield Stuck(title, url, said(found[0]).heading)


def stuck_for(user: User) -> list[Stuck]:
    return [one for source in STUCK for one in source(user)]


def waiting(
    label: Any, roles: Iterable[str], *, site: Site, team: Team | None = None, now: datetime,
    may: Callable[[User], bool] = lambda user: True, sees: Callable[[User], bool] | None = None,
) -> Waiting:  # fmt: skip
    """`may`: of those who hold the roles, those who need not leave it to somebody else. `sees`: those of them who can
    open what it is about and make the step, asked for each one; of very many nobody is asked, and nobody is named.
    """
    wanted, day = [role for role in Role if role in set(roles)], local_day(now, site.zone)
    found, held_by = dict[int, User](), dict[int, set[Role]]()
    for role in wanted:
        for one in reachable(holders(role, site=site, team=team, day=day), day=day):
            if may(one):
                found[one.pk] = one
                held_by.setdefault(one.pk, set()).add(role)
    if sees is not None and len(found) > ASKED_OF:
        return Waiting(str(label), _roles_said(wanted), "")
    if sees is not None:
        roles_know(found.values())
        found = {pk: one for pk, one in found.items() if sees(one)}
        if not found:
            return Waiting(str(label), _roles_said(wanted), "", nobody=True)
        wanted = [role for role in wanted if any(role in held_by[pk] for pk in found)]
    names = sorted(one.person.name if one.person else str(one) for one in found.values())
    return Waiting(str(label), _roles_said(wanted), ", ".join(names) if len(names) <= NAMED else "")


def _roles_said(roles: Iterable[Role]) -> str:
    return ", ".join(str(role.label) for role in roles)


def waits_for(
    flow: Flow, subject: Any, *, reader: User, now: datetime,
    may: Callable[[User, Any, str], bool] = lambda user, subject, name: True,
) -> list[Waiting]:  # fmt: skip
    """For whom the steps wait that bring the process on; named are those only who can open it and make them.

    Nothing where the system brings the next one, and nothing where the reader does: the page shows it to them.
    `may(user, subject, name)`: who may beyond what the flow's roles say.
    """
    here = [one for one in flow.transitions if subject.status in one.source and one.is_for(subject)]
    onward = [one for one in here if one.name not in WAYS_OUT and one.by_roles]

    def makes(user: User, one: Transition) -> bool:
        if not one.open_to(user, subject.site) or one.refusal(user, subject):
            return False
        return may(user, subject, one.name)

    if any(makes(reader, one) for one in onward):
        return []
    team, seen = team_of(subject, now), dict[int, bool]()

    def opens(user: User) -> bool:
        if user.pk not in seen:
            rows = type(subject)._default_manager.visible_to(user)
            seen[user.pk] = rows.filter(pk=subject.pk).exists()
        return seen[user.pk]

    def waits(one: Transition) -> Waiting:
        label = flow.called(one, subject.status)
        if one.own:
            return Waiting(str(label), str(getattr(subject, "person", "")), "")
        return waiting(
            label, one.by_roles, site=subject.site, team=team, now=now, may=lambda user: not one.refusal(user, subject),
            sees=lambda user: makes(user, one) and opens(user),
        )  # fmt: skip

    found = [waits(one) for one in onward]
    return [one for one in found if not one.nobody] or found


def team_of(subject: Any, now: datetime) -> Team | None:
    """The team that the subject concerns; else that of whom it is about, as far as they are of its site."""
    if hasattr(subject, "team"):
        named: Team | None = subject.team
        return named
    person = getattr(subject, "person", None)
    team = person.team_on(local_day(now, subject.site.zone)) if isinstance(person, Person) else None
    return team if team is not None and team.site_id == subject.site_id else None


def turns_for(user: User) -> list[Turn]:
    """At most `LIMIT` of each flow: those of the own team before those of others, then soonest first; those without a
    clock after those with one.
    """
    own = {held.team_id for held in roles_of(user) if held.team_id is not None}
    found = [turn for source, mine in _at_work(user) for turn in _turns(source, mine, user, own)]
    found += [turn for asked in ASKED for turn in asked(user)]
    return sorted(found, key=lambda one: (one.elsewhere, one.due_at is None, one.due_at and one.due_at.timestamp()))


def _at_work(user: User) -> list[tuple[Source, list[Transition]]]:
    """The sources of which anything stands, at whatever site, where one of the user's steps may be made; and those.

    One statement asks it of all flows: to build what asks each of them for just this user's rows takes far longer.
    """
    asked, parts, values = list[tuple[Source, list[Transition]]](), [], list[list[str]]()
    for source in SOURCES:
        mine = [one for one in source.flow.transitions if one.name not in WAYS_OUT and has_role(user, one.by_roles)]
        if not mine:
            continue
        if id(source) not in MODELS:
            MODELS[id(source)] = source.rows(user).model
        table = connection.ops.quote_name(MODELS[id(source)]._meta.db_table)
        parts.append(f"SELECT {len(asked)} WHERE EXISTS (SELECT FROM {table} WHERE status = ANY(%s))")  # noqa: S608
        values.append(sorted({state for one in mine for state in one.source}))
        asked.append((source, mine))
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        there = {at for (at,) in cursor.fetchall()}
    return [one for at, one in enumerate(asked) if at in there]


def _turns(source: Source, mine: list[Transition], user: User, own: set[int]) -> list[Turn]:
    states = {state for one in mine for state in one.source}
    theirs = source.rows(user).filter(status__in=states)
    rows = list(_own_first(source, theirs, own)[: LIMIT + 1])
    more, rows = len(rows) > LIMIT, rows[:LIMIT]
    teams, turns = _teams_of(source, rows), []
    for row in rows:
        here = (one for one in mine if row.status in one.source and one.is_for(row))
        step = next((one for one in here if one.open_to(user, row.site)), None)
        if step is not None:
            title, due_at, team = source.title(row), source.due_at(row), teams.get(row.pk)
            words = source.waits(row, step.name) or _asked(source.flow, step, row, user)
            place = f"{row.site.code} · {team}" if team else row.site.code
            elsewhere = bool(own) and team is not None and team.pk not in own
            turns.append(Turn(title, row.get_absolute_url(), words, place, due_at, row.site.zone, elsewhere))
    if more and turns:
        title = _("%(n)s more may wait for you") % {"n": theirs.count() - LIMIT}
        url, first = reverse(source.all_of) if source.all_of else "", turns[0]
        words = _("Like “%(first)s” and those after it") % {"first": first.title}
        turns.append(Turn(title, url, words, "", None, first.zone, any(one.elsewhere for one in turns)))
    return turns


def _own_first(source: Source, rows: "models.QuerySet[Any]", own: set[int]) -> "models.QuerySet[Any]":
    """So that what is cut off after `LIMIT` is never the own team's."""
    if source.team:
        rows = rows.select_related(source.team)
        theirs = Q(**{f"{source.team}__in": own})
    else:
        members = TeamMembership.objects.filter(in_force(local_day(timezone.now(), JAKARTA)), team__in=own)
        theirs = Q(**{f"{source.person}__in": members.values("person_id")})
    if not own or not (source.team or source.person):
        return rows
    return rows.order_by(Case(When(theirs, then=Value(0)), default=Value(1)), *rows.query.order_by)


def _teams_of(source: Source, rows: list[Any]) -> dict[int, Team]:
    """By row; rows that are no team's have none."""
    if source.team:
        return {row.pk: team for row in rows if (team := _at(row, source.team)) is not None}
    if not source.person or not rows:
        return {}
    people = {row.pk: _at(row, f"{source.person}_id") for row in rows}
    members = TeamMembership.objects.filter(
        in_force(local_day(timezone.now(), JAKARTA)), person__in=set(people.values())
    )
    found = {one.person_id: one.team for one in members.select_related("team")}
    return {pk: found[person] for pk, person in people.items() if person in found}


def _at(row: Any, lookup: str) -> Any:
    for name in lookup.split("__"):
        row = getattr(row, name)
    return row


def _asked(flow: Flow, step: Transition, row: Any, user: User) -> str:
    """The step's own words, unless it is one of two answers."""
    answers = {
        one.name.split("_")[0]
        for one in flow.transitions
        if row.status in one.source and one.is_for(row) and one.open_to(user, row.site)
    }
    return _("Decide") if step.name.split("_")[0] in YES and answers & NO else str(flow.called(step, row.status))
