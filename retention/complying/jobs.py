"""The records behind a figure, and the figures themselves, as spreadsheets."""

from typing import Any

import django_filters as filters
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.filters import OwnSite
from occ.list_export import register_list
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from retention.choices import RecordKind
from retention.complying.filters import FigureFilter
from retention.complying.words import FIGURES
from retention.marks import id_of
from retention.models import MonthFigures, Record
from retention.personal import CATALOGUE_READERS


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


class MonthsFilter(filters.FilterSet):
    site = OwnSite()
    kind = filters.ChoiceFilter(choices=RecordKind.choices, label=gettext_lazy("Kind"))

    class Meta:
        model = MonthFigures
        fields: list[str] = []


def record_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Record"), width=34), OutColumn(_("Kind"), width=16), OutColumn(_("Channel"), width=14),
        OutColumn(_("Site"), width=8), OutColumn(_("Agent"), width=28), OutColumn(_("Began"), width=18),
        OutColumn(_("Ended"), width=18), OutColumn(_("Size"), width=14), OutColumn(_("Status"), width=16),
        OutColumn(_("Batch"), width=26), OutColumn("SHA-256", width=66),
    ]  # fmt: skip


def record_line(one: Record) -> list[Any]:
    return [
        id_of(one), one.get_kind_display(), one.get_channel_display(), one.site.code,
        one.agent.name if one.agent else one.agent_label, one.started_at, one.ended_at, one.size,
        one.get_state_display(), str(one.batch) if one.batch else "", one.sha256,
    ]  # fmt: skip


def month_columns() -> list[OutColumn]:
    kept = [OutColumn(_("Month"), width=12), OutColumn(_("Site"), width=8), OutColumn(_("Kind"), width=16)]
    return [*kept, *(OutColumn(str(label), width=14) for label in FIGURES.values()), OutColumn(_("Counted"), width=18)]


def month_line(one: MonthFigures) -> list[Any]:
    counts = [getattr(one, name) for name in FIGURES]
    return [f"{one.month:%Y-%m}", one.site.code, one.get_kind_display(), *counts, one.counted_at]


register_list(
    "retention.figure_rows", gettext_lazy("Records behind a figure"), may=reads, filters=FigureFilter,
    order=("ended_at", "pk"), columns=record_columns, line=record_line,
    rows=lambda user, now: (
        Record.objects.visible_to(user).select_related("site", "agent", "batch__site")
    ),
)  # fmt: skip
register_list(
    "retention.months", gettext_lazy("Keeping of records by month"), may=reads, filters=MonthsFilter,
    order=("month", "site_id", "kind"), columns=month_columns, line=month_line,
    rows=lambda user, now: MonthFigures.objects.visible_to(user).select_related("site"),
)  # fmt: skip
