"""Filters by days and instants that every list shares. Bounds, and no day made of each row: an index serves them."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

import django_filters as filters

from occ.forms import DayField, InstantField
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import JAKARTA, end_of_day, start_of_day


class InstantFilter(filters.Filter):
    field_class = InstantField


class DayFilter(filters.Filter):
    """Of a date; for instants see FromDay and UntilDay."""

    field_class = DayField


class OwnFilterSet(filters.FilterSet):
    """Of a list in which who holds none of the roles `readers` sees the own rows only.

    For them the search and the filters `others` (whose, where) mean nothing and are left out; `own_only` says so.
    """

    readers: ClassVar[Collection[str]]
    others: ClassVar[Collection[str]]
    own_only = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user if self.request is not None else None
        self.own_only = isinstance(user, User) and not has_role(user, self.readers)
        if self.own_only:
            for name in ("q", *self.others):
                self.filters.pop(name, None)


class FromDay(DayFilter):
    """Instants from the beginning of that day on."""

    def filter(self, rows: Any, value: date | None) -> Any:
        return rows if value is None else rows.filter(**{f"{self.field_name}__gte": start_of_day(value, JAKARTA)})


class UntilDay(DayFilter):
    """Instants until that day is over."""

    def filter(self, rows: Any, value: date | None) -> Any:
        return rows if value is None else rows.filter(**{f"{self.field_name}__lt": end_of_day(value, JAKARTA)})
