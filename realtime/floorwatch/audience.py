"""Who sees whom on the board: the site's floor by role, oneself. Boards of one audience are sent the same bytes.

Whoever leads a team sees the floor of its site: the team leader on shift watches all that goes on there (SOP-RTM 6.5);
the own team is what the page may be filtered by.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import roles_of

# Whose roles read the floor of their site.
BOARD_READERS = frozenset(
    {
        Role.TEAM_LEADER, Role.RTFM, Role.WFM, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER, Role.QUALITY_CONTROL,
        Role.QUALITY_ASSURANCE, Role.QMR, Role.AUDITOR,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where somebody on the board belongs: what decides who sees them."""

    site_id: int | None
    team_id: int | None
    person_id: int | None


@dataclass(frozen=True)
class Audience:
    everywhere: bool = False
    sites: frozenset[int] = frozenset()
    person_id: int | None = None

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.sites or self.person_id)

    def sees(self, place: Place) -> bool:
        return (
            self.everywhere
            or place.site_id in self.sites
            or (place.person_id is not None and place.person_id == self.person_id)
        )


def audience_of(user: User) -> Audience:
    """Whom the user sees on the floor; an agent the own row. Empty for whoever sees nobody."""
    held = [one for one in roles_of(user) if one.role in BOARD_READERS]
    if any(one.site_id is None for one in held):
        return Audience(everywhere=True)
    agent = any(one.role == Role.AGENT for one in roles_of(user))
    return Audience(
        sites=frozenset(one.site_id for one in held if one.site_id is not None),
        person_id=user.person_id if held or agent else None,
    )


def own_teams(user: User) -> set[int]:
    """The teams that the user leads."""
    return {one.team_id for one in roles_of(user) if one.role in BOARD_READERS and one.team_id is not None}


def audience_or_404(user: User) -> Audience:
    if found := audience_of(user):
        return found
    raise Http404
