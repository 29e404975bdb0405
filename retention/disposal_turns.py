"""Whose turn it is with a disposal proposal, for "Today"."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from occ.people.models import User
from occ.workflow import turns
from retention.choices import ProposalStatus
from retention.models import Proposal
from retention.workflow import PROPOSAL


def rows(user: User) -> Any:
    """Those that somebody can bring on: none that cools off."""
    cooling = Q(status=ProposalStatus.APPROVED, cooling_until__gt=Now())
    return Proposal.objects.visible_to(user).exclude(cooling).select_related("site").order_by("answer_due_at", "pk")


turns.register(
    turns.Source(
        flow=PROPOSAL,
        rows=rows,
        title=lambda one: f"{one.number} ({one.get_kind_display()})",
        due_at=lambda one: one.answer_due_at if one.status == ProposalStatus.WITH_CLIENT else None,
    )
)
