"""Payroll runs (SDM-6): the list, one run with its lines, and its file."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.filters import DayFilter, OwnSite
from occ.ledger.services import record
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.paging import paginate
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from sdm.evaluating.documents import remark_said, rupiah, said
from sdm.models import PayrollRun
from sdm.models.evaluating import PAY_READERS
from sdm.services.evaluation_amounts import waiting_at
from sdm.services.payroll import run_csv, run_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RunFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="number", lookup_expr="icontains", label=gettext_lazy("Search"))
    site = OwnSite()
    since = DayFilter(field_name="period__month", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="period__month", lookup_expr="lte", label=gettext_lazy("To"))


def rows_of(user: User, now: datetime) -> QuerySet[PayrollRun]:
    return PayrollRun.objects.visible_to(user).select_related("site", "period", "made_by")


def columns() -> list[OutColumn]:
    labels = (_("Number"), _("Site"), _("Month"), _("Kind"), _("People"), _("Total (Rp)"), _("Made"), _("Made by"))
    return [OutColumn(label, 20) for label in labels]


def line(one: PayrollRun) -> list[Any]:
    return [one.number, one.site.name, one.period.month, one.get_kind_display(), one.people, one.total, one.made_at,
            str(one.made_by)]  # fmt: skip


register_list(
    "sdm.payroll_runs", gettext_lazy("Payroll runs"), may=lambda user: has_role(user, PAY_READERS), filters=RunFilter,
    order=["-made_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Payroll runs"), "url": reverse("sdm:payroll_runs")}]


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, PAY_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(
        request, rows_of(user, timezone.now()), filters=RunFilter, sorts={"made": "made_at"}, default="-made"
    )
    for one in context["page"].rows:
        one.total_said = rupiah(one.total)
    context |= {
        "title": _("Payroll runs"),
        "subtitle": _("What payroll was given to pay, each once; what came later as a difference"),
        "export_kind": "sdm.payroll_runs",
        "search": _("Number of the run"),
    }  # fmt: skip
    return render(request, "sdm/evaluating/runs.html", context)


@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(PayrollRun, me(request), pk)
    rows = found.lines.select_related("evaluation__person", "result")
    page = paginate(rows, request.GET, order="pk", size=100)
    lines = [
        (one, said(one.result.total), rupiah(one.before), rupiah(one.amount), remark_said(one.result.content))
        for one in page.rows
    ]
    base = [("xlsx", _("Excel"), "file-spreadsheet"), ("csv", "CSV", "file-text")]
    context = {
        "title": found.number, "subtitle": f"{found.site.name} · {found.period.label}", "crumbs": crumbs(),
        "waiting": [(one, remark_said(one.content)) for one in waiting_at(found.period, found.made_at)],
        "run": found, "page": page, "lines": lines, "total": rupiah(found.total), "zone": found.site.zone,
        "actions": [
            {"label": label, "icon": icon, "download": True,
             "url": reverse("sdm:payroll_file", args=[found.pk, ending])}
            for ending, label, icon in base
        ],
    }  # fmt: skip
    return render(request, "sdm/evaluating/run.html", context)


@require_GET
def run_file(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """The run's lines as a file. They never change: the file says the same whenever it is asked for."""
    found = get_visible(PayrollRun, me(request), pk)
    if ending not in {"xlsx", "csv"}:
        raise Http404
    name = f"{found.number.replace('/', '-')}.{ending}"
    if ending == "csv":
        answer = HttpResponse(run_csv(found), content_type="text/csv; charset=utf-8")
    else:
        out = io.BytesIO()
        run_workbook(out, found)
        answer = HttpResponse(out.getvalue(), content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    data = {"file": name, "sha256": found.lines_sha256}
    record(actor=me(request), action="sdm.payroll_downloaded", subject=found, data=data, now=timezone.now(),
           site=found.site)  # fmt: skip
    return answer
