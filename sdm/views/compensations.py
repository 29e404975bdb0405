"""Compensations at the end of PKWTs, and wages: for payroll (SDM-7; PP 35/2021 art. 15-17)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.actors import Actor
from occ.people.models import User
from occ.people.scope import has_role, site_filter
from occ.processes import Stepping, evidence_of, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import local_day
from occ.workflow.flows import Transition
from sdm.contracts.filters import CompensationFilter
from sdm.contracts.forms import PayForm, WageForm
from sdm.contracts.workflow import COMPENSATION, PAYROLL
from sdm.models import Compensation, CompensationCorrection, Employee
from sdm.personal import COMPENSATION_READERS, WAGE_READERS
from sdm.services import contract_wages as services

SORTS = {"ends": "ends_on", "name": "employment__employee__person__name"}


def rupiah(amount: Decimal | None) -> str:
    if amount is None:
        return "–"
    places = 0 if amount == int(amount) else 2
    return f"Rp {number_format(amount, decimal_pos=places, force_grouping=True)}"


def difference_said(one: CompensationCorrection) -> str:
    words = _("claimed back: %(amount)s") if one.rupiah < 0 else _("supplement: %(amount)s")
    return words % {"amount": rupiah(abs(one.rupiah))}


def form_for(subject: Compensation, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    today = local_day(timezone.now(), subject.site.zone)
    return PayForm(data, files, auto_id=f"id_{transition.name}_%s", initial={"paid_on": today})


@transaction.atomic
def make(subject: Compensation, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    evidence = evidence_of(subject, data, actor=actor, now=now)
    service = services.TRANSITIONS[name]
    service(compensation_id=subject.pk, evidence=evidence, actor=actor, now=now, **data)


def step_url(subject: Compensation, name: str) -> str:
    return reverse("sdm:compensation_step", args=[subject.pk, name])


STEPPING = Stepping(COMPENSATION, form_for, make, step_url, {"pay": "receipt"}, frozenset())


def reads(user: User) -> bool:
    return has_role(user, COMPENSATION_READERS)


def reads_wages(user: User) -> bool:
    return has_role(user, WAGE_READERS)


def rows_of(user: User, now: datetime) -> QuerySet[Compensation]:
    rows = Compensation.objects.visible_to(user).select_related("employment__employee__person", "site")
    return rows.prefetch_related("employment__employee__wages")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Reference"), 16), OutColumn(_("Employee number"), 16), OutColumn(_("Name"), 30),
        OutColumn(_("Site"), 8), OutColumn(_("Contract number"), 22), OutColumn(_("From"), 14), OutColumn(_("To"), 14),
        OutColumn(_("Months"), 10), OutColumn(_("Wage of a month"), 16), OutColumn(_("Amount"), 16),
        OutColumn(_("Status"), 16), OutColumn(_("Paid on"), 14),
    ]  # fmt: skip


def line(one: Compensation) -> list[Any]:
    """The reference stays the same: payroll takes a row up once, however often it is exported."""
    amount, wage = services.amount_of(one), Decimal(one.wage) if one.wage else one.wage_on(one.ends_on)
    return [
        one.reference, one.person.number, one.person.name, one.site.code, one.employment.number, one.starts_on,
        one.ends_on, one.months, wage, amount, one.get_status_display(), one.paid_on,
    ]  # fmt: skip


register_list(
    "sdm.compensations", gettext_lazy("Compensations"), may=reads_wages, filters=CompensationFilter,
    order=("ends_on", "pk"), rows=lambda user, now: rows_of(user, now).filter(pk__in=_with_wages(user)),
    columns=columns, line=line,
)  # fmt: skip


def _with_wages(user: User) -> QuerySet[Any]:
    """Those whose wages the user reads: of a file's rows all show them."""
    return Compensation.objects.filter(site_filter(user, WAGE_READERS)).values("pk")


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Compensations"), "url": reverse("sdm:compensations")}]


@require_GET
@never_cache
def compensations(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not reads(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=CompensationFilter, sorts=SORTS, default="-ends")
    shown = reads_wages(user)
    for one in context["page"].rows:
        one.due_at = services.compensation_due(one.ends_on, one.site.zone)
        one.said = rupiah(services.amount_of(one)) if has_role(user, WAGE_READERS, site=one.site) else ""
        one.lacks_wage = one.status == "due" and one.wage_on(one.ends_on) is None
    importing = {"label": _("Import wages"), "url": reverse("sdm:wage_import:import"), "icon": "upload"}
    context |= {
        "title": _("Compensations"), "search": _("Name or employee number"), "shown": shown,
        "subtitle": _("Owed at the end of each PKWT (PP 35/2021 articles 15 to 17)"),
        "export_kind": "sdm.compensations" if shown else "",
        "actions": [
            {"label": _("Differences"), "url": reverse("sdm:compensation_corrections"), "icon": "arrows-exchange"},
            *([importing] if has_role(user, PAYROLL) else []),
        ],
    }  # fmt: skip
    return render(request, "sdm/contracts/compensations.html", context)


@require_GET
@never_cache
def compensation(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Compensation, me(request), pk), {})


@require_POST
@never_cache
def compensation_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Compensation, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(
    request: HttpRequest, found: Compensation, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    user, person = me(request), found.person
    shown = has_role(user, WAGE_READERS, site=found.site)
    wage = found.wage_on(found.ends_on)
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": person.name, "crumbs": crumbs(), "subtitle": f"{person.number} · {found.site}", "compensation": found,
        "shown": shown, "lacks_wage": found.status == "due" and wage is None,
        "wage": rupiah(Decimal(found.wage) if found.wage else wage) if shown else "",
        "amount": rupiah(services.amount_of(found)) if shown else "",
        "may_record": has_role(user, PAYROLL, site=person.site) and user.person_id != person.pk,
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="compensation", object_id=found.pk
        ).order_by("due_at"),
        "files": attachments_of(found).order_by("uploaded_at") if shown else [],
        "corrections": [
            (one, difference_said(one) if shown else "") for one in found.corrections.select_related("site")
        ],
    }  # fmt: skip
    return render(request, "sdm/contracts/compensation.html", context, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
def wages(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody earns, by date; payroll records it."""
    user, found = me(request), get_visible(Employee, me(request), pk)
    person = found.person
    if not has_role(user, WAGE_READERS, site=person.site):
        raise Http404
    may = has_role(user, PAYROLL, site=person.site)
    if request.method == "POST" and not may:
        raise NotAllowed
    today = local_day(timezone.now(), person.site.zone)
    form = WageForm(request.POST or None, initial={"starts_on": today.replace(day=1)})
    if request.method == "POST" and form.is_valid():
        try:
            services.wage_record(person_id=pk, actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Recorded."))
            return redirect("sdm:wages", pk)
    rows = [(one, rupiah(one.rupiah)) for one in found.wages.select_related("recorded_by").order_by("-starts_on")]
    context = {
        "title": _("Wages"), "subtitle": f"{person.name} · {person.number}",
        "crumbs": [{"label": _("People"), "url": reverse("sdm:people")},
                   {"label": person.name, "url": found.get_absolute_url()}],
        "rows": rows, "form": form if may else None, "submit": _("Record the wage"),
        "cancel_url": found.get_absolute_url(), "zone": person.site.zone,
    }  # fmt: skip
    return render(request, "sdm/contracts/wages.html", context, status=422 if form.errors else 200)
