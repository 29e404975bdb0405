"""Findings that wait for somebody, on "Today"."""

from django.db.models import Q

from occ.people.models import User
from occ.people.scope import has_role, roles_of
from occ.workflow.turns import Source, register
from userids.models.reconciliation import Finding, FindingQuerySet
from userids.reconciling.flow import FINDING, OWNERS


def mine(user: User) -> FindingQuerySet:
    """Open findings that a role of the user owes, by due time."""
    if not has_role(user, OWNERS):
        return Finding.objects.none()
    owed = Q(owner_role__in={held.role for held in roles_of(user)} & OWNERS)
    rows = Finding.objects.visible_to(user).open().uncovered()
    return rows.filter(owed).select_related("site").order_by("due_at", "pk")


register(
    Source(
        FINDING,
        rows=mine,
        title=lambda row: f"{row.ids} · {row.get_kind_display()}",
        due_at=lambda row: row.due_at,
        team="team",
    )
)
