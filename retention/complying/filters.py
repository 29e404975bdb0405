"""What the list behind a figure is chosen by: the figure itself, and where, what and when."""

import re
from datetime import date
from typing import Any

import django_filters as filters
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite
from occ.times import in_reach
from retention.choices import RecordKind
from retention.complying.words import FIGURES
from retention.models import Record
from retention.services.compliance import behind


class MonthField(forms.CharField):
    """A month as browsers send it, and stays: 2026-11."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-11"})
        super().__init__(max_length=7, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        if text and (not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII) or not in_reach(first_of(text))):
            raise forms.ValidationError(_("A month looks like 2026-11."), code="month")
        return text


def first_of(month: str) -> date:
    """2026-11 -> its first day; the year 0, which there is none of, as the year 1."""
    return date(max(1, int(month[:4])), int(month[5:]), 1)


class MonthFilter(filters.Filter):
    field_class = MonthField


class FigureFilter(filters.FilterSet):
    """The rows are what the user sees of all records; the figure narrows them."""

    q = filters.CharFilter(method="nothing", label=_("Search"))
    figure = filters.ChoiceFilter(
        choices=list(FIGURES.items()), method="nothing", label=_("Figure"), empty_label=None
    )  # fmt: skip
    kind = filters.ChoiceFilter(choices=RecordKind.choices, method="nothing", label=_("Kind"), empty_label=_("All"))
    month = MonthFilter(method="nothing", label=_("Month"))
    site = OwnSite(method="nothing")

    class Meta:
        model = Record
        fields: list[str] = []

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        chosen = self.form.cleaned_data
        wanted = behind(
            chosen.get("figure") or "records", site=chosen.get("site"), kind=chosen.get("kind") or "",
            month=first_of(chosen["month"]) if chosen.get("month") else None, now=timezone.now(),
        )  # fmt: skip
        rows = queryset.filter(wanted)
        if text := chosen.get("q"):
            rows = rows.called(text)
        return rows
