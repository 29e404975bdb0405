"""What the logbook's lists are filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField, InstantField
from occ.people.choices import LeavingReason
from occ.people.models import Site, Team
from userids.choices import AccountStatus, Channel, ConnectorKind, DeactivationStatus, ReplacementStatus
from userids.models import Account, AccountQuerySet, Application, DeactivationRequest, ReplacementRequest, Resignation


class InstantFilter(filters.Filter):
    field_class = InstantField


class DayFilter(filters.Filter):
    field_class = DayField


class SiteFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = filters.ModelChoiceFilter(queryset=Site.objects.all(), label=_("Site"), empty_label=_("All"))

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        """Rows whose user ID or person's name or number holds every word."""
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(account__user_id__icontains=word)
                | Q(person__name__icontains=word)
                | Q(person__number__icontains=word)
            )
        return rows


class AccountFilter(filters.FilterSet):
    """`as_of` turns the list into the logbook of that instant; `status` then means the status it had."""

    q = filters.CharFilter(method="nothing", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=AccountStatus.choices, method="nothing", label=_("Status"), empty_label=_("All")
    )
    site = filters.ModelChoiceFilter(queryset=Site.objects.all(), label=_("Site"), empty_label=_("All"))
    application = filters.ModelChoiceFilter(
        queryset=Application.objects.all(), label=_("Application"), empty_label=_("All")
    )
    channel = filters.ChoiceFilter(
        choices=Channel.choices, field_name="channels", method="by_channel", label=_("Channel"), empty_label=_("All")
    )
    as_of = InstantFilter(method="nothing", label=_("As of"))

    class Meta:
        model = Account
        fields: list[str] = []

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def by_channel(self, rows: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        return rows.filter(channels__contains=[value])

    def filter_queryset(self, queryset: QuerySet[Any]) -> AccountQuerySet:
        rows: Any = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        at, status = chosen.get("as_of"), chosen.get("status")
        if at:
            active = status == AccountStatus.ACTIVE if status else None
            rows = rows.as_of(at, active=active).select_related("site", "application")
        else:
            rows = rows.filter(status=status).with_holder() if status else rows.with_holder()
        found: AccountQuerySet = rows.search(chosen["q"]) if chosen.get("q") else rows
        return found


class DeactivationFilter(SiteFilter):
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), ("late", _("Breached")), *DeactivationStatus.choices],
        method="by_status",
        label=_("Status"),
        empty_label=_("All"),
    )
    reason = filters.ChoiceFilter(choices=LeavingReason.choices, label=_("Reason"), empty_label=_("All"))
    team = filters.ModelChoiceFilter(queryset=Team.objects.all(), label=_("Team"), empty_label=_("All"))
    due_from = DayFilter(field_name="due_at", lookup_expr="date__gte", label=_("Due from"))
    due_to = DayFilter(field_name="due_at", lookup_expr="date__lte", label=_("Due until"))

    class Meta:
        model = DeactivationRequest
        fields: list[str] = []

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        if value == "open":
            return rows.open()
        return rows.late(timezone.now()) if value == "late" else rows.filter(status=value)


class ReplacementFilter(SiteFilter):
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), *ReplacementStatus.choices],
        method="by_status",
        label=_("Status"),
        empty_label=_("All"),
    )

    class Meta:
        model = ReplacementRequest
        fields: list[str] = []

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(status=value)


class ResignationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = filters.ModelChoiceFilter(
        field_name="person__site", queryset=Site.objects.all(), label=_("Site"), empty_label=_("All")
    )
    state = filters.ChoiceFilter(
        choices=[("standing", _("Standing")), ("withdrawn", _("Withdrawn"))],
        method="by_state",
        label=_("Status"),
        empty_label=_("All"),
    )

    class Meta:
        model = Resignation
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__icontains=word))
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.standing() if value == "standing" else rows.exclude(withdrawn_at=None)


class ApplicationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    connector = filters.ChoiceFilter(choices=ConnectorKind.choices, label=_("Connector"), empty_label=_("All"))

    class Meta:
        model = Application
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(code__icontains=word) | Q(name__icontains=word))
        return rows
