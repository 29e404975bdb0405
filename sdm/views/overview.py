"""Seen as a whole (SDM-10): the organisation chart, turnover and tenure, and the rows behind each figure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters as filters
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.filters import DayFilter, OwnSite
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.choices import LeavingReason
from occ.people.models import User
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day, month_of, next_month
from sdm.filters import AsOfForm
from sdm.models import Placement
from sdm.overview.measures import PROBE, Span, band_days, share
from sdm.services import turnover as services
from sdm.services.organisation import CHART_READERS, organisation

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
MONTHS = 12
MOST = 36  # months of one page


# The chart -----------------------------------------------------------------------------------------------------------


@require_GET
def chart(request: HttpRequest) -> HttpResponse:
    """One site's organisation as of a day, drawn as nested lists, so that it is read aloud and printed as well."""
    user, now = me(request), timezone.now()
    sites = sites_for(user, CHART_READERS)
    if not sites:
        raise NotAllowed
    site = next((one for one in sites if one.code == request.GET.get("site")), sites[0])
    form = AsOfForm(request.GET)
    asked = form.cleaned_data["as_of"] if form.is_valid() else None
    day = asked or local_day(now, site.zone)
    found = organisation(site=site, day=day, now=now)
    people = reverse("sdm:people")
    context = {
        "title": _("Organisation"), "subtitle": f"{site.name} · {date_format(day, 'j F Y')}",
        "crumbs": [{"label": _("People"), "url": people}], "chart": found, "site": site, "sites": sites, "day": day,
        "as_of": asked, "people_url": people, "form": form if form.errors else AsOfForm(initial={"as_of": day}),
    }  # fmt: skip
    return render(request, "sdm/overview/chart.html", context)


# Turnover ------------------------------------------------------------------------------------------------------------


def asked_span(request: HttpRequest, today: date) -> Span:
    """Whole months, at most three years; the last twelve unless asked otherwise."""
    until = _month(request.GET.get("until", "")) or month_of(today)
    since = _month(request.GET.get("since", "")) or months_before(until, MONTHS - 1)
    if since > until:
        since, until = until, since
    since = max(since, months_before(until, MOST - 1))
    return Span(since, min(next_month(until) - timedelta(days=1), max(today, since)))


def _month(text: str) -> date | None:
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and 1990 <= int(found[1]) <= 2100 else None


def months_before(month: date, count: int) -> date:
    year, index = divmod(month.year * 12 + month.month - 1 - count, 12)
    return date(max(1990, year), index + 1, 1)


@require_GET
def turnover(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, services.READERS):
        raise NotAllowed
    today = local_day(now, JAKARTA)
    span, sites = asked_span(request, today), sites_for(user, services.READERS)
    site = next((one for one in sites if one.code == request.GET.get("site")), None)
    position = " ".join(request.GET.get("position", "").replace("\x00", "").split())[:80]
    rows = services.placements(user)
    rows = rows.filter(site=site) if site else rows
    rows = rows.filter(position__iexact=position) if position else rows
    found = services.turnover(rows, span, today=today)
    query = {"site": site.code if site else "", "position": position}
    cohort = services.early_span(span, today)
    early, began = found.early
    context = {
        "title": _("Turnover and tenure"), "crumbs": [{"label": _("People"), "url": reverse("sdm:people")}],
        "subtitle": _("Who left, against the people who worked here, and how long people stay"),
        "span": span, "sites": sites, "site": site, "position": position, "whole": found.whole,
        "left_url": _rows("left", span.first, span.last, query),
        "came_url": _rows("joined", span.first, span.last, query),
        "early": early, "began": began, "early_share": share(early, began),
        "stayed_share": share(began - early, began),
        "early_url": _rows("early", cohort.first, cohort.last, query) if cohort else "", "probe": PROBE,
        "months": [
            {"sums": one, "url": _rows("left", one.span.first, one.span.last, query),
             "came_url": _rows("joined", one.span.first, one.span.last, query)}
            for one in found.months
        ],
        "places": [
            {"site": code, "position": name, "sums": sums,
             "url": _rows("left", span.first, span.last, query | {"site": code, "position": name})}
            for (code, name), sums in found.places.items()
        ],
        "reasons": _reasons(found, span, query), "bands": _bands(rows, min(today, span.last), query),
        "bands_day": min(today, span.last), "drawing": _drawing(found, span, query),
    }  # fmt: skip
    return render(request, "sdm/overview/turnover.html", context)


def _rows(what: str, first: date | None, last: date | None, query: dict[str, str], **more: str) -> str:
    days = {"since": first.isoformat() if first else "", "until": last.isoformat() if last else ""}
    chosen = {name: value for name, value in ({"what": what} | days | query | more).items() if value}
    return f"{reverse('sdm:turnover_rows')}?{urlencode(chosen)}"


def _reasons(found: services.Turnover, span: Span, query: dict[str, str]) -> list[dict[str, Any]]:
    labels = dict(LeavingReason.choices) | {"": _("not recorded")}
    return [
        {"label": labels.get(code, code), "count": n, "share": share(n, found.whole.left),
         "url": _rows("left", span.first, span.last, query, reason=code or "none")}
        for code, n in sorted(found.reasons.items(), key=lambda one: -one[1])
    ]  # fmt: skip


def band_labels() -> list[str]:
    return [_("under 90 days"), _("90 days to 1 year"), _("1 to 2 years"), _("2 to 5 years"), _("5 years and more")]


