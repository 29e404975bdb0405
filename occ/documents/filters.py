"""What the document register is filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.documents.selectors import read_by
from occ.filters import OwnSite, reader_of
from occ.times import JAKARTA, local_day


class RegisterFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    type = filters.ChoiceFilter(choices=(), field_name="type_code", label=_("Type"), empty_label=_("All"))
    site = OwnSite()
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reader = reader_of(self.request)
        kinds = read_by(reader) if reader is not None else []
        self.filters["type"].extra["choices"] = [(one.code, one.title) for one in kinds]

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(number__icontains=word) | Q(title__icontains=word) | Q(issued_by_label__icontains=word)
            )
        return rows

    def by_end(self, rows: Any, name: str, value: str) -> Any:
        today = local_day(timezone.now(), JAKARTA)
        return rows.filter(expires_on__lt=today) if value == "yes" else rows.filter(expires_on__gte=today)
