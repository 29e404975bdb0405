"""What the list of leave is filtered by, and who may be away at whose word."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from occ.filters import DayFilter, OwnFilterSet, OwnSite, OwnTeam
from occ.people.models import Team, TeamMembership
from sdm.absence.choices import SHOWN, LeaveStatus, Shown
from sdm.models import LeaveRequest
from sdm.personal import ABSENCE_LEADERS, ABSENCE_READERS


class LeaveFilter(OwnFilterSet):
    """Not by kind: that would tell of illness whoever reads only that somebody is away."""

    readers = ABSENCE_READERS | ABSENCE_LEADERS
    others = ("site", "team")
    q = filters.CharFilter(method="by_words", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[("waiting", _("To be decided")), ("alive", _("Neither refused nor cancelled")), *LeaveStatus.choices],
        method="by_status", label=_("Status"), empty_label=_("All"),
    )  # fmt: skip
    what = filters.ChoiceFilter(choices=Shown.choices, method="by_what", label=_("Absence"), empty_label=_("All"))
    site = OwnSite(to_field_name="code")
    team = OwnTeam(to_field_name="code", method="by_team")
    since = DayFilter(field_name="ends_on", lookup_expr="gte", label=_("Away from"))
    until = DayFilter(field_name="starts_on", lookup_expr="lte", label=_("Away until"))

    class Meta:
        model = LeaveRequest
        fields: list[str] = []

    def by_words(self, rows: QuerySet[LeaveRequest], name: str, value: str) -> QuerySet[LeaveRequest]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(employee__person__name__icontains=word) | Q(employee__person__number__icontains=word))
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        if value == "waiting":
            return rows.waiting()
        return rows.alive() if value == "alive" else rows.filter(status=value)

    def by_what(self, rows: QuerySet[LeaveRequest], name: str, value: str) -> QuerySet[LeaveRequest]:
        return rows.filter(group__in=[group for group, shown in SHOWN.items() if shown == value])

    def by_team(self, rows: QuerySet[LeaveRequest], name: str, value: Team) -> QuerySet[LeaveRequest]:
        """Who was in it when the leave began."""
        then = TeamMembership.objects.filter(team=value, person=OuterRef("employee_id"))
        then = then.filter(
            Q(ends_on=None) | Q(ends_on__gte=OuterRef("starts_on")), starts_on__lte=OuterRef("starts_on")
        )
        return rows.filter(Exists(then))
