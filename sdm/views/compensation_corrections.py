"""Differences to compensations that were paid (SDM-7): approved by HR Industrial Relations, settled by payroll."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed
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
from sdm.contracts.filters import CorrectionFilter
from sdm.contracts.forms import NoteForm, OptionalForm, PayForm
from sdm.contracts.workflow import CORRECTION
from sdm.models import CompensationCorrection
from sdm.personal import WAGE_READERS
from sdm.services import compensation_corrections as services
from sdm.views.compensations import crumbs, difference_said, reads, reads_wages, rupiah

SORTS = {"ends": "ends_on", "name": "compensation__employment__employee__person__name", "opened": "opened_at"}
ICONS = {"approve": "circle-check", "refuse": "x", "settle": "receipt"}


def form_for(
    subject: CompensationCorrection, transition: Transition, data: Any = None, files: Any = None
) -> forms.Form:
    auto_id = f"id_{transition.name}_%s"
    if transition.name == "settle":
        today = local_day(timezone.now(), subject.site.zone)
        return PayForm(data, files, auto_id=auto_id, initial={"paid_on": today})
    return (NoteForm if transition.needs else OptionalForm)(data, auto_id=auto_id)


@transaction.atomic
def make(subject: CompensationCorrection, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    if name == "settle":
        data["evidence"] = evidence_of(subject, data, actor=actor, now=now)
    services.TRANSITIONS[name](correction_id=subject.pk, actor=actor, now=now, **data)


def step_url(subject: CompensationCorrection, name: str) -> str:
    return reverse("sdm:compensation_correction_step", args=[subject.pk, name])


STEPPING = Stepping(CORRECTION, form_for, make, step_url, ICONS, frozenset({"refuse"}))


def rows_of(user: User, now: datetime) -> QuerySet[CompensationCorrection]:
    rows = CompensationCorrection.objects.visible_to(user)
    return rows.select_related("compensation__employment__employee__person", "site")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Reference"), 20), OutColumn(_("Reference of the compensation"), 16),
        OutColumn(_("Employee number"), 16), OutColumn(_("Name"), 30), OutColumn(_("Site"), 8),
        OutColumn(_("Contract number"), 22), OutColumn(_("From"), 14), OutColumn(_("To"), 14),
        OutColumn(_("Months"), 10), OutColumn(_("Wage of a month"), 16), OutColumn(_("Owed"), 16),
        OutColumn(_("Paid before"), 16), OutColumn(_("Difference"), 16), OutColumn(_("Status"), 24),
        OutColumn(_("Opened"), 18), OutColumn(_("Settled on"), 14),
    ]  # fmt: skip


def line(one: CompensationCorrection) -> list[Any]:
    """The reference stays the same: payroll takes a row up once. A difference below zero is claimed back."""
    paid = one.compensation
    return [
        one.reference, paid.reference, one.person.number, one.person.name, one.site.code, paid.employment.number,
        one.starts_on, one.ends_on, one.months, Decimal(one.wage), Decimal(one.owed), Decimal(one.before), one.rupiah,
        one.get_status_display(), one.opened_at, one.settled_on,
    ]  # fmt: skip


register_list(
    "sdm.compensation_corrections", gettext_lazy("Differences to compensations"), may=reads_wages,
    filters=CorrectionFilter, order=("opened_at", "pk"),
    rows=lambda user, now: rows_of(user, now).filter(site_filter(user, WAGE_READERS)), columns=columns, line=line,
)  # fmt: skip


@require_GET
@never_cache
def corrections(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not reads(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=CorrectionFilter, sorts=SORTS, default="-opened")
    shown = reads_wages(user)
    for one in context["page"].rows:
        one.said = difference_said(one) if has_role(user, WAGE_READERS, site=one.site) else ""
    context |= {
        "title": _("Differences to compensations"), "search": _("Name or employee number"), "shown": shown,
        "subtitle": _("What end, wage or service, put right later, make of what was paid"), "crumbs": crumbs(),
        "export_kind": "sdm.compensation_corrections" if shown else "",
    }  # fmt: skip
    return render(request, "sdm/contracts/corrections.html", context)


@require_GET
@never_cache
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(CompensationCorrection, me(request), pk), {})


@require_POST
@never_cache
def correction_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(CompensationCorrection, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(
    request: HttpRequest, found: CompensationCorrection, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    shown = has_role(me(request), WAGE_READERS, site=found.site)
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": found.person.name, "subtitle": f"{found.person.number} · {found.site}", "correction": found,
        "crumbs": [*crumbs(), {"label": found.compensation.reference, "url": found.compensation.get_absolute_url()}],
        "shown": shown,
        "money": {name: rupiah(Decimal(getattr(found, name))) for name in ("wage", "owed", "before")} if shown else {},
        "difference": rupiah(abs(found.rupiah)) if shown else "", "back": found.rupiah < 0,
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="compensationcorrection", object_id=found.pk
        ).order_by("due_at"),
        "files": attachments_of(found).order_by("uploaded_at") if shown else [],
    }  # fmt: skip
    return render(request, "sdm/contracts/correction.html", context, status=status)
