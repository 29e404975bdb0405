"""What the register of documents is filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite
from occ.forms import DayField
from occ.people.choices import Role
from retention.choices import Medium, RegisterKind, RegisterStatus
from retention.models import RegisterLine

STATES = [*RegisterStatus.choices, ("expired", _("May be disposed of"))]


class DayFilter(filters.Filter):
    field_class = DayField


class RegisterFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    kind = filters.ChoiceFilter(choices=RegisterKind.choices, label=_("Type"), empty_label=_("All"))
    site = OwnSite()
    state = filters.ChoiceFilter(choices=STATES, method="by_state", label=_("Status"), empty_label=_("All"))
    medium = filters.ChoiceFilter(choices=Medium.choices, label=_("Medium"), empty_label=_("All"))
    owner = filters.ChoiceFilter(
        choices=Role.choices, field_name="owner_role", label=_("Owner"), empty_label=_("All")
    )  # fmt: skip
    issued_from = DayFilter(field_name="issued_on", lookup_expr="gte", label=_("Issued from"))
    issued_to = DayFilter(field_name="issued_on", lookup_expr="lte", label=_("Issued until"))

    class Meta:
        model = RegisterLine
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(number__icontains=word) | Q(title__icontains=word) | Q(place__icontains=word))
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.expired(timezone.localdate()) if value == "expired" else rows.filter(status=value)