def _bands(rows: Any, day: date, query: dict[str, str]) -> list[dict[str, Any]]:
    counts = services.tenure(rows, day)
    whole, found = sum(counts), []
    for band, (label, n) in enumerate(zip(band_labels(), counts, strict=True)):
        url = _rows("working", None, day, query, band=str(band))
        found.append({"label": label, "count": n, "share": share(n, whole), "url": url})
    return found


def _drawing(found: services.Turnover, span: Span, query: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": "bar",
        "labels": [date_format(one.span.first, "M Y") for one in found.months],
        "series": [
            {"name": _("Left"), "values": [one.left for one in found.months]},
            {"name": _("Began"), "values": [one.came for one in found.months]},
        ],
        "target": None,
        "urls": [_rows("left", one.span.first, one.span.last, query) for one in found.months],
    }


# The rows behind -----------------------------------------------------------------------------------------------------

WHAT = [
    ("left", gettext_lazy("Left")), ("joined", gettext_lazy("Began")), ("early", gettext_lazy("Left within 90 days")),
    ("working", gettext_lazy("Work here")),
]  # fmt: skip


class StintFilter(filters.FilterSet):
    """Which rows; `since` and `until` are of the last day, of the first day, or (working) the day is `until`."""

    q = filters.CharFilter(method="nothing", label=gettext_lazy("Search"))
    what = filters.ChoiceFilter(choices=WHAT, method="nothing", label=gettext_lazy("Who"), empty_label=None)
    since = DayFilter(method="nothing", label=gettext_lazy("From"))
    until = DayFilter(method="nothing", label=gettext_lazy("Until"))
    site = OwnSite(to_field_name="code", method="nothing")
    position = filters.CharFilter(method="nothing", label=gettext_lazy("Position"))
    reason = filters.ChoiceFilter(
        choices=[*LeavingReason.choices, ("none", gettext_lazy("not recorded"))], method="nothing",
        label=gettext_lazy("Reason"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    band = filters.ChoiceFilter(
        choices=[(str(n), label) for n, label in enumerate((
            gettext_lazy("under 90 days"), gettext_lazy("90 days to 1 year"), gettext_lazy("1 to 2 years"),
            gettext_lazy("2 to 5 years"), gettext_lazy("5 years and more"),
        ))],
        method="nothing", label=gettext_lazy("Tenure"), empty_label=gettext_lazy("All"),
    )  # fmt: skip

    class Meta:
        model = Placement
        fields: list[str] = []

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        chosen: dict[str, Any] = self.form.cleaned_data
        today = local_day(timezone.now(), JAKARTA)
        until = chosen.get("until") or today
        span = Span(chosen.get("since") or months_before(month_of(until), MONTHS - 1), until)
        rows = queryset.filter(site=chosen["site"]) if chosen.get("site") else queryset
        if position := (chosen.get("position") or "").replace("\x00", ""):
            rows = rows.filter(position__iexact=position)
        for word in (chosen.get("q") or "").replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(employee__person__name__icontains=word) | Q(employee__person__number__icontains=word))
        rows = chosen_rows(chosen.get("what") or "left", rows, span)
        if chosen.get("band"):
            first, last = band_days(int(chosen["band"]), until)
            rows = rows.filter(begun__lte=last)
            rows = rows.filter(begun__gte=first) if first else rows
        rows = services.with_reason(rows)
        if reason := chosen.get("reason"):
            rows = rows.filter(why="" if reason == "none" else reason)
        return rows


def chosen_rows(what: str, rows: Any, span: Span) -> Any:
    if what == "working":
        return services.working(rows, span.last)
    bases = {"joined": services.come, "early": services.left_early}
    return services.with_begun(bases.get(what, services.gone)(rows, span))


def rows_of(user: User, now: datetime) -> Any:
    return services.placements(user).select_related("site", "employee__person")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Employee number"), 14), OutColumn(_("Employee"), 28), OutColumn(_("Site"), 8),
            OutColumn(_("Position"), 24), OutColumn(_("Began on"), 14), OutColumn(_("Last day"), 14),
            OutColumn(_("Days employed"), 12), OutColumn(_("Reason"), 24)]  # fmt: skip


def line(one: Any) -> list[Any]:
    person, why = one.employee.person, dict(LeavingReason.choices).get(one.why, "")
    days = (one.end - one.begun).days + 1 if one.end and one.begun else None
    return [person.number, person.name, one.site.code, one.position, one.begun, one.end, days, str(why)]


register_list(
    "sdm.turnover", gettext_lazy("Who came and went"), may=lambda user: has_role(user, services.READERS),
    filters=StintFilter, order=["starts_on", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def turnover_rows(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, services.READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    today = local_day(now, JAKARTA)
    usual = chosen_rows("left", rows_of(user, now), Span(months_before(month_of(today), MONTHS - 1), today))
    sorts = {"name": "employee__person__name", "since": "starts_on"}
    context = listing(
        request, rows_of(user, now), filters=StintFilter, sorts=sorts, default="-since",
        otherwise=services.with_reason(usual),
    )  # fmt: skip
    reasons = dict(LeavingReason.choices)
    for one in context["page"].rows:
        one.days = (one.end - one.begun).days + 1 if one.end and one.begun else None
        one.reason = reasons.get(one.why, "")
    context |= {
        "title": _("Who came and went"), "search": _("Name or employee number"), "export_kind": "sdm.turnover",
        "crumbs": [{"label": _("Turnover and tenure"), "url": reverse("sdm:turnover")}],
    }  # fmt: skip
    return render(request, "sdm/overview/rows.html", context)
