"""What of the register's lines may be disposed of, is on a list, or was destroyed by which berita acara."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from occ.documents.models import IssuedDocument
from occ.people.models import User
from occ.people.scope import sites_for
from retention.choices import RegisterKind, RegisterStatus
from retention.models import DocumentTombstone, Entry, Hold, Item, Proposal, RegisterLine
from retention.personal import PROPOSERS
from retention.services import paper_lists


def disposals_of(rows: Sequence[RegisterLine], user: User, today: date) -> dict[str, dict[str, str]]:
    """By the line's key: {"label", "url"} ("" where this user may not open it); a query each, however many lines."""
    over = [one for one in rows if one.status != RegisterStatus.DESTROYED and one.expires_on < today]
    said = _kept_back(over, today) | _listed(rows, user)
    sites = {one.pk for one in sites_for(user, PROPOSERS)}
    for row in over:
        if row.key not in said and row.site_id in sites:
            kind = row.title.partition(" ")[0] if row.kind == RegisterKind.BATCH else "documents"
            url = f"{reverse('retention:proposal_new')}?{urlencode({'site': row.site_id, 'kind': kind})}"
            said[row.key] = {"label": _("Propose its destruction"), "url": url}
    return said


def _kept_back(over: Sequence[RegisterLine], today: date) -> dict[str, dict[str, str]]:
    """What a hold keeps, or that it is the proof of a destruction."""
    holds = paper_lists.wide(Hold.objects.in_force(today).select_related("site"))
    held = {"label": _("Held"), "url": reverse("retention:holds")}
    documents, entries = _refs(over)
    issued, said = IssuedDocument.objects.filter(pk__in=documents), {}
    for pk in issued.filter(paper_lists.proofs()).values_list("pk", flat=True):
        said[f"D{pk}"] = {"label": _("Proof of a destruction"), "url": ""}
    if holds:
        for pk in issued.filter(paper_lists.covered_documents(holds)).values_list("pk", flat=True):
            said[f"D{pk}"] = held
        papers = Entry.objects.filter(paper_lists.covered_entries(holds), pk__in=entries)
        said |= {f"E{pk}": held for pk in papers.values_list("pk", flat=True)}
    return said


def _refs(rows: Sequence[RegisterLine]) -> tuple[list[int], list[int]]:
    documents = [one.ref for one in rows if one.kind == RegisterKind.DOCUMENT]
    return documents, [one.ref for one in rows if one.kind == RegisterKind.ENTRY]


def _listed(rows: Sequence[RegisterLine], user: User) -> dict[str, dict[str, str]]:
    documents, entries = _refs(rows)
    wanted = Q(document__in=documents) | Q(entry__in=entries)
    live = Item.objects.filter(wanted, live=True, proposal__in=Proposal.objects.visible_to(user))
    said = {
        _key(one): {"label": one.proposal.number, "url": one.proposal.get_absolute_url()}
        for one in live.select_related("proposal")
    }
    rows_of = DocumentTombstone.objects.filter(wanted).select_related("proposal__document")
    stones = list(rows_of.defer("proposal__document__data"))
    issued = [one.proposal.document_id for one in stones if one.proposal and one.proposal.document_id]
    seen = set(IssuedDocument.objects.visible_to(user).filter(pk__in=issued).values_list("pk", flat=True))
    for stone in stones:
        document = stone.proposal.document if stone.proposal else None
        label = document.full_number if document else stone.number
        url = document.get_absolute_url() if document and document.pk in seen else ""
        said[_key(stone)] = {"label": label, "url": url}
    return said


def _key(one: Any) -> str:
    """As RegisterLine has it."""
    return f"D{one.document_id}" if one.document_id else f"E{one.entry_id}"
