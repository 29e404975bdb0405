"""Who stands above whom, for pembinaan, leave and tata tertib: by the roles that somebody holds, and by the position.

A superior leads who ranks below, nobody of the own rank or above. Whom a placement names as leader leads all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Q

from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, TeamMembership, User, in_force
from occ.people.scope import roles_of, site_ids
from sdm.overview.policies import ranks

HEAD, MANAGER, COORDINATOR, TEAM_LEADER = 1, 2, 3, 4
RANK_OF = {
    Role.HEAD_MANAGER: HEAD, Role.MANAGER: MANAGER, Role.QMR: MANAGER, Role.COORDINATOR: COORDINATOR,
    Role.HR_RECRUITMENT: COORDINATOR, Role.HR_TRAINING: COORDINATOR, Role.HR_RELATIONS: COORDINATOR,
    Role.HR_PAYROLL: COORDINATOR, Role.TEAM_LEADER: TEAM_LEADER,
}  # fmt: skip
LOWEST = 5
# Who decides about whoever holds that rank; LOWEST: all others.
DECIDE_OF: dict[int, frozenset[str]] = {
    HEAD: frozenset({Role.HEAD_MANAGER}), MANAGER: frozenset({Role.HEAD_MANAGER}),
    COORDINATOR: frozenset({Role.MANAGER}), TEAM_LEADER: frozenset({Role.COORDINATOR, Role.MANAGER}),
    LOWEST: frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER}),
}  # fmt: skip
NOBODY = Q(pk__in=())


def ranked(rank: int, day: date, positions: list[tuple[str, int]] | None = None) -> Q:
    """Of people: who holds that rank or one above, by a role of the day or by the position (`positions`: `ranks`)."""
    roles = [role for role, one in RANK_OF.items() if one <= rank]
    held = RoleAssignment.objects.filter(
        in_force(day), role__in=roles, user__person__isnull=False, user__is_active=True
    )
    found = Q(pk__in=held.values("user__person_id"))
    for label, one in ranks(day) if positions is None else positions:
        if one <= rank:
            found |= Q(position__iexact=label)
    return found


def by_rank(
    user: User, day: date, person: str = "pk", site: str = "site_id", positions: list[tuple[str, int]] | None = None
) -> Q:
    """Of the rows of people (`person`, `site`: the fields that name them): whom the user stands above at that site.

    The Head Manager for those only who have no other superior: who ranks as a manager.
    """
    found, known = NOBODY, positions
    for role, rank in ((Role.COORDINATOR, COORDINATOR), (Role.MANAGER, MANAGER), (Role.HEAD_MANAGER, HEAD)):
        sites = site_ids(user, [role])
        if sites is not None and not sites:
            continue
        there = Q() if sites is None else Q(**{f"{site}__in": sites})
        known = ranks(day) if known is None else known
        not_below = Person.objects.filter(ranked(rank, day, known)).values("pk")
        below = ~Q(**{f"{person}__in": not_below})
        if role == Role.HEAD_MANAGER:
            below &= Q(**{f"{person}__in": Person.objects.filter(ranked(MANAGER, day, known)).values("pk")})
        found |= there & below
    return found


def led_by(user: User, day: date) -> Q:
    """Of people: whom the user stands above by rank, leads as team leader, or is named for as leader in a placement."""
    led, positions = NOBODY, ranks(day)
    for held in roles_of(user):
        if held.role != Role.TEAM_LEADER:
            continue
        if held.team_id is not None:
            members = TeamMembership.objects.filter(in_force(day), team_id=held.team_id)
            led |= Q(pk__in=members.values("person_id"))
        else:
            led |= Q(site_id=held.site_id) if held.site_id is not None else ~Q(pk__in=())
    if led:
        led &= ~Q(pk__in=Person.objects.filter(ranked(TEAM_LEADER, day, positions)).values("pk"))
    led |= by_rank(user, day, positions=positions)
    if user.person_id is not None:
        placed = Q(employee__placements__leader_id=user.person_id) & in_force(day, "employee__placements__")
        led |= Q(pk__in=Person.objects.filter(placed).values("pk"))
    return led


def deciders(user: User, day: date) -> Q:
    """Of people: whom the user stands above; a Head Manager has nobody above, and is left to another one."""
    sites = site_ids(user, [Role.HEAD_MANAGER])
    if sites is not None and not sites:
        return led_by(user, day)
    there = Q() if sites is None else Q(site_id__in=sites)
    return led_by(user, day) | there & Q(pk__in=Person.objects.filter(ranked(HEAD, day)).values("pk"))


def without_superior(people: Collection[Person], day: date) -> set[int]:
    """Of those people: about whom nobody with a log-in decides, since whoever stands above them stands above the
    contact center (MO 1.5)."""
    positions, keys = ranks(day), [one.pk for one in people]
    rows = RoleAssignment.objects.filter(in_force(day), role__in=RANK_OF, user__is_active=True)
    rows = rows.filter(Q(user__person__last_working_day=None) | Q(user__person__last_working_day__gte=day))
    held = list(rows.values_list("role", "site_id", "user__person_id"))
    placed = Person.objects.filter(
        in_force(day, "employee__placements__"), pk__in=keys, employee__placements__leader__user__is_active=True
    )
    led = set(placed.values_list("pk", flat=True))
    rank: dict[int, int] = {}
    for level in (HEAD, MANAGER, COORDINATOR, TEAM_LEADER):
        for pk in Person.objects.filter(ranked(level, day, positions), pk__in=keys).values_list("pk", flat=True):
            rank.setdefault(pk, level)

    def decides(role: str, site_id: int | None, who: int | None, person: Person) -> bool:
        above = role in DECIDE_OF[rank.get(person.pk, LOWEST)]
        return above and site_id in (None, person.site_id) and who != person.pk

    return {one.pk for one in people if one.pk not in led and not any(decides(*row, one) for row in held)}


def decider(person: Person, day: date) -> Role:
    """The role that decides about that person as a rule: the next one above; HR where nobody with a log-in is above."""
    if without_superior([person], day):
        return Role.HR_RELATIONS
    if Person.objects.filter(ranked(MANAGER, day), pk=person.pk).exists():
        return Role.HEAD_MANAGER
    if Person.objects.filter(ranked(COORDINATOR, day), pk=person.pk).exists():
        return Role.MANAGER
    team = person.team_on(day)
    leaders = RoleAssignment.objects.filter(in_force(day), role=Role.TEAM_LEADER, user__is_active=True)
    leaders = leaders.filter(Q(site=None) | Q(site=person.site), Q(team=None) | Q(team=team) if team else Q(team=None))
    if Person.objects.filter(ranked(TEAM_LEADER, day), pk=person.pk).exists() or not leaders.exists():
        return Role.COORDINATOR
    return Role.TEAM_LEADER


def decides_of(user: User, person_id: int, day: date) -> bool:
    """Whether that user decides about that person: never about oneself, the own rank or above."""
    if user.person_id == person_id:
        return False
    return Person.objects.filter(deciders(user, day), pk=person_id).exists()
