import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.models import User
from retention.choices import ItemDecision, ItemState, ProposalStatus
from retention.models import Proposal
from retention.services.disposing import proposal_dispose, proposal_execute
from retention.services.paper_disposing import waiting


class Command(EnglishCommand):
    help = "Works on the deletion of a proposal that was approved and started; --by starts it in somebody's name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("proposal", metavar="PROPOSAL", help="its number, or its id")
        parser.add_argument("--by", metavar="USER", help="start it as this person of Team IT, who has not approved it")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, proposal: str, by: str | None, as_json: bool, **options: Any) -> None:
        wanted = Q(number=proposal)
        if proposal.isdecimal() and len(proposal) < 18:
            wanted |= Q(pk=int(proposal))
        found = Proposal.objects.filter(wanted).first()
        if found is None:
            raise CommandError(f"there is no proposal {proposal}")
        if by:
            self.start(found, by)
        found.refresh_from_db()
        if found.status != ProposalStatus.EXECUTING:
            raise CommandError(
                f"{found.number} is not being executed ({found.status}): it needs the client's approval, the end of "
                "its cooling-off, and somebody of Team IT who starts it"
            )
        while proposal_dispose(proposal_id=found.pk, clock=timezone.now):
            pass
        found.refresh_from_db()
        facts = summary(found)
        if as_json:
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write(", ".join(f"{name} {value}" for name, value in facts.items()))
        if found.status == ProposalStatus.EXECUTING:
            raise CommandError("another worker is at it")
        if found.status == ProposalStatus.PARTIAL:
            papers = waiting(found).count()
            by_hand = f", {papers} papers wait to be destroyed by hand" if papers else ""
            raise CommandError(found.trouble or f"{facts['failed']} could not be deleted{by_hand}")

    def start(self, proposal: Proposal, name: str) -> None:
        user = User.objects.filter(username__iexact=name, is_active=True).first()
        if user is None:
            raise CommandError(f"there is nobody called {name}")
        try:
            proposal_execute(proposal_id=proposal.pk, actor=user, now=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal


def summary(proposal: Proposal) -> dict[str, Any]:
    items = proposal.items.filter(decision=ItemDecision.APPROVED)
    counts = {str(state): items.filter(state=state).count() for state in ItemState}
    return {"proposal": proposal.number, "status": proposal.status, "approved": items.count(), **counts}
