"""Months of service (RTM-12): as they were frozen, with their revisions; and how one that is not frozen stands."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.figures.registry import FIGURES
from occ.filters import DayFilter, OwnSite
from occ.forms import NoteForm, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.sheets.writing import OutColumn
from occ.times import in_reach, local_day, month_of
from realtime.documents import RESULTS, figure_label, figure_said, target_said
from realtime.models import FLOOR_READERS, MONTH_READERS, MonthRevision, ServiceMonth
from realtime.policies import SMALL_BASE
from realtime.services import months as services
from realtime.views.figures import shown

# Beyond the target but within the limit is what the manual allows: no warning.
TONES = {"met": ("success", "circle-check"), "limit": ("info", "circle-dot"), "missed": ("danger", "alert-octagon"),
         "unknown": ("neutral", "help-circle"), "unrecorded": ("neutral", "hourglass")}  # fmt: skip
INPUTS: dict[str, Any] = {
    "answered": gettext_lazy("Answered"), "offered": gettext_lazy("Offered"), "talk_seconds": gettext_lazy("Talk (s)"),
    "hold_seconds": gettext_lazy("Hold (s)"), "handled": gettext_lazy("Calls handled"),
    "faults": gettext_lazy("Faults"), "response_seconds": gettext_lazy("Response (s)"),
    "submitted": gettext_lazy("Submitted"), "cases": gettext_lazy("Cases in"),
    "unmeasured": gettext_lazy("Left out as faulty"),
    "on_target": gettext_lazy("In the target"), "within_limit": gettext_lazy("In the limit"),
    "known_seconds": gettext_lazy("Known (s)"), "down_seconds": gettext_lazy("Down (s)"),
    "outages": gettext_lazy("Outages"),
}  # fmt: skip


class MonthField(forms.Field):
    """2026-10, as browsers send it; the first of the month."""

    widget = forms.TextInput(attrs={"type": "month"})

    def to_python(self, value: Any) -> date | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            found = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month
        except ValueError:
            raise forms.ValidationError(_("Write the month as 2026-10.")) from None
        if not in_reach(found):
            raise forms.ValidationError(_("This month is not possible."))
        return found


class MonthForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    month = MonthField(label=gettext_lazy("Month"))

    def __init__(self, data: Any, *, user: User, now: datetime) -> None:
        sites = sites_for(user, FLOOR_READERS)
        standing = {"site": sites[0].pk if sites else "", "month": f"{_last(now, sites):%Y-%m}"}
        super().__init__(standing | {name: data[name] for name in standing if data.get(name)})
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites])


def _last(now: datetime, sites: list[Site]) -> date:
    """The month that was over last."""
    today = local_day(now, sites[0].zone) if sites else now.date()
    return month_of(month_of(today) - timedelta(days=1))


class MonthsFilter(filters.FilterSet):
    site = OwnSite()
    since = DayFilter(field_name="month", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="month", lookup_expr="lte", label=gettext_lazy("To"))


def rows_of(user: User, now: datetime) -> QuerySet[ServiceMonth]:
    return ServiceMonth.objects.visible_to(user).select_related("site").prefetch_related("revisions")


def newest(one: ServiceMonth) -> MonthRevision | None:
    return max(one.revisions.all(), key=lambda revision: revision.number, default=None)


def columns() -> list[OutColumn]:
    labels = [figure_label(key) for key in services.KPI if key in FIGURES]
    return [OutColumn(_("Site"), 14), OutColumn(_("Month"), 14), OutColumn(_("Revision"), 10),
            OutColumn(_("Frozen"), 20), *(OutColumn(label, 22) for label in labels)]  # fmt: skip


def line(one: ServiceMonth) -> list[Any]:
    revision = newest(one)
    values = {row["key"]: row["value"] for row in revision.figures} if revision else {}
    return [one.site.name, one.month, revision.number if revision else None, revision.frozen_at if revision else None,
            *(values.get(key) for key in services.KPI if key in FIGURES)]  # fmt: skip


register_list(
    "realtime.months", gettext_lazy("Months of service"), may=lambda user: has_role(user, MONTH_READERS),
    filters=MonthsFilter, order=["-month", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def months(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, MONTH_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=MonthsFilter, sorts={"month": "month"}, default="-month")
    signed = services.signed_of(context["page"].rows)
    context["lines"] = [
        {
            "row": one,
            "revision": (found := newest(one)),
            "figures": told_in_order(found.figures if found else []),
            "signed": signed.get(one.pk),
        }
        for one in context["page"].rows
    ]
    context["keys"] = [figure_label(key) for key in services.KPI]
    context |= {
        "title": _("Months of service"),
        "subtitle": _("SCR, AHT, response time and availability against SLG and KPI, as they were frozen (MO 3)"),
        "actions": _new(user), "export_kind": "realtime.months", "search": _("Search this list"),
    }  # fmt: skip
    return render(request, "realtime/months.html", context)


def _new(user: User) -> list[dict[str, str]]:
    if not has_role(user, FLOOR_READERS):
        return []
    return [{"label": _("A month that is not frozen"), "url": reverse("realtime:month_new"), "icon": "calendar-search"}]


BASES = ("offered", "handled", "submitted")  # of how many a figure is: the first of them that it was made of


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures as a page shows them."""
    found = []
    for one in rows:
        tone, icon = TONES[one["result"]]
        found.append({
            "key": one["key"], "label": figure_label(one["key"]), "target": target_said(one), "tone": tone,
            "icon": icon, "value": figure_said(one["value"], one["unit"]), "result": RESULTS[one["result"]],
            "clause": one["clause"], "formula": FIGURES[one["key"]].formula if one["key"] in FIGURES else "",
            "version": one["formula"],
            "of": next((int(one["inputs"][name]) for name in BASES if name in one["inputs"]), None),
            "inputs": [(INPUTS.get(name, name), shown(value, 0)) for name, value in one["inputs"].items()],
        })  # fmt: skip
    return found


