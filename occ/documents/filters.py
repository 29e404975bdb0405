"""What the document register is filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.documents import types
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.people.models import Site
from occ.times import JAKARTA, local_day


def type_choices() -> list[tuple[str, Any]]:
    return [(one.code, one.title) for one in types.all_types()]


class RegisterFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    type = filters.ChoiceFilter(choices=type_choices, field_name="type_code", label=_("Type"), empty_label=_("All"))
    site = filters.ModelChoiceFilter(queryset=Site.objects.all(), label=_("Site"), empty_label=_("All"))
    status = filters.ChoiceFilter(choices=Status.choices, label=_("Status"), empty_label=_("All"))
    expired = filters.ChoiceFilter(
        choices=[("yes", _("over")), ("no", _("running"))],
        method="by_end",
        label=_("Masa simpan"),
        empty_label=_("All"),
    )

    class Meta:
        model = IssuedDocument
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(number__icontains=word) | Q(title__icontains=word) | Q(issued_by_label__icontains=word)
            )
        return rows

    def by_end(self, rows: Any, name: str, value: str) -> Any:
        today = local_day(timezone.now(), JAKARTA)
        return rows.filter(expires_on__lt=today) if value == "yes" else rows.filter(expires_on__gte=today)
