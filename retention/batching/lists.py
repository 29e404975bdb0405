"""What the lists of batches, findings and checks are filtered by, and how they are exported."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.filters import DayFilter, FromDay, OwnSite, UntilDay, reader_of
from occ.list_export import register_list
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from occ.texts import said
from retention.choices import BatchStatus, CheckKind, FindingKind, FindingStatus, RecordKind, Result
from retention.models import Bag, Batch, Check, Copy, Finding, Pack, Source, Store
from retention.personal import CATALOGUE_READERS
from retention.services.restorable import having_findings, with_findings

LATE, FOUND = "late", "findings"


class MonthFilter(DayFilter):
    """Any day of a month stands for it."""

    def filter(self, qs: Any, value: date | None) -> Any:
        return super().filter(qs, value.replace(day=1) if value else value)


def words(value: str) -> list[str]:
    return value.replace("\x00", "").split()[:6]


class BatchFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=[*BatchStatus.choices, ("open", gettext_lazy("Not backed up yet")), (LATE, gettext_lazy("Overdue")),
                 (FOUND, gettext_lazy("With open findings"))],
        method="by_status", label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    kind = filters.ChoiceFilter(choices=RecordKind.choices, label=gettext_lazy("Kind"), empty_label=gettext_lazy("All"))
    site = OwnSite()
    month_from = MonthFilter(field_name="month", lookup_expr="gte", label=gettext_lazy("Month from"))
    month_to = MonthFilter(field_name="month", lookup_expr="lte", label=gettext_lazy("Month to"))

    class Meta:
        model = Batch
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in words(value):
            bags = Bag.objects.filter(batch=OuterRef("pk"), identifier__icontains=word)
            rows = rows.filter(Q(site__code__iexact=word) | Q(site__name__icontains=word) | Exists(bags))
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        if value == LATE:
            return rows.overdue(timezone.now())
        if value == FOUND:
            return having_findings(rows)
        return rows.open() if value == "open" else rows.filter(status=value)


def sources_of_reader(request: Any) -> QuerySet[Source]:
    reader = reader_of(request)
    return Source.objects.visible_to(reader) if reader is not None else Source.objects.none()


class FindingFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=[*FindingStatus.choices, (LATE, gettext_lazy("Overdue"))], method="by_status",
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    kind = filters.ChoiceFilter(
        choices=FindingKind.choices, label=gettext_lazy("Finding"), empty_label=gettext_lazy("All")
    )
    store = filters.ModelChoiceFilter(
        queryset=Store.objects.all(), label=gettext_lazy("Store"), empty_label=gettext_lazy("All")
    )
    source = filters.ModelChoiceFilter(
        queryset=sources_of_reader, label=gettext_lazy("Source"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()

    class Meta:
        model = Finding
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in words(value):
            rows = rows.filter(Q(name__icontains=word) | Q(detail__icontains=word))
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        if value == LATE:
            return rows.open().filter(due_at__lt=timezone.now())
        return rows.open() if value == FindingStatus.OPEN else rows.filter(status=value)


class CheckFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    kind = filters.ChoiceFilter(choices=CheckKind.choices, label=gettext_lazy("Check"), empty_label=gettext_lazy("All"))
    result = filters.ChoiceFilter(choices=Result.choices, label=gettext_lazy("Result"), empty_label=gettext_lazy("All"))
    store = filters.ModelChoiceFilter(
        queryset=Store.objects.all(), label=gettext_lazy("Store"), empty_label=gettext_lazy("All")
    )
    since = FromDay(field_name="started_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="started_at", label=gettext_lazy("Until"))

    class Meta:
        model = Check
        fields: list[str] = []
        widgets = {"q": forms.TextInput}

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in words(value):
            rows = rows.filter(Q(note__icontains=word) | Q(by__icontains=word) | Q(seed__startswith=word.lower()))
        return rows


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


def batch_rows(user: User) -> Any:
    return with_findings(Batch.objects.visible_to(user).select_related("site"))


def finding_rows(user: User) -> Any:
    return Finding.objects.visible_to(user).select_related("site", "store", "source")


def check_rows(user: User) -> Any:
    return Check.objects.visible_to(user).select_related("store", "source", "batch__site", "document", "pack")


def packages(rows: QuerySet[Pack]) -> QuerySet[Pack]:
    """With `records`, put into each, and `live`, its copies that are there."""
    kept = Prefetch("copies", Copy.objects.filter(gone_at=None).select_related("store").order_by("pk"), to_attr="live")
    return rows.annotate(records=Count("packed")).prefetch_related(kept)


def batch_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Batch"), width=28), OutColumn(_("Kind"), width=16), OutColumn(_("Site"), width=8),
        OutColumn(_("Month"), width=12), OutColumn(_("Status"), width=22), OutColumn(_("Due"), width=18),
        OutColumn(_("Records"), width=12), OutColumn(_("Backed up"), width=12), OutColumn(_("Problems"), width=12),
        OutColumn(_("Open findings"), width=12), OutColumn(_("Cannot be restored"), width=12),
        OutColumn(_("Bytes"), width=18), OutColumn(_("Completed"), width=18), OutColumn(_("Stopped by"), width=40),
    ]  # fmt: skip


def batch_line(one: Any) -> Sequence[Any]:
    return [
        one.identifier, one.get_kind_display(), one.site.code, one.month, one.get_status_display(), one.due_at,
        one.records_count, one.restorable_count, one.problems_count, one.findings_count, one.unrestorable_count,
        one.bytes_count, one.completed_at, one.error,
    ]  # fmt: skip


def finding_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Finding"), width=34), OutColumn(_("Place"), width=20), OutColumn(_("Object"), width=60),
        OutColumn(_("Detail"), width=40), OutColumn(_("Site"), width=8), OutColumn(_("Status"), width=18),
        OutColumn(_("Found"), width=18), OutColumn(_("Last seen"), width=18), OutColumn(_("Due"), width=18),
        OutColumn(_("Settled"), width=18),
    ]  # fmt: skip


def finding_line(one: Finding) -> Sequence[Any]:
    return [
        one.get_kind_display(), str(one.store or one.source or ""), one.name, said(one.detail), one.site.code,
        one.get_status_display(), one.found_at, one.seen_at, one.due_at, one.settled_at,
    ]  # fmt: skip


def check_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Check"), width=20), OutColumn(_("Of"), width=28), OutColumn(_("Started"), width=18),
        OutColumn(_("Ended"), width=18), OutColumn(_("Result"), width=14), OutColumn(_("Objects"), width=12),
        OutColumn(_("Bytes"), width=18), OutColumn(_("Failures"), width=12), OutColumn(_("Note"), width=50),
        OutColumn(_("Report"), width=26),
    ]  # fmt: skip


def check_line(one: Check) -> Sequence[Any]:
    return [
        one.get_kind_display(), one.of, one.started_at, one.ended_at, one.get_result_display(), one.objects_count,
        one.bytes_count, one.failures, said(one.note), one.document.full_number if one.document else "",
    ]  # fmt: skip


register_list(
    "retention.batches", gettext_lazy("Batches"), may=reads, filters=BatchFilter, order=("due_at", "pk"),
    rows=lambda user, now: batch_rows(user), columns=batch_columns, line=batch_line,
)  # fmt: skip
register_list(
    "retention.findings", gettext_lazy("Backup findings"), may=reads, filters=FindingFilter,
    order=("due_at", "pk"), rows=lambda user, now: finding_rows(user), columns=finding_columns, line=finding_line,
)  # fmt: skip
register_list(
    "retention.checks", gettext_lazy("Checks"), may=reads, filters=CheckFilter, order=("-started_at", "-pk"),
    rows=lambda user, now: check_rows(user), columns=check_columns, line=check_line,
)  # fmt: skip
