"""Evaluations of before OCC: the list with its export (SDM-11); they come by import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.filters import DayFilter, OwnSite
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from sdm.evaluating.workflow import PERFORMANCE
from sdm.models import PastEvaluation
from sdm.models.evaluating import READERS


class PastFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    site = OwnSite(field_name="person__site")
    since = DayFilter(field_name="month", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="month", lookup_expr="lte", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[PastEvaluation], name: str, value: str) -> QuerySet[PastEvaluation]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__iexact=word))
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[PastEvaluation]:
    return PastEvaluation.objects.visible_to(user).select_related("person__site", "recorded_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Month"), 14), OutColumn(_("Employee number"), 16), OutColumn(_("Employee"), 28),
            OutColumn(_("Site"), 14), OutColumn(_("Total"), 10), OutColumn(_("Grade"), 14),
            OutColumn(_("Remarks"), 50), OutColumn(_("Recorded"), 18), OutColumn(_("Recorded by"), 24)]  # fmt: skip


def line(one: PastEvaluation) -> list[Any]:
    return [one.month, one.person.number, one.person.name, one.person.site.name, one.total, one.grade, one.remarks,
            one.recorded_at, str(one.recorded_by)]  # fmt: skip


register_list(
    "sdm.past_evaluations", gettext_lazy("Evaluations of before"), may=lambda user: has_role(user, READERS),
    filters=PastFilter, order=["-month", "person__name", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def past_evaluations(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"month": "month", "name": "person__name"}
    context = listing(request, rows_of(user, timezone.now()), filters=PastFilter, sorts=sorts, default="-month")
    importing = {"label": _("Import"), "url": reverse("sdm:evaluation_import:import"), "icon": "upload"}
    context |= {
        "title": _("Evaluations of before"), "crumbs": [
            {"label": _("Monthly evaluations"), "url": reverse("sdm:evaluations")}
        ],
        "subtitle": _("What evaluations came to before OCC kept them; nothing is paid by them"),
        "actions": [importing] if has_role(user, PERFORMANCE) else [], "export_kind": "sdm.past_evaluations",
        "search": _("Name or employee number"),
    }  # fmt: skip
    return render(request, "sdm/evaluating/past.html", context)
