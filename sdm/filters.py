"""What the lists of people and leavings are filtered by."""

from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import DayFilter, OwnFilterSet, OwnSite, OwnTeam, reader_of
from occ.forms import DayField
from occ.people.choices import LeavingReason, Role
from occ.people.models import Site, TeamMembership, User, in_force
from occ.people.scope import SITE_WIDE, has_role, site_filter
from occ.times import JAKARTA, local_day
from sdm.choices import LeavingStatus, Standing
from sdm.models import Employee, EmployeeQuerySet, Employment, Leaving, Placement, Position
from sdm.personal import CONTRACT_READERS

ALL = "all"


def asked_day(params: QueryDict) -> date | None:
    """The day of `as_of`; None where none that can be meant is asked for."""
    try:
        found: date | None = DayField(required=False).clean(params.get("as_of", ""))
    except forms.ValidationError:
        return None
    return found


class AsOfForm(forms.Form):
    """The day for which a page is asked; of one that cannot be meant it says so."""

    as_of = DayField(label=_("As of"), required=False)


def people_seen(user: User, params: QueryDict) -> EmployeeQuerySet:
    """Whom the list may show: today's people of the user's scope, or those who were in it on the day asked for."""
    return Employee.objects.visible_to(user, on=asked_day(params))


class PeopleFilter(OwnFilterSet):
    """Who was employed on the day (`as_of`, else today), each as placed then; `status` also finds those who left."""

    readers = SITE_WIDE | {Role.TEAM_LEADER}
    others = ("status", "site", "team", "position", "contract")
    q = filters.CharFilter(method="nothing", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[*((one.value, one.label) for one in Standing if one is not Standing.WORKING), (ALL, _("All"))],
        method="nothing", label=_("Status"), empty_label=_("Employed"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code", method="nothing")
    team = OwnTeam(to_field_name="code", method="nothing")
    position = filters.CharFilter(method="nothing", label=_("Position"))
    contract = filters.ChoiceFilter(
        choices=[("30", _("ends within 30 days")), ("60", _("ends within 60 days")), ("90", _("ends within 90 days")),
                 ("none", _("none recorded"))],
        method="nothing", label=_("Contract"), empty_label=_("All"),
    )  # fmt: skip
    as_of = DayFilter(method="nothing", label=_("As of"))

    class Meta:
        model = Employee
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader_of(self.request)
        if self.reader is None or not has_role(self.reader, CONTRACT_READERS):
            self.filters.pop("contract", None)

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> EmployeeQuerySet:
        chosen: dict[str, Any] = self.form.cleaned_data
        day, status = chosen.get("as_of") or local_day(timezone.now(), JAKARTA), chosen.get("status") or ""
        rows: EmployeeQuerySet = queryset
        rows = rows.search(chosen["q"]) if chosen.get("q") else rows
        there = status in ("", Standing.LEAVING)
        if status == "":
            rows = rows.as_of(day)
        else:
            rows = (rows if status == ALL else rows.standing(status, day)).placed_on(day)
        if (site := chosen.get("site")) or chosen.get("position"):
            rows = self._placed(rows, site, chosen.get("position") or "", day if there else None)
        if team := chosen.get("team"):
            members = TeamMembership.objects.filter(in_force(day) if there else Q(), team=team)
            rows = rows.filter(person__in=members.values("person_id"))
        if self.reader is not None and (what := chosen.get("contract")):
            readable = rows.filter(site_filter(self.reader, CONTRACT_READERS, "person__site_id"))
            rows = self._contracted(readable, what, day)
        return rows

    @staticmethod
    def _placed(rows: EmployeeQuerySet, site: Site | None, position: str, day: date | None) -> EmployeeQuerySet:
        """By where they were on the day; people who are gone, by where they were last. In quotes: whole positions."""
        position = position.replace("\x00", "").strip()
        if len(position) > 2 and position[0] == position[-1] == '"':
            one = position[1:-1].lower()
            alike = [{name.lower() for name in (row.name, *row.titles)} for row in Position.objects.all()]
            called = Q(as_called__in={one}.union(*(names for names in alike if one in names)))
        else:
            called = Q(as_called__contains=position.lower())
        if day is None:
            rows = rows.filter(person__site=site) if site else rows
            return rows.annotate(as_called=Lower("person__position")).filter(called)
        placed = Placement.objects.annotate(as_called=Lower("position")).filter(in_force(day), called)
        return rows.filter(pk__in=(placed.filter(site=site) if site else placed).values("employee_id"))

    @staticmethod
    def _contracted(rows: EmployeeQuerySet, what: str, day: date) -> EmployeeQuerySet:
        held = Employment.objects.filter(in_force(day))
        if what == "none":
            return rows.exclude(pk__in=held.values("employee_id"))
        # Of an extended contract the extension counts: what ends is the last one.
        ending = held.filter(ends_on__lte=day + timedelta(days=int(what)), extension=None)
        return rows.filter(pk__in=ending.values("employee_id"))


class LeavingFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), *LeavingStatus.choices], method="by_status", label=_("Status"),
        empty_label=_("All"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code")
    reason = filters.ChoiceFilter(choices=LeavingReason.choices, label=_("Reason"), empty_label=_("All"))
    day_from = DayFilter(field_name="last_working_day", lookup_expr="gte", label=_("Last day from"))
    day_to = DayFilter(field_name="last_working_day", lookup_expr="lte", label=_("Last day until"))

    class Meta:
        model = Leaving
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(employee__person__name__icontains=word) | Q(employee__person__number__icontains=word))
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(status=value)
