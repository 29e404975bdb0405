"""Who stands above whom where a pembinaan is concerned: by the roles that somebody holds in OCC, and by the position.

A superior leads who ranks below, nobody of the own rank or above. Whom a placement names as leader leads all the same.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, User, in_force
from occ.people.scope import site_ids
from sdm.overview.policies import ranks

HEAD, MANAGER, COORDINATOR, TEAM_LEADER = 1, 2, 3, 4
RANK_OF = {
    Role.HEAD_MANAGER: HEAD, Role.MANAGER: MANAGER, Role.QMR: MANAGER, Role.COORDINATOR: COORDINATOR,
    Role.HR_RECRUITMENT: COORDINATOR, Role.HR_TRAINING: COORDINATOR, Role.HR_RELATIONS: COORDINATOR,
    Role.HR_PAYROLL: COORDINATOR, Role.TEAM_LEADER: TEAM_LEADER,
}  # fmt: skip
NOBODY = Q(pk__in=())


def ranked(rank: int, day: date) -> Q:
    """Of people: who holds that rank or one above, by a role of the day or by the position."""
    roles = [role for role, one in RANK_OF.items() if one <= rank]
    held = RoleAssignment.objects.filter(
        in_force(day), role__in=roles, user__person__isnull=False, user__is_active=True
    )
    found = Q(pk__in=held.values("user__person_id"))
    for label, one in ranks(day):
        if one <= rank:
            found |= Q(position__iexact=label)
    return found


def by_rank(user: User, day: date, person: str = "pk", site: str = "site_id") -> Q:
    """Of the rows of people (`person`, `site`: the fields that name them): whom the user stands above at that site.

    The Head Manager for those only who have no other superior: who ranks as a manager.
    """
    found = NOBODY
    for role, rank in ((Role.COORDINATOR, COORDINATOR), (Role.MANAGER, MANAGER), (Role.HEAD_MANAGER, HEAD)):
        sites = site_ids(user, [role])
        if sites is not None and not sites:
            continue
        there = Q() if sites is None else Q(**{f"{site}__in": sites})
        not_below = Person.objects.filter(ranked(rank, day)).values("pk")
        below = ~Q(**{f"{person}__in": not_below})
        if role == Role.HEAD_MANAGER:
            below &= Q(**{f"{person}__in": Person.objects.filter(ranked(MANAGER, day)).values("pk")})
        found |= there & below
    return found
