"""Renewals of contracts: the list, and one's way from the reminder to the registered extension (SDM-7, MO 4.1.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.actors import Actor
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import Stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import local_day
from occ.workflow.flows import Transition
from sdm.contracts.choices import RenewalStatus
from sdm.contracts.documents import day
from sdm.contracts.filters import RenewalFilter
from sdm.contracts.forms import (
    CloseForm,
    MakeForm,
    MemoForm,
    NoteForm,
    OptionalForm,
    ProposeForm,
    RegisterForm,
    SignForm,
)
from sdm.contracts.panels import chain_line, chains_of
from sdm.contracts.terms import last_day
from sdm.contracts.workflow import OPERATION, RENEWAL
from sdm.models import Renewal
from sdm.personal import CONTRACT_FILE_READERS, CONTRACT_READERS
from sdm.services import contract_renewals as services

FORMS: dict[str, type[forms.Form]] = {
    "propose": ProposeForm, "submit": MemoForm, "make": MakeForm, "sign": SignForm, "register": RegisterForm,
    "close": CloseForm,
}  # fmt: skip
ICONS = {
    "propose": "file-plus", "cancel": "ban", "verify": "checks", "refuse": "circle-x", "submit": "send",
    "revise": "rotate-2", "check": "checks", "send_back": "arrow-back-up", "make": "file-check", "distribute": "users",
    "sign": "writing-sign", "decline": "circle-x", "register": "shield-check", "close": "lock",
}  # fmt: skip
ASIDE = frozenset({"cancel", "refuse", "revise", "send_back", "decline"})
SORTS = {"ends": "ends_on", "name": "employment__employee__person__name", "opened": "opened_at"}


def form_for(subject: Renewal, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    usual = NoteForm if "note" in transition.needs else OptionalForm
    kind = FORMS.get(transition.name, usual)
    today = local_day(timezone.now(), subject.site.zone)
    language = (get_language() or "id")[:2]
    initial: dict[str, Any] = {"signed_on": today, "registered_on": today, "language": language}
    if transition.name == "propose":
        limit = services.latest_end(subject, now=timezone.now())
        year = last_day(subject.ends_on + timedelta(days=1), 12)
        initial = {"agreed_until": subject.agreed_until or min(year, limit), "reason": subject.reason}
    if transition.name == "make":
        initial["number"] = subject.number
    if transition.name == "submit":
        initial["memo"] = subject.memo
    form = kind(data, files, auto_id=f"id_{transition.name}_%s", initial=initial)
    if isinstance(form, ProposeForm):
        words = _("Until %(limit)s at the latest (PP 35/2021 article 8).") % {"limit": day(limit)}
        form.limited(limit, words)
    return form


def make(subject: Renewal, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    services.TRANSITIONS[name](renewal_id=subject.pk, actor=actor, now=now, **data)


def step_url(subject: Renewal, name: str) -> str:
    return reverse("sdm:renewal_step", args=[subject.pk, name])


STEPPING = Stepping(RENEWAL, form_for, make, step_url, ICONS, ASIDE)


def reads(user: User) -> bool:
    return has_role(user, CONTRACT_READERS)


def rows_of(user: User, now: datetime) -> QuerySet[Renewal]:
    return Renewal.objects.visible_to(user).select_related("employment__employee__person", "site", "made")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Employee number"), 16), OutColumn(_("Name"), 30), OutColumn(_("Position"), 22),
        OutColumn(_("Site"), 8), OutColumn(_("Contract number"), 22), OutColumn(_("Contract ends"), 14),
        OutColumn(_("Status"), 28), OutColumn(_("Proposed until"), 14), OutColumn(_("Memo (modin)"), 18),
        OutColumn(_("New contract"), 22), OutColumn(_("Signed on"), 14), OutColumn(_("Registered on"), 14),
        OutColumn(_("Registration number"), 22),
    ]  # fmt: skip


def line(one: Renewal) -> list[Any]:
    return [
        one.person.number, one.person.name, one.person.position, one.site.code, one.employment.number, one.ends_on,
        one.get_status_display(), one.agreed_until, one.memo, one.number, one.signed_on, one.registered_on,
        one.registration,
    ]  # fmt: skip


register_list(
    "sdm.renewals", gettext_lazy("Contract renewals"), may=reads, filters=RenewalFilter, order=("ends_on", "pk"),
    rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Contract renewals"), "url": reverse("sdm:renewals")}]


@require_GET
def renewals(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not reads(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=RenewalFilter, sorts=SORTS, default="-ends")
    for one in context["page"].rows:
        one.due_at = services.renewal_due(one.ends_on, one.site.zone)
    context |= {
        "title": _("Contract renewals"), "search": _("Name, employee number, contract or memo"),
        "subtitle": _("From HR's reminder to the registered contract (MO 4.1.5)"), "export_kind": "sdm.renewals",
        "actions": [{"label": _("Ends by month"), "url": reverse("sdm:contract_calendar"), "icon": "calendar-stats"}],
    }  # fmt: skip
    return render(request, "sdm/contracts/renewals.html", context)


@require_GET
def renewal(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Renewal, me(request), pk), {})


@require_POST
def renewal_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Renewal, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(request: HttpRequest, found: Renewal, tried: dict[str, forms.Form], *, status: int = 200) -> HttpResponse:
    user, now, person = me(request), timezone.now(), found.person
    summary = found.summary
    if found.status == RenewalStatus.REMINDED and has_role(user, OPERATION, site=found.site):
        summary = services.proposal_facts(found, now=now)
    documents = IssuedDocument.objects.visible_to(user).filter(subject_type="sdm.renewal", subject_id=str(found.pk))
    seen = has_role(user, CONTRACT_FILE_READERS, site=found.site)
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": person.name, "crumbs": crumbs(), "subtitle": f"{person.number} · {found.site}", "renewal": found,
        "chain": next(iter([chain_line(one) for one in chains_of(person.pk, now=now)]), None),
        "summary": summary, "kept": bool(found.summary) and summary is found.summary,
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="renewal", object_id=found.pk
        ).order_by("due_at"),
        "files": attachments_of(found).order_by("uploaded_at") if seen else [], "files_seen": seen,
        "documents": documents.defer("data").order_by("pk"),
    }  # fmt: skip
    return render(request, "sdm/contracts/renewal.html", context, status=status)
