"""What of disposal runs in the background: lists and the annex as spreadsheets."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import register_list, stamped, workfile
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from occ.texts import said
from retention.disposal.filters import LineFilter, ProposalFilter
from retention.disposal.shown import shown, with_subjects
from retention.models import Item, Proposal
from retention.personal import APPROVERS, CATALOGUE_READERS
from retention.services.minutes import annex_workbook


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


def reads_lists(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS | APPROVERS)


def proposal_rows(user: User, now: datetime | None = None) -> "QuerySet[Proposal]":
    return Proposal.objects.visible_to(user).select_related("site", "document")


def line_rows(user: User, now: datetime | None = None) -> "QuerySet[Item]":
    """The lines of what the user may see; of a list that was frozen, those that are on it."""
    rows = Item.objects.filter(proposal__in=Proposal.objects.visible_to(user), position__lt=10_000_000)
    return with_subjects(rows)


def proposal_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Number"), width=22), OutColumn(_("Site"), width=8), OutColumn(_("Kind"), width=16),
        OutColumn(_("Status"), width=24), OutColumn(_("Proposed"), width=18), OutColumn(_("Lines"), width=10),
        OutColumn(_("Volume, bytes"), width=16), OutColumn(_("From"), width=14), OutColumn(_("To"), width=14),
        OutColumn(_("Answer due"), width=18), OutColumn(_("Approved lines"), width=14),
        OutColumn(_("Destroyed"), width=18), OutColumn(_("Berita acara"), width=26),
    ]  # fmt: skip


def proposal_line(one: Proposal) -> list[Any]:
    return [
        one.number, one.site.code, one.kind_label, one.get_status_display(), one.proposed_at, one.items_count,
        one.bytes_count, one.first_day, one.last_day, one.answer_due_at, one.approved_count, one.completed_at,
        one.document.full_number if one.document else "",
    ]  # fmt: skip


def item_columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=8), OutColumn(_("ID at the source or number"), width=34),
        OutColumn(_("Source or place"), width=24), OutColumn(_("Kind"), width=30), OutColumn(_("Channel"), width=14),
        OutColumn(_("Agent"), width=26), OutColumn(_("Customer"), width=16),
        OutColumn(_("Ended or issued"), width=18), OutColumn(_("Size, bytes"), width=14),
        OutColumn(_("Why it may go"), width=40), OutColumn(_("Decision"), width=16),
        OutColumn(_("Reason"), width=40), OutColumn(_("Again on"), width=14), OutColumn(_("State"), width=20),
        OutColumn("SHA-256", width=68),
    ]  # fmt: skip


def item_line(one: Item) -> list[Any]:
    what = shown(one)
    return [
        one.position, what.name, what.place, what.kind, what.channel, what.agent, what.customer, what.at,
        what.size if what.size is not None else what.quantity,
        said(one.reason), one.get_decision_display(), one.decision_reason, one.again_on, one.get_state_display(),
        what.sha256,
    ]  # fmt: skip


register_list(
    "retention.proposals", gettext_lazy("Disposal proposals"), may=reads, filters=ProposalFilter, order=("-pk",),
    rows=proposal_rows, columns=proposal_columns, line=proposal_line,
)  # fmt: skip
register_list(
    "retention.disposal_lines", gettext_lazy("Lines of a disposal proposal"), may=reads_lists, filters=LineFilter,
    order=("proposal_id", "position"), rows=line_rows, columns=item_columns, line=item_line,
)  # fmt: skip


def annex(job: Job, progress: Progress, now: datetime) -> Outcome:
    proposal = Proposal.objects.visible_to(job.owner).select_related("site", "document").get(pk=job.params["proposal"])
    out = workfile()
    annex_workbook(out, proposal)
    return Outcome(out, stamped(f"lampiran-{proposal.number}", now), url=proposal.get_absolute_url())


ANNEX = register(Kind("retention.disposal_annex", gettext_lazy("Annex of a berita acara"), annex, reads_lists))
