"""Filters by days and instants that every list shares. Bounds, and no day made of each row: an index serves them."""

from datetime import date
from typing import Any

import django_filters as filters

from occ.forms import DayField, InstantField
from occ.times import JAKARTA, end_of_day, start_of_day


class InstantFilter(filters.Filter):
    field_class = InstantField


class DayFilter(filters.Filter):
    """Of a date; for instants see FromDay and UntilDay."""

    field_class = DayField


class FromDay(DayFilter):
    """Instants from the beginning of that day on."""

    def filter(self, rows: Any, value: date | None) -> Any:
        return rows if value is None else rows.filter(**{f"{self.field_name}__gte": start_of_day(value, JAKARTA)})


class UntilDay(DayFilter):
    """Instants until that day is over."""

    def filter(self, rows: Any, value: date | None) -> Any:
        return rows if value is None else rows.filter(**{f"{self.field_name}__lt": end_of_day(value, JAKARTA)})
