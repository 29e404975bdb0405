"""What the lists of contracts, renewals and compensations are filtered by."""

from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import DayFilter, OwnSite
from occ.people.models import in_force
from occ.times import JAKARTA, local_day
from sdm.choices import EmploymentKind
from sdm.contracts.choices import CompensationStatus, CorrectionStatus, RenewalStatus
from sdm.models import Compensation, CompensationCorrection, Employment, Renewal

WHEN = [
    ("now", _("in force")), ("30", _("ends within 30 days")), ("60", _("ends within 60 days")),
    ("90", _("ends within 90 days")), ("over", _("ended")), ("coming", _("not begun yet")),
]  # fmt: skip


def by_words(rows: Any, person: str, value: str, *more: str) -> Any:
    for word in value.replace("\x00", "").split()[:6]:
        found = Q(**{f"{person}__name__icontains": word}) | Q(**{f"{person}__number__icontains": word})
        for name in more:
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return rows


class ContractFilter(filters.FilterSet):
    q = filters.CharFilter(method="words", label=_("Search"))
    when = filters.ChoiceFilter(choices=WHEN, method="at", label=_("When"), empty_label=_("All"))
    kind = filters.ChoiceFilter(choices=EmploymentKind.choices, label=_("Contract"), empty_label=_("All"))
    site = OwnSite(to_field_name="code", field_name="employee__person__site")
    ends_from = DayFilter(field_name="ends_on", lookup_expr="gte", label=_("Ends from"))
    ends_to = DayFilter(field_name="ends_on", lookup_expr="lte", label=_("Ends until"))
    last = filters.ChoiceFilter(
        choices=[("yes", _("none follows"))], method="only_last", label=_("Extension"), empty_label=_("All")
    )

    class Meta:
        model = Employment
        fields: list[str] = []

    def words(self, rows: Any, name: str, value: str) -> Any:
        return by_words(rows, "employee__person", value, "number")

    def only_last(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(extension=None)

    def at(self, rows: Any, name: str, value: str) -> Any:
        today: date = local_day(timezone.now(), JAKARTA)
        if value == "now":
            return rows.filter(in_force(today))
        if value == "over":
            return rows.filter(ends_on__lt=today)
        if value == "coming":
            return rows.filter(starts_on__gt=today)
        return rows.filter(ends_on__range=(today, today + timedelta(days=int(value))), extension=None)


class RenewalFilter(filters.FilterSet):
    q = filters.CharFilter(method="words", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", _("Undecided")), *RenewalStatus.choices], method="by_status", label=_("Status"),
        empty_label=_("All"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code")
    ends_from = DayFilter(field_name="ends_on", lookup_expr="gte", label=_("Ends from"))
    ends_to = DayFilter(field_name="ends_on", lookup_expr="lte", label=_("Ends until"))

    class Meta:
        model = Renewal
        fields: list[str] = []

    def words(self, rows: Any, name: str, value: str) -> Any:
        return by_words(rows, "employment__employee__person", value, "number", "memo")

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.undecided() if value == "open" else rows.filter(status=value)


class CompensationFilter(filters.FilterSet):
    q = filters.CharFilter(method="words", label=_("Search"))
    status = filters.ChoiceFilter(choices=CompensationStatus.choices, label=_("Status"), empty_label=_("All"))
    site = OwnSite(to_field_name="code")
    ends_from = DayFilter(field_name="ends_on", lookup_expr="gte", label=_("Ends from"))
    ends_to = DayFilter(field_name="ends_on", lookup_expr="lte", label=_("Ends until"))

    class Meta:
        model = Compensation
        fields: list[str] = []

    def words(self, rows: Any, name: str, value: str) -> Any:
        return by_words(rows, "employment__employee__person", value)


class CorrectionFilter(filters.FilterSet):
    q = filters.CharFilter(method="words", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), *CorrectionStatus.choices], method="by_status", label=_("Status"),
        empty_label=_("All"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code")
    ends_from = DayFilter(field_name="ends_on", lookup_expr="gte", label=_("Ends from"))
    ends_to = DayFilter(field_name="ends_on", lookup_expr="lte", label=_("Ends until"))

    class Meta:
        model = CompensationCorrection
        fields: list[str] = []

    def words(self, rows: Any, name: str, value: str) -> Any:
        return by_words(rows, "compensation__employment__employee__person", value)

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(status=value)
