"""What a user may see and do: roles by date and place.

A role assignment names a site, or all; a team leader's may name the team. Everything here reads the
assignments once per user object and day, so that a page asks the database once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, TeamMembership, User, in_force
from occ.times import JAKARTA, local_day

# Whose roles see every person of their site; a team leader sees the own team and an agent sees the own row.
SITE_WIDE = frozenset(
    {
        Role.COORDINATOR, Role.SUPPORT, Role.DOCUMENT_CONTROL, Role.IT, Role.QUALITY_CONTROL, Role.QUALITY_ASSURANCE,
        Role.WFM, Role.RTFM, Role.MANAGER, Role.HEAD_MANAGER, Role.QMR, Role.HR_RECRUITMENT, Role.HR_TRAINING,
        Role.HR_RELATIONS, Role.HR_PAYROLL, Role.AUDITOR, Role.ADMINISTRATOR,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A role held now; `site_id` None is every site, `team_id` None is the whole site."""

    role: str
    site_id: int | None
    team_id: int | None


def roles_of(user: User, on: date | None = None) -> list[Held]:
    """The roles that the user holds on that day (today in Jakarta unless told). A log-in that is off holds none."""
    day = on or local_day(timezone.now(), JAKARTA)
    if not user.is_authenticated or not user.is_active:
        return []
    cache: dict[date, list[Held]] = user.__dict__.setdefault("_roles_by_day", {})
    if day not in cache:
        rows = RoleAssignment.objects.filter(in_force(day), user=user).values_list("role", "site_id", "team_id")
        cache[day] = [Held(*row) for row in rows]
    return cache[day]


def roles_know(users: Iterable[User]) -> None:
    """Read the roles that these users hold today at once; `roles_of` then asks nothing."""
    day, known = local_day(timezone.now(), JAKARTA), {user.pk: user for user in users}
    for user in known.values():
        user.__dict__.setdefault("_roles_by_day", {})[day] = []
    rows = RoleAssignment.objects.filter(in_force(day), user__in=list(known))
    for user_id, role, site_id, team_id in rows.values_list("user_id", "role", "site_id", "team_id"):
        known[user_id].__dict__["_roles_by_day"][day].append(Held(role, site_id, team_id))


def has_role(user: User, roles: Iterable[str], *, site: Site | None = None, on: date | None = None) -> bool:
    """Whether one of the roles is held for that site (or anywhere, when no site is given)."""
    wanted = set(roles)
    return any(held.role in wanted and (site is None or held.site_id in (None, site.pk)) for held in roles_of(user, on))


def is_outside(user: User) -> bool:
    """Whether the user is the client's and nobody of the operation."""
    return {held.role for held in roles_of(user)} == {Role.CLIENT}


def still_covers(user: User, *, since: date) -> bool:
    """Whether the user still holds all that they held on that day, for its place or a wider one."""
    return all(
        any(
            now.role == was.role and now.site_id in (None, was.site_id) and now.team_id in (None, was.team_id)
            for now in roles_of(user)
        )
        for was in roles_of(user, since)
    )


def site_ids(user: User, roles: Iterable[str]) -> set[int] | None:
    """The sites for which one of the roles is held; None stands for all of them."""
    wanted = set(roles)
    held = [one.site_id for one in roles_of(user) if one.role in wanted]
    return None if None in held else {site_id for site_id in held if site_id is not None}


def site_filter(user: User, roles: Iterable[str], field: str = "site_id") -> Q:
    """Rows whose `field` is a site for which one of the roles is held."""
    ids = site_ids(user, roles)
    return Q() if ids is None else Q(**{f"{field}__in": ids})


def sites_for(user: User, roles: Iterable[str]) -> list[Site]:
    return list(Site.objects.filter(site_filter(user, roles, "pk")))


def own_sites(user: User) -> QuerySet[Site]:
    """The sites that the user has to do with: those of the roles, and where the user works."""
    ids = site_ids(user, Role)
    if ids is None:
        return Site.objects.all()
    own = Q(pk__in=Person.objects.filter(pk=user.person_id).values("site_id")) if user.person_id else Q(pk__in=())
    return Site.objects.filter(Q(pk__in=ids) | own)


def first_site() -> Site | None:
    """Where what belongs to no single site is dealt with."""
    return Site.objects.order_by("code").first()


def people_filter(user: User) -> Q:
    """The people whose rows the user may see: the site's by role, the team's as its leader, oneself always."""
    visible = site_filter(user, SITE_WIDE)
    if not visible:
        return visible
    today = local_day(timezone.now(), JAKARTA)
    for held in roles_of(user):
        if held.role != Role.TEAM_LEADER:
            continue
        if held.team_id is not None:
            members = TeamMembership.objects.filter(in_force(today), team_id=held.team_id)
            visible |= Q(pk__in=members.values("person_id"))
        elif held.site_id is not None:
            visible |= Q(site_id=held.site_id)
        else:
            return Q()
    return visible | Q(pk=user.person_id) if user.person_id else visible


def led_at(user: User, *, person: str, day: str) -> Q:
    """Rows whose `person` was in a team on their `day` (names of their columns) that the user leads now."""
    teams = [held.team_id for held in roles_of(user) if held.role == Role.TEAM_LEADER and held.team_id is not None]
    if not teams:
        return Q(pk__in=())
    members = TeamMembership.objects.filter(team__in=teams, person=OuterRef(person))
    return Q(Exists(members.filter(in_force(cast(Any, OuterRef(day))))))