def told_in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, one for each figure that the client is told; of a month frozen without one it is not yet recorded."""
    frozen = {one["key"]: one for one in rows}
    return told([frozen.get(key) or {**services.UNRECORDED, "key": key} for key in services.KPI])


def changed(changes: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    units = {one["key"]: one["unit"] for one in rows}
    return [
        {"label": figure_label(one["key"]), "old": figure_said(one["old"], units.get(one["key"], "")),
         "new": figure_said(one["new"], units.get(one["key"], "")),
         "inputs": [(INPUTS.get(name, name), shown(was, 0), shown(became, 0))
                    for name, (was, became) in one["inputs"].items()]}
        for one in changes
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
def month_new(request: HttpRequest) -> HttpResponse:
    """How a month stands, in the client's terms; once it is over it can be frozen."""
    user, now = me(request), timezone.now()
    if not has_role(user, FLOOR_READERS) or (request.method == "POST" and not has_role(user, services.FREEZERS)):
        raise NotAllowed
    form = MonthForm(request.POST if request.method == "POST" else request.GET, user=user, now=now)
    context: dict[str, Any] = {"title": _("A month that is not frozen"), "crumbs": crumbs(), "form": form}
    if form.is_valid():
        site, month = form.cleaned_data["site"], form.cleaned_data["month"]
        if request.method == "POST":
            try:
                made = services.month_freeze(site=site, month=month, actor=user, now=now)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("The month is frozen; its report is issued."))
                return redirect(made.month)
        over = now >= services.span_of(site, month)[1]
        standing = ServiceMonth.objects.visible_to(user).filter(site=site, month=month).first()
        context |= {
            "site": site, "month": month, "label": date_format(month, "F Y"), "over": over, "standing": standing,
            "figures": told(services.rows_of(site, month, now)), "least": policy_value(SMALL_BASE, at=now, site=site),
            "may": over and standing is None and services.may_freeze(user, site),
        }  # fmt: skip
    return render(request, "realtime/month_new.html", context, status=422 if form.errors else 200)


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Months of service"), "url": reverse("realtime:months")}]


@require_GET
def month(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(ServiceMonth, me(request), pk))


@require_POST
def month_revise(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(ServiceMonth, me(request), pk)
    if not services.may_freeze(user, found.site):
        raise NotAllowed
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            services.month_revise(month_id=pk, reason=form.cleaned_data["note"], actor=user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The revision is issued; what was frozen before stays."))
            return redirect(found)
    return _detail(request, found, form)


def _detail(request: HttpRequest, found: ServiceMonth, form: NoteForm | None = None) -> HttpResponse:
    user, now = me(request), timezone.now()
    revisions = list(found.revisions.select_related("frozen_by").order_by("-number"))
    asked = request.GET.get("revision", "")
    shown = next((one for one in revisions if str(one.number) == asked), revisions[0])
    inside = has_role(user, FLOOR_READERS, site=found.site)
    other: list[dict[str, Any]] = []
    if inside and shown is revisions[0]:
        rows = services.rows_of(found.site, found.month, now)
        other = changed(services.differences(shown.figures, rows), rows)
    may = bool(other) and services.may_freeze(user, found.site)
    context = {
        "title": found.label, "subtitle": found.site.name, "crumbs": crumbs(), "month": found, "zone": found.site.zone,
        "revision": shown, "latest": shown is revisions[0], "figures": told(shown.figures), "differences": other,
        "outages": [one | {"since": datetime.fromisoformat(one["since"]),
                           "until": datetime.fromisoformat(one["until"]) if one["until"] else None}
                    for one in shown.outages],
        "revisions": [{"row": one, "changes": changed(one.changes, one.figures)} for one in revisions],
        "documents": services.documents_of(found).visible_to(user).order_by("revision"),
        "signatures": services.signatures_of_the_client().filter(document__in=services.documents_of(found).filter(
            status="valid")), "to_sign": next((services.sign_url(one) for one in services.reports_unsigned(user).filter(
                subject_id=str(found.pk))), ""),
        "form": form or (NoteForm() if may else None), "least": policy_value(SMALL_BASE, at=now, site=found.site),
    }  # fmt: skip
    return render(request, "realtime/month.html", context, status=422 if form and form.errors else 200)
