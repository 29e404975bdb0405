"""Contracts: the list, the ends of the next twelve months, each month's report (SDM-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day
from sdm.contracts.documents import EXPIRING, month_span
from sdm.contracts.filters import ContractFilter
from sdm.contracts.forms import ReportForm
from sdm.contracts.workflow import HI
from sdm.models import Employment
from sdm.personal import CONTRACT_READERS, KEEPERS
from sdm.services.contract_reports import calendar_of, expiring_report, month_read

SORTS = {"from": "starts_on", "name": "employee__person__name"}


def reads(user: User) -> bool:
    return has_role(user, CONTRACT_READERS)


def rows_of(user: User, now: datetime) -> QuerySet[Employment]:
    return Employment.objects.visible_to(user).select_related("employee__person__site", "extension", "renewal")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Employee number"), 16), OutColumn(_("Name"), 30), OutColumn(_("Position"), 22),
        OutColumn(_("Site"), 8), OutColumn(_("Contract"), 12), OutColumn(_("Contract number"), 24),
        OutColumn(_("Contract from"), 14), OutColumn(_("Contract until"), 14), OutColumn(_("Ended"), 14),
        OutColumn(_("Extension"), 12), OutColumn(_("Extended until"), 14), OutColumn(_("Probation (months)"), 12),
        OutColumn(_("Signed on"), 14), OutColumn(_("Registered on"), 14), OutColumn(_("Registration number"), 24),
    ]  # fmt: skip


def line(one: Employment) -> list[Any]:
    person, extension = one.employee.person, getattr(one, "extension", None)
    return [
        person.number, person.name, person.position, person.site.code, one.kind.upper(), one.number, one.starts_on,
        one.agreed_until, one.ends_on, one.extends_id is not None, extension.agreed_until if extension else None,
        one.probation_months, one.signed_on or getattr(getattr(one, "renewal", None), "signed_on", None),
        *one.registered,
    ]  # fmt: skip


register_list(
    "sdm.contracts", gettext_lazy("Contracts"), may=reads, filters=ContractFilter, order=("ends_on", "pk"),
    rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Contracts"), "url": reverse("sdm:contracts")}]


@require_GET
def contracts(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not reads(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=ContractFilter, sorts=SORTS, default="-from")
    actions = [{"label": _("Ends by month"), "url": reverse("sdm:contract_calendar"), "icon": "calendar-stats"}]
    if has_role(user, HI):
        actions.append({"label": _("Report of a month"), "url": reverse("sdm:contract_report"), "icon": "file-check"})
    if has_role(user, KEEPERS):
        actions.append({"label": _("Import"), "url": reverse("sdm:contract_import:import"), "icon": "upload"})
    context |= {
        "title": _("Contracts"), "search": _("Name, employee number or contract number"), "actions": actions,
        "export_kind": "sdm.contracts", "today": local_day(now, JAKARTA),
    }  # fmt: skip
    return render(request, "sdm/contracts/contracts.html", context)


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """How many contracts end in each of the next twelve months, by site; each number leads to its rows."""
    user = me(request)
    if not reads(user):
        raise NotAllowed
    today = local_day(timezone.now(), JAKARTA)
    months, found = calendar_of(user, today)
    lines: list[dict[str, Any]] = []
    for month in months:
        first, last = month_span(month)
        first = max(first, today)
        cells = [(site, counts.get(month, 0), _ends(first, last, site.code)) for site, counts in found]
        lines.append({"month": month, "cells": cells, "total": sum(count for _site, count, _url in cells),
                      "url": _ends(first, last)})  # fmt: skip
    chart = {
        "kind": "bar", "labels": [date_format(month, "M Y") for month in months], "target": None, "target_label": "",
        "series": [{"name": site.name, "values": [counts.get(month, 0) for month in months]} for site, counts in found],
        "urls": [one["url"] for one in lines],
    }  # fmt: skip
    context = {
        "title": _("Contracts that end"), "subtitle": _("In the next twelve months, where no extension follows yet"),
        "crumbs": crumbs(), "sites": [site for site, _counts in found], "lines": lines, "chart": chart,
        "total": sum(one["total"] for one in lines),
        "actions": [{"label": _("Report of a month"), "url": reverse("sdm:contract_report"), "icon": "file-check"}]
        if has_role(user, HI) else [],
    }  # fmt: skip
    return render(request, "sdm/contracts/calendar.html", context)


def _ends(first: Any, last: Any, site: str = "") -> str:
    query = {"ends_from": first.isoformat(), "ends_to": last.isoformat(), "last": "yes", "kind": "pkwt"}
    return f"{reverse('sdm:contracts')}?{urlencode(query | ({'site': site} if site else {}))}"


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Issue the report of the contracts that end in a month (MO 4.1.5); its rows as a spreadsheet are the list's."""
    user, now = me(request), timezone.now()
    if not has_role(user, HI):
        raise NotAllowed
    sites = Site.objects.filter(site_filter(user, HI, "pk")).order_by("code")
    today = local_day(now, JAKARTA)
    initial = {"month": f"{today:%Y-%m}", "language": (get_language() or "id")[:2]}
    form = ReportForm(request.POST or None, sites=sites, initial=initial)
    if request.method == "POST" and form.is_valid():
        month = month_read(form.cleaned_data["month"])
        if month is None:
            form.add_error("month", _("This is no month. Write it as 2026-11."))
        else:
            try:
                made = expiring_report(
                    site=form.cleaned_data["site"], month=month, language=form.cleaned_data["language"], actor=user,
                    now=now,
                )  # fmt: skip
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                return redirect(made)
    documents = IssuedDocument.objects.visible_to(user).filter(type_code=EXPIRING.code).defer("data")
    context = {
        "title": _("Report of expiring contracts"), "crumbs": crumbs(), "form": form, "submit": _("Issue the report"),
        "cancel_url": reverse("sdm:contracts"), "documents": documents.select_related("site").order_by("-pk")[:12],
    }  # fmt: skip
    return render(request, "sdm/contracts/report.html", context, status=422 if form.errors else 200)
