"""Differences to compensations that were paid (SDM-7): approved by HR Industrial Relations, settled by payroll."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.actors import Actor
from occ.people.scope import has_role
from occ.processes import Stepping, evidence_of, process_context, step_make
from occ.times import local_day
from occ.workflow.flows import Transition
from sdm.contracts.forms import NoteForm, OptionalForm, PayForm
from sdm.contracts.workflow import CORRECTION
from sdm.models import CompensationCorrection
from sdm.personal import WAGE_READERS
from sdm.services import compensation_corrections as services
from sdm.views.compensations import crumbs, rupiah

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
