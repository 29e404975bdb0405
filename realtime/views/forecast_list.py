"""The forecasts that were made, in force or not, with how far off each was (RTM-3)."""

from __future__ import annotations

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
from occ.filters import OwnSite
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.choices import Channel
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from realtime.choices import ForecastMethod, ForecastOrigin
from realtime.forecasting.made import Standing, forecasts_made
from realtime.models import FLOOR_READERS, Forecast

SIZE = 25
TONES = {Standing.IN_FORCE: ("success", "circle-check"), Standing.SUPERSEDED: ("neutral", "history"),
         Standing.OVER: ("neutral", "calendar-off")}  # fmt: skip
EVERY = gettext_lazy("All")


class ForecastFilter(filters.FilterSet):
    standing = filters.ChoiceFilter(choices=Standing.choices, label=gettext_lazy("Status"), empty_label=EVERY)
    site = OwnSite()
    channel = filters.ChoiceFilter(choices=Channel.choices, label=gettext_lazy("Channel"), empty_label=EVERY)
    origin = filters.ChoiceFilter(choices=ForecastOrigin.choices, label=gettext_lazy("Origin"), empty_label=EVERY)
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))

    def by_words(self, rows: QuerySet[Forecast], name: str, value: str) -> QuerySet[Forecast]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(reason__icontains=word) | Q(file__icontains=word) | Q(made_by__first_name__icontains=word)
                | Q(made_by__last_name__icontains=word)
            )  # fmt: skip
        return rows


def columns() -> list[OutColumn]:
    labels = (_("Made"), _("Made by"), _("Site"), _("Channel"), _("From"), _("To"), _("Origin"), _("How it was made"),
              _("Status"), "WAPE (%)", _("Reason"), _("File"))  # fmt: skip
    return [OutColumn(label, 18) for label in labels]


def line(one: Any) -> list[Any]:
    return [one.made_at, maker(one), one.site.name, one.get_channel_display(), one.first_day, one.last_day,
            one.get_origin_display(), "; ".join(methods(one)), str(Standing(one.standing).label),
            None if one.wape is None else round(one.wape, 1), one.reason, one.file]  # fmt: skip


def maker(one: Forecast) -> str:
    return str(one.made_by or _("every night, by itself"))


def methods(one: Any) -> list[str]:
    return [str(ForecastMethod(code).label) for code in one.methods]


register_list(
    "realtime.forecasts", gettext_lazy("Forecasts made"), may=lambda user: has_role(user, FLOOR_READERS),
    filters=ForecastFilter, order=["-made_at", "-pk"], rows=forecasts_made, columns=columns,
    line=line,
)  # fmt: skip


@require_GET
def forecasts(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(
        request, forecasts_made(user, timezone.now()), filters=ForecastFilter, default="-made", size=SIZE,
        sorts={"made": "made_at", "for": "first_day"},
    )  # fmt: skip
    for one in context["page"].rows:
        one.maker, one.said = maker(one), methods(one)
        one.label, (one.tone, one.icon) = Standing(one.standing).label, TONES[Standing(one.standing)]
    context |= {
        "title": _("Forecasts made"), "subtitle": _("When, by whom and for which days; which are in force"),
        "crumbs": [{"label": _("Forecast"), "url": reverse("realtime:forecasts")}],
        "search": _("Words of the reason, a file, a name"), "export_kind": "realtime.forecasts",
    }  # fmt: skip
    return render(request, "realtime/forecasts_made.html", context)
