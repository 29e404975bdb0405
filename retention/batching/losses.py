"""What the list of losses is filtered by, how it is exported, and what became of their records in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.filters import OwnSite
from occ.list_export import register_list
from occ.people.models import User
from occ.sheets.writing import OutColumn
from retention.batching.lists import reads, words
from retention.choices import LossStatus, RecordState
from retention.models import Loss
from retention.services.losing import became

FATES: dict[str, Any] = {
    RecordState.BACKED_UP: gettext_lazy("backed up anew"),
    RecordState.CATALOGUED: gettext_lazy("waiting to be backed up anew"),
    RecordState.WAIVED: gettext_lazy("without a backup: waived"),
    RecordState.DESTROYED: gettext_lazy("destroyed since"),
}


class LossFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=LossStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()

    class Meta:
        model = Loss
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in words(value):
            rows = rows.filter(
                Q(number__icontains=word) | Q(bag__identifier__icontains=word) | Q(reason__icontains=word)
            )
        return rows


def loss_rows(user: User) -> Any:
    rows = Loss.objects.visible_to(user).select_related("site", "bag", "declared_by", "decided_by")
    return rows.defer("bag__key")


def fates(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """How many of a loss's records are what by now: {label, count, state}."""
    return [
        {"label": str(label), "count": counts[state], "state": state}
        for state, label in FATES.items()
        if counts.get(state)
    ]


def loss_columns() -> list[OutColumn]:
    kept = [
        OutColumn(_("Number"), width=22), OutColumn(_("Status"), width=18), OutColumn(_("Site"), width=8),
        OutColumn(_("Bag"), width=30), OutColumn(_("Records"), width=12), OutColumn(_("Bytes"), width=18),
        OutColumn(_("Why it is lost"), width=50), OutColumn(_("Declared by"), width=24),
        OutColumn(_("Declared"), width=18), OutColumn(_("Decided by"), width=24), OutColumn(_("Decided"), width=18),
    ]  # fmt: skip
    return [*kept, *(OutColumn(str(label), width=16) for label in FATES.values())]


def loss_line(one: Loss) -> Sequence[Any]:
    counts = became(Loss.objects.filter(pk=one.pk)).get(one.pk, {})
    return [
        one.number, one.get_status_display(), one.site.code, one.bag.identifier, one.records_count, one.bytes_count,
        one.reason, str(one.declared_by), one.declared_at, str(one.decided_by or ""), one.decided_at,
        *(counts.get(state, 0) for state in FATES),
    ]  # fmt: skip


register_list(
    "retention.losses", gettext_lazy("Backups declared lost"), may=reads, filters=LossFilter, order=("-pk",),
    rows=lambda user, now: loss_rows(user), columns=loss_columns, line=loss_line,
)  # fmt: skip
