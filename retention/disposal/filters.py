"""What the lists of disposal are filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from occ.filters import OneRow, OwnSite
from retention.choices import DOCUMENTS, ItemDecision, ItemState, ProposalStatus, RecordKind
from retention.models import OPEN_PROPOSAL, Item, Proposal
from retention.models.records import called


class ProposalFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="number", lookup_expr="icontains", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), *ProposalStatus.choices], method="by_status", label=_("Status"),
        empty_label=_("All"),
    )  # fmt: skip
    site = OwnSite()
    kind = filters.ChoiceFilter(
        choices=[*RecordKind.choices, ("documents", _("Documents of the register"))], method="by_kind", label=_("Kind"),
        empty_label=_("All"),
    )  # fmt: skip

    class Meta:
        model = Proposal
        fields: list[str] = []

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(status__in=OPEN_PROPOSAL) if value == "open" else rows.filter(status=value)

    def by_kind(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(kind=DOCUMENTS if value == "documents" else value)


class LineFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    decision = filters.ChoiceFilter(choices=ItemDecision.choices, label=_("Decision"), empty_label=_("All"))
    state = filters.ChoiceFilter(choices=ItemState.choices, label=_("State"), empty_label=_("All"))
    proposal = OneRow(
        rows=Proposal.objects.visible_to, field_name="proposal_id", label=_("Disposal proposal"), widget=HiddenInput
    )

    class Meta:
        model = Item
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        """A line's number, or what its ID at the source, or a document's number, holds."""
        text = value.replace("\x00", "").strip()
        found = called(text, within=True, of="record__") | Q(document__number__icontains=text)
        found |= Q(entry__number__icontains=text) | Q(entry__title__icontains=text)
        return rows.filter(Q(position=int(text)) | found if text.isdecimal() and len(text) < 7 else found)
