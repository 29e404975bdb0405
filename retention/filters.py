"""What the catalogue's lists are filtered by."""

from datetime import date
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite, reader_of
from occ.forms import DayField, PersonField
from occ.people.choosing import register as register_chooser
from occ.people.models import Person
from occ.times import JAKARTA, end_of_day, in_reach, start_of_day
from retention.choices import Channel, PlaceKind, RecordKind, RecordState
from retention.deadlines import month_bounds
from retention.models import Record, Source, Store

AGENT = register_chooser("retention.agent", lambda user: Person.objects.visible_to(user))


class MonthField(forms.Field):
    """A month as browsers send it: 2026-03. Its value is the month's first day."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-03"})
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            found = date.fromisoformat(f"{text}-01")
        except ValueError as error:
            raise forms.ValidationError(_("Write the month as 2026-03."), code="month") from error
        if not in_reach(found):
            raise forms.ValidationError(_("Write the month as 2026-03."), code="month")
        return found


class MonthFilter(filters.Filter):
    field_class = MonthField


class DayFilter(filters.Filter):
    field_class = DayField


class AgentFilter(filters.Filter):
    field_class = PersonField


class RecordFilter(filters.FilterSet):
    """The text finds IDs by their beginning. Days and months are those of the conversation's end."""

    q = filters.CharFilter(method="by_id", label=_("Search"))
    kind = filters.ChoiceFilter(choices=RecordKind.choices, label=_("Kind"), empty_label=_("All"))
    channel = filters.ChoiceFilter(choices=Channel.choices, label=_("Channel"), empty_label=_("All"))
    site = OwnSite()
    agent = AgentFilter(chooser=AGENT, label=_("Agent"))
    state = filters.ChoiceFilter(choices=RecordState.choices, label=_("State"), empty_label=_("All"))
    month = MonthFilter(method="by_month", label=_("Month"))
    since = DayFilter(method="by_since", label=_("From"))
    until = DayFilter(method="by_until", label=_("To"))

    class Meta:
        model = Record
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reader = reader_of(self.request)
        if reader is not None:
            self.form.fields["agent"].for_user(reader)

    def by_id(self, rows: Any, name: str, value: str) -> Any:
        return rows.called(value)

    def by_month(self, rows: Any, name: str, value: date) -> Any:
        first, last = month_bounds(value, JAKARTA)
        return rows.filter(ended_at__gte=first, ended_at__lt=last)

    def by_since(self, rows: Any, name: str, value: date) -> Any:
        return rows.filter(ended_at__gte=start_of_day(value, JAKARTA))

    def by_until(self, rows: Any, name: str, value: date) -> Any:
        return rows.filter(ended_at__lt=end_of_day(value, JAKARTA))


class PlaceFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    kind = filters.ChoiceFilter(choices=PlaceKind.choices, label=_("Kept in"), empty_label=_("All"))

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(code__icontains=word) | Q(name__icontains=word) | Q(url__icontains=word))
        return rows


class SourceFilter(PlaceFilter):
    record_kind = filters.ChoiceFilter(choices=RecordKind.choices, label=_("Holds"), empty_label=_("All"))
    site = OwnSite()

    class Meta:
        model = Source
        fields: list[str] = []


class StoreFilter(PlaceFilter):
    class Meta:
        model = Store
        fields: list[str] = []
