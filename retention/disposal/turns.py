"""Whose turn it is with a disposal proposal, for "Today", and what of a destruction did not come about."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role, site_filter
from occ.workflow import turns
from retention.choices import ProposalStatus, Result
from retention.models import Condition, Probe, Proposal
from retention.personal import KEEPERS, REGISTRARS, SAYERS
from retention.services import proposals
from retention.workflow import PROPOSAL

WATCHERS = KEEPERS | REGISTRARS | {Role.COORDINATOR}


def rows(user: User) -> Any:
    """Those that somebody can bring on: none that cools off, no draft of which the user is asked something first."""
    cooling = Q(status=ProposalStatus.APPROVED, cooling_until__gt=Now())
    asked = Q(status=ProposalStatus.DRAFT) & unsaid_by(user)
    found = Proposal.objects.visible_to(user).exclude(cooling).exclude(asked)
    return found.select_related("site").prefetch_related(proposals.STANDING).order_by("answer_due_at", "pk")


def unsaid_by(user: User) -> Q:
    """Of proposals: a condition is missing that this user may say is met."""
    found = Q(pk__in=[])
    for key, sayers in SAYERS.items():
        said = Condition.objects.standing().filter(proposal=OuterRef("pk"), key=key)
        found |= Q(site_filter(user, sayers), ~Exists(said))
    return found


def unsaid(user: User) -> Iterator[turns.Turn]:
    """Conditions of a draft that this user may say are met; who proposes reads of the others once these are said."""
    if not has_role(user, {role for roles in SAYERS.values() for role in roles}):
        return
    drafts = Proposal.objects.visible_to(user).filter(unsaid_by(user), status=ProposalStatus.DRAFT).order_by("pk")
    for one in drafts.select_related("site").prefetch_related(proposals.STANDING)[: turns.LIMIT]:
        mine = [key for key in proposals.unsaid(one) if has_role(user, SAYERS[key], site=one.site)]
        words = _("Say whether it is met: %(what)s") % {"what": "; ".join(str(key.label) for key in mine)}
        yield turns.Turn(title(one), one.get_absolute_url(), words, one.site.code, None, one.site.zone)


def title(one: Proposal) -> str:
    return f"{one.number} ({one.kind_label})"


turns.register(
    turns.Source(
        flow=PROPOSAL,
        rows=rows,
        title=title,
        due_at=lambda one: one.answer_due_at if one.status == ProposalStatus.WITH_CLIENT else None,
        waits=proposals.hinders,
        all_of="retention:proposals",
    )
)
turns.register_asked(unsaid)


def stuck(user: User) -> Iterator[turns.Stuck]:
    """Deletions that cannot go on, destroyed records that were found, and probes that could not be run for a day."""
    mine = Proposal.objects.filter(site_filter(user, WATCHERS))
    url = reverse("retention:proposals")
    troubled = mine.exclude(trouble="").order_by("-pk")
    yield from turns.stuck_of(
        troubled, lambda one: turns.Stuck(f"{one.number}: {one.trouble}", one.get_absolute_url()), url=url
    )
    late = Q(ran_at=None, due_at__lt=Now() - timedelta(days=1))
    settled = Probe.objects.filter(proposal=OuterRef("proposal"), result=Result.OK, ran_at__gt=OuterRef("ran_at"))
    wrong = Q(result=Result.FAILED) & ~Exists(settled)
    probes = Probe.objects.filter(wrong | late, proposal__in=mine).select_related("proposal")
    yield from turns.stuck_of(probes.order_by("-pk"), _probe, url=url)


def _probe(probe: Probe) -> turns.Stuck:
    failed = probe.result == Result.FAILED
    words = _("something that was destroyed was found") if failed else _("nobody could look whether it is gone")
    return turns.Stuck(f"{probe.proposal.number}: {words}", probe.proposal.get_absolute_url())


turns.register_stuck(stuck)
