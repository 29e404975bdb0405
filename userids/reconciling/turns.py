"""Findings that wait for somebody, on "Today"."""

from django.db.models import Q

from occ.people.models import User
from occ.people.scope import has_role, site_filter
from occ.workflow.turns import Source, register
from userids.choices import FindingStatus
from userids.models.reconciliation import Finding, FindingQuerySet
from userids.reconciling.flow import ACCEPTERS, FINDING, OWNERS


def mine(user: User) -> FindingQuerySet:
    """Open findings that a role of the user owes there, and what others have said that the user decides; by due
    time."""
    rows, owed = Finding.objects.visible_to(user), Q(pk__in=())
    for role in OWNERS:
        owed |= Q(owner_role=role) & site_filter(user, {role})
    found = rows.uncovered().filter(owed, status=FindingStatus.OPEN)
    if has_role(user, ACCEPTERS):
        found |= rows.to_be_decided().filter(site_filter(user, ACCEPTERS)).exclude(said_by=user)
    return found.select_related("site").order_by("due_at", "pk")


register(
    Source(
        FINDING,
        rows=mine,
        title=lambda row: f"{row.ids} · {row.get_kind_display()}",
        due_at=lambda row: row.due_at,
        team="team",
    )
)
