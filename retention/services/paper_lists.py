"""Documents on a disposal list (RET-11): which may be proposed on a day, what keeps the others, and their lines.

A document is kept by a hold of its site (one for all sites: of any) that names no kind, agent, customer or record, if
it was issued in the hold's period or is about days in it; as the proof of a destruction; and while what it was issued
for goes through its process.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, Max, Min, OuterRef, Q, Sum
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.people.models import Site
from occ.people.scope import first_site
from occ.texts import kept
from occ.times import JAKARTA, local_day
from occ.workflow.subjects import open_subjects
from retention.choices import EntryStatus, ItemDecision, ItemState
from retention.models import Entry, Hold, Item, Proposal
from retention.services.lines import line_of_document, line_of_entry
from retention.services.record_lists import MOST_LINES, SOME


def expired_documents(site: Site, day: date) -> Any:
    """Superseded revisions too: each has a masa simpan and a file of its own. Those for all sites go with the first."""
    whose = Q(site=site) | Q(site=None) if site == first_site() else Q(site=site)
    return IssuedDocument.objects.filter(whose).kept_too_long(day)


def expired_entries(site: Site, day: date) -> Any:
    return Entry.objects.filter(site=site, status=EntryStatus.KEPT, expires_on__lt=day)


def wide(holds: Any) -> list[Hold]:
    """Those of the holds that cover more than conversations."""
    return list(holds.filter(kind="", agent=None, customer_mark="", named=False))


def kept_by(hold: Hold) -> int | None:
    """How many documents and entries the hold keeps, saved or not; None where it speaks of conversations only."""
    if hold.kind or hold.agent_id or hold.customer_mark or hold.named:
        return None
    documents = IssuedDocument.objects.filter(covered_documents([hold])).exclude(status=Status.DESTROYED)
    return documents.count() + Entry.objects.filter(covered_entries([hold]), status=EntryStatus.KEPT).count()


def covered_documents(holds: Iterable[Hold]) -> Q:
    """Issued in the hold's period or about days in it; as the database asks it (retention_paper_held).

    What is for all sites is kept by a hold of any.
    """
    found = Q(pk__in=[])
    for one in holds:
        since = Q(issued_at__gte=one.begins_at) | Q(period_to__gte=one.first_day) if one.first_day else Q()
        until = Q(issued_at__lt=one.ends_at) | Q(period_from__lte=one.last_day) if one.last_day else Q()
        found |= (Q(site=one.site_id) | Q(site=None)) & since & until
    return found


def covered_entries(holds: Iterable[Hold]) -> Q:
    found = Q(pk__in=[])
    for one in holds:
        since = Q(issued_on__gte=one.first_day) if one.first_day else Q()
        until = Q(issued_on__lte=one.last_day) if one.last_day else Q()
        found |= Q(site=one.site_id) & since & until
    return found


def holds_on(day: date) -> list[Hold]:
    """Of every site: what is for all is kept by any, and may lie on the list of a site that is not the first by now."""
    return wide(Hold.objects.in_force(day))


def holds_at(now: datetime) -> list[Hold]:
    """Those in force now, each by the day of its own site, as the database asks when something is destroyed."""
    holds = Hold.objects.in_force(local_day(now, JAKARTA) - timedelta(days=1)).select_related("site")
    return [one for one in wide(holds) if one.stands_on(local_day(now, one.site.zone))]


def for_all_sites(lines: Any) -> list[int]:
    """Positions of the lines whose documents are of no site: who approves them approves for all."""
    rows = lines.filter(document__isnull=False, document__site=None)
    return list(rows.order_by("position").values_list("position", flat=True))


def proofs() -> Q:
    """A berita acara by which something was destroyed is all that is left of it; its signature sheet belongs to it."""
    minutes = Proposal.objects.exclude(document=None).annotate(key=Cast("document", CharField()))
    sheets = Q(subject_type=IssuedDocument._meta.label_lower, subject_id__in=minutes.values("key"))
    return Q(Exists(Proposal.objects.filter(document=OuterRef("pk")))) | sheets


def in_a_process(documents: Any) -> Q:
    """Of these documents, those of a matter in which somebody has still a step to make."""
    found = Q(pk__in=[])
    labels = documents.exclude(subject_type="").order_by().values_list("subject_type", flat=True).distinct()
    for label in labels:
        if (keys := open_subjects(label)) is not None:
            found |= Q(subject_type=label, subject_id__in=keys)
    return found


def keepable(site: Site, day: date) -> tuple[Any, Any]:
    """Expired documents and entries that nothing keeps: what a list may hold, or goes on holding."""
    holds, documents = holds_on(day), expired_documents(site, day)
    return (
        documents.filter(~covered_documents(holds), ~proofs(), ~in_a_process(documents)),
        expired_entries(site, day).filter(~covered_entries(holds)),
    )


def _on_a_list(name: str) -> Exists:
    return Exists(Item.objects.filter(**{name: OuterRef("pk")}, live=True))


def _refused_until_later(name: str, day: date) -> Exists:
    refused = {name: OuterRef("pk"), "decision": ItemDecision.REFUSED, "again_on__gt": day}
    return Exists(Item.objects.filter(**refused))


def free(site: Site, day: date) -> tuple[Any, Any]:
    """Of those, what is on no list and was not put off by the client."""
    documents, entries = keepable(site, day)
    return (
        documents.filter(~_on_a_list("document"), ~_refused_until_later("document", day)),
        entries.filter(~_on_a_list("entry"), ~_refused_until_later("entry", day)),
    )


def standing(*, site: Site, day: date) -> dict[str, int]:
    """Of the expired documents: how many may go, and how many are kept by what; one may count under several."""
    documents, entries = expired_documents(site, day), expired_entries(site, day)
    holds = holds_on(day)
    both = (
        (_("May be proposed"), free(site, day)),
        (_("Held"), (documents.filter(covered_documents(holds)), entries.filter(covered_entries(holds)))),
        (_("Proof of a destruction"), (documents.filter(proofs()),)),
        (_("Needed by an open process"), (documents.filter(in_a_process(documents)),)),
        (_("On a list already"), (documents.filter(_on_a_list("document")), entries.filter(_on_a_list("entry")))),
        (
            _("Refused until later"),
            (
                documents.filter(_refused_until_later("document", day)),
                entries.filter(_refused_until_later("entry", day)),
            ),
        ),
    )
    return {str(label): sum(rows.count() for rows in some) for label, some in both}


def gather(proposal: Proposal, today: date) -> int:
    """Put what may go on the empty list, the first that was to go first; how many lines."""
    documents, entries = free(proposal.site, today)
    found = [
        *(("document_id", *row) for row in documents.values_list("pk", "expires_on")[:MOST_LINES]),
        *(("entry_id", *row) for row in entries.values_list("pk", "expires_on")[:MOST_LINES]),
    ]
    found.sort(key=lambda one: (one[2], one[0], one[1]))
    reason = gettext_noop("kept until %(day)s")
    rows = [
        Item(proposal=proposal, position=at, reason=kept(reason, day=day.isoformat()), **{name: pk})
        for at, (name, pk, day) in enumerate(found[:MOST_LINES], 1)
    ]
    Item.objects.bulk_create(rows, batch_size=SOME)
    return len(rows)


def count(proposal: Proposal) -> None:
    """Write how many, how large and of which days of issue into the proposal, which the caller saves."""
    live = proposal.items.filter(live=True)
    found = live.aggregate(
        first=Min("document__issued_at"), last=Max("document__issued_at"), bytes=Sum("document__size"),
        first_entry=Min("entry__issued_on"), last_entry=Max("entry__issued_on"),
    )  # fmt: skip
    zone = proposal.site.zone
    firsts = [local_day(found["first"], zone) if found["first"] else None, found["first_entry"]]
    lasts = [local_day(found["last"], zone) if found["last"] else None, found["last_entry"]]
    proposal.items_count, proposal.bytes_count = live.count(), found["bytes"] or 0
    proposal.first_day = min((day for day in firsts if day), default=None)
    proposal.last_day = max((day for day in lasts if day), default=None)


def drop(proposal: Proposal, today: date) -> None:
    """Take out of a draft what a hold, a process that was opened again, or a later last day keeps since."""
    live = proposal.items.filter(live=True)
    documents, entries = keepable(proposal.site, today)
    fit = set(live.filter(document__in=documents).values_list("pk", flat=True))
    fit |= set(live.filter(entry__in=entries).values_list("pk", flat=True))
    gone = proposal.items.filter(pk__in=set(live.values_list("pk", flat=True)) - fit)
    held = gone.filter(held_lines_q(holds_on(today)))
    held.update(state=ItemState.PULLED)
    gone.exclude(state=ItemState.PULLED).update(state=ItemState.RELEASED)
    gone.update(live=False)


def held_lines_q(holds: Iterable[Hold]) -> Q:
    """Condition on items: a hold covers the document or entry."""
    return Q(document__in=IssuedDocument.objects.filter(covered_documents(holds))) | Q(
        entry__in=Entry.objects.filter(covered_entries(holds))
    )


def held_lines(proposal: Proposal, day: date) -> int:
    """How many of the list's lines a hold covers on that day."""
    return proposal.items.filter(held_lines_q(holds_on(day)), live=True).count()


def lines(proposal: Proposal) -> Iterator[tuple[int, str]]:
    """The list's lines in their order: the item's key, and what it stands for."""
    rows = proposal.items.filter(live=True).order_by("position").select_related("document", "entry")
    for one in rows.defer("document__data").iterator(chunk_size=SOME):
        yield one.pk, line_of_item(one)


def line_of_item(one: Item) -> str:
    if one.document is not None:
        return line_of_document(one.document)
    assert one.entry is not None
    return line_of_entry(one.entry)
