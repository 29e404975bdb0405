"""What chats are searched by: words that were said, and where and when."""

from typing import Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite
from occ.forms import DayField
from retention.choices import Channel
from retention.models import Record
from retention.services.transcripts import saying


class DayFilter(filters.Filter):
    field_class = DayField


class SaidFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Words that were said"))
    site = OwnSite()
    channel = filters.ChoiceFilter(choices=Channel.choices, label=_("Channel"), empty_label=_("All"))
    ended_from = DayFilter(field_name="ended_at", lookup_expr="date__gte", label=_("Ended from"))
    ended_to = DayFilter(field_name="ended_at", lookup_expr="date__lte", label=_("Ended until"))

    class Meta:
        model = Record
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return saying(rows, value)
