"""Documents whose masa simpan is over: issued ones with real files, and papers that were entered by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import storages

from occ.approvals.proving import identity_prove
from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.documents.signing import signing_confirm
from occ.people.models import Site, User
from occ.times import JAKARTA, local_day
from retention.models import Entry, Proposal
from retention.services import minutes, paper_disposing, proposals
from retention.services.paper_disposing import ByHand
from retention.services.register import Line, entry_add
from retention.services.witnesses import Outsider
from tests.retention.disposal import LATER, NOW, OLD, PASSWORD, Dead, dead
from userids.documents import LOGBOOK, logbook_body

# Days as the site counts them.
OLD_DAY, NOW_DAY, LATER_DAY = (local_day(one, JAKARTA) for one in (OLD, NOW, LATER))


@dataclass
class Papers(Dead):
    documents: list[IssuedDocument] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def proposal(self, *, now: datetime = NOW) -> Proposal:
        return proposals.document_proposal_new(site=self.site, reason="Lewat masa", actor=self.leader, now=now)

    def path(self, document: IssuedDocument) -> Path:
        return Path(storages["documents"].path(document.file))

    def by_hand(self, proposal: Proposal, *, actor: User | None = None, now: datetime = LATER, **given: Any) -> int:
        """Its papers, or those named, are destroyed; and a worker comes."""
        who = actor or self.it
        items = given.pop("items", None) or [one.pk for one in paper_disposing.waiting(proposal)]
        facts = {"on_day": LATER_DAY, "place": "Jakarta", "way": "shredded",
                 "witness": Outsider("Sri Wahyuni", "QMR", "PT Saksi")} | given  # fmt: skip
        proof = identity_prove(user=who, password=PASSWORD, code="", reason="test", now=now)
        count = paper_disposing.papers_destroy(
            proposal_id=proposal.pk, items=items, done=ByHand(**facts), proof=proof, actor=who, now=now
        )
        self.run(proposal)
        return count

    def gone(self) -> Proposal:
        """Files and papers, all of them."""
        proposal = self.destroyed()
        self.by_hand(proposal)
        return Proposal.objects.get(pk=proposal.pk)

    def issued(self, proposal: Proposal, language: str = "id", **given: Any) -> IssuedDocument:
        """Its berita acara."""
        signing = signing_confirm(user=self.control, password=PASSWORD, purpose=Purpose.PREPARED, now=LATER)
        facts: dict[str, Any] = {
            "place": "Jakarta", "witnesses": [Outsider("Saksi Satu", "QMR", "PT Saksi")],
            "signatures": [signing], "actor": self.control,
            "now": LATER,
        } | given  # fmt: skip
        return minutes.disposal_issue(proposal_id=proposal.pk, language=language, **facts)


def papers(root: Path, *, documents: int = 3, entries: int = 2) -> Papers:
    base = dead(root, count=1)
    found = Papers(**vars(base))
    found.documents = [issue(found.site, found.control) for _n in range(documents)]
    found.entries = [enter(found, n) for n in range(1, entries + 1)]
    issue(found.site, found.control, now=NOW)  # that is kept
    return found


def issue(site: Site | None, actor: User, *, now: datetime = OLD, **given: Any) -> IssuedDocument:
    body = logbook_body(rows=[], totals={}, site="x", period=None, as_of=now.date(), language="id")
    facts = {"type": LOGBOOK, "site": site, "subject": None, "title": "Logbook User ID", "data": body,
             "language": "id", "actor": actor, "now": now} | given  # fmt: skip
    return document_issue(**facts)


def enter(world: Papers, n: int, **given: Any) -> Entry:
    facts: dict[str, Any] = {
        "number": f"DC/{n:03}", "title": f"Daftar hadir {n}", "medium": "hardcopy", "site": world.site,
        "owner_role": "document_control", "place": "Lemari 3", "issued_on": OLD_DAY, "copies": "asli",
        "expires_on": OLD_DAY + timedelta(days=731), "classification": "OP.01", "quantity": f"{n * 6} lembar",
    } | given  # fmt: skip
    return entry_add(line=Line(**facts), actor=world.control, now=OLD + timedelta(days=3))
