"""Filters that every list shares: by days and instants (bounds, and no day made of each row: an index serves them), and
by the sites and teams that the reader has to do with. Who makes a FilterSet says who reads: `request`, or a `Reader`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField, InstantField
from occ.people.models import Site, Team, User
from occ.people.scope import has_role, own_sites
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


@dataclass(frozen=True)
class Reader:
    """Who reads a list where there is no request, such as an export in the background."""

    user: User


def reader_of(request: Any) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def sites_of_reader(request: Any) -> QuerySet[Site]:
    user = reader_of(request)
    return own_sites(user) if user is not None else Site.objects.none()


def of_own_sites(rows: QuerySet[Any]) -> Callable[[Any], QuerySet[Any]]:
    """What a chooser offers of `rows` that have a `site`: those of the reader's sites, and those of all sites."""

    def offered(request: Any) -> QuerySet[Any]:
        return rows.filter(Q(site__in=sites_of_reader(request)) | Q(site=None))

    return offered


class OwnFilterSet(filters.FilterSet):
    """Of a list in which who holds none of the roles `readers` sees the own rows only.

    For them the search and the filters `others` (whose, where) mean nothing and are left out; `own_only` says so.
    """

    readers: ClassVar[Collection[str]]
    others: ClassVar[Collection[str]]
    own_only = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = reader_of(self.request)
        self.own_only = user is not None and not has_role(user, self.readers)
        if self.own_only:
            for name in ("q", *self.others):
                self.filters.pop(name, None)


class OneRow(filters.NumberFilter):
    """The rows of one thing, by its key, which a link brings along; said by what it is called where it is among `rows`,
    those of the reader.

    A whole number in digits: to make one of -1e1000000 keeps a processor for half a minute.
    """

    field_class = forms.IntegerField

    def __init__(self, *, rows: Callable[[User], QuerySet[Any]], **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)
        self.rows = rows

    def named(self, key: Any) -> str:
        reader = reader_of(self.parent.request)
        found = self.rows(reader).filter(pk=key).first() if reader is not None else None
        return str(key) if found is None else str(found)


class OwnSite(filters.ModelChoiceFilter):
    """A site, of those that the reader has to do with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"queryset": sites_of_reader, "label": _("Site"), "empty_label": _("All")} | kwargs)


class OwnTeam(filters.ModelChoiceFilter):
    """A team, of those sites."""

    def __init__(self, **kwargs: Any) -> None:
        def teams(request: Any) -> QuerySet[Team]:
            return Team.objects.filter(site__in=sites_of_reader(request))

        super().__init__(**{"queryset": teams, "label": _("Team"), "empty_label": _("All")} | kwargs)
