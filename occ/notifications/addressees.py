"""Whom a role's message reaches: holders today, deputies of those away, never somebody who has left."""

from datetime import date, datetime

from django.db.models import Q

from occ.people.choices import Role
from occ.people.models import Absence, RoleAssignment, Site, Team, User, in_force
from occ.times import JAKARTA, local_day

# When nobody holds a role there, the message goes up rather than nowhere.
NEXT_UP = {
    Role.TEAM_LEADER: Role.COORDINATOR,
    Role.SUPPORT: Role.COORDINATOR,
    Role.COORDINATOR: Role.MANAGER,
    Role.MANAGER: Role.HEAD_MANAGER,
}


def above(role: str) -> list[Role]:
    """The roles above that one, the next one first."""
    found: list[Role] = []
    while (following := NEXT_UP.get(Role(found[-1] if found else role))) is not None:
        found.append(following)
    return found


def holders(role: str, *, site: Site | None, team: Team | None, day: date) -> list[User]:
    """Users who hold the role on that day for that site, and for that team if their role is for one team.

    Users whose log-in is off are among them: their deputies are asked for (see `reachable`).
    """
    rows = RoleAssignment.objects.filter(in_force(day), role=role)
    if site is not None:
        rows = rows.filter(Q(site=None) | Q(site=site))
    if team is not None:
        rows = rows.filter(Q(team=None) | Q(team=team))
    return list(User.objects.filter(pk__in=rows.values("user_id")).select_related("person").order_by("pk"))


def reachable(users: list[User], *, day: date) -> list[User]:
    """Those users less the ones who left, and the deputies of the ones who left or are away."""
    absences = Absence.objects.filter(user__in=users, starts_on__lte=day, ends_on__gte=day).select_related(
        "deputy__person"
    )
    deputies: dict[int, list[User]] = {}
    for absence in absences:
        deputies.setdefault(absence.user_id, []).append(absence.deputy)
    found: dict[int, User] = {}
    for user in users:
        for candidate in [user, *deputies.get(user.pk, [])]:
            if not gone(candidate, day):
                found[candidate.pk] = candidate
    return list(found.values())


def gone(user: User, day: date) -> bool:
    """Whether the log-in is off or the last working day is over, even before beat has noticed."""
    last = user.person.last_working_day if user.person else None
    return not user.is_active or (last is not None and last < day)


def audience(role: str, *, site: Site | None, team: Team | None = None, now: datetime) -> list[User]:
    """Everybody a message to that role should reach: of the team, else of the site, else of the role above."""
    day = local_day(now, site.zone if site else JAKARTA)
    found = reachable(holders(role, site=site, team=team, day=day), day=day)
    if not found and team is not None:
        found = reachable(holders(role, site=site, team=None, day=day), day=day)
    up = NEXT_UP.get(Role(role))
    if not found and up is not None:
        return audience(up, site=site, team=None, now=now)
    return found
