"""Findings (UID-11): the list, and the page on which one is resolved or accepted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.workflow.drawing import history
from occ.workflow.flows import Transition
from occ.workflow.models import WorkflowStep
from userids.choices import FindingKind, FindingStatus
from userids.models import DeactivationRequest
from userids.models_reconciliation import Finding, RemoteAccount
from userids.reconciling.filters import FindingFilter
from userids.reconciling.findings import finding_accept, finding_resolve, may_resolve
from userids.reconciling.flow import FINDING
from userids.reconciling.forms import AcceptForm, ResolveForm
from userids.reconciling.jobs import finding_rows
from userids.reconciling.words import advice, said
from userids.selectors import process_entries

FORMS: dict[str, type[forms.Form]] = {"resolve": ResolveForm, "accept": AcceptForm}
ICONS = {"resolve": "circle-check", "accept": "clock-pause"}


@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    sorts = {"due": "due_at", "found": "found_at", "user_id": "user_id"}
    context = listing(request, finding_rows(me(request)), filters=FindingFilter, sorts=sorts, default="-found")
    for one in context["page"].rows:
        one.said = said(one)
    context |= {
        "title": _("Findings"),
        "subtitle": _("Where the application's list of users and the logbook differ"),
        "search": _("User ID, name or number"),
        "export_kind": "userids.findings",
    }
    return render(request, "userids/findings.html", context)


@require_GET
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Finding, me(request), pk), {}, 200)


@require_POST
def finding_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Finding, me(request), pk)
    one = next((one for one in FINDING.transitions if one.name == transition and transition in FORMS), None)
    if one is None:
        raise Http404
    if not one.open_to(me(request), found.site):
        raise NotAllowed
    form = _form(one, request.POST, request.FILES)
    if form.is_valid():
        deed: Any = finding_resolve if transition == "resolve" else finding_accept
        try:
            deed(finding_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            found.refresh_from_db()
            if found.status not in one.source:
                raise  # somebody was quicker: a page of its own says so
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Done: %(step)s.") % {"step": FINDING.states(one.target).label})
            return redirect(found)
    return _detail(request, found, {transition: form}, 422)


def _form(transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    return FORMS[transition.name](data, files, auto_id=f"id_{transition.name}_%s")


def _detail(request: HttpRequest, found: Finding, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    steps = history(found)
    open_now = [
        {
            "name": one.name, "label": one.label, "form": tried.get(one.name) or _form(one),
            "url": reverse("userids:finding_step", args=[found.pk, one.name]), "icon": ICONS[one.name],
            "tried": one.name in tried,
        }
        for one in FINDING.open_to(me(request), state=found.status, site=found.site)
        if one.name in FORMS and (one.name != "resolve" or may_resolve(me(request), found))
    ]  # fmt: skip
    remote = RemoteAccount.objects.filter(application=found.application, user_id__iexact=found.user_id).first()
    context = {
        "title": f"{found.ids}: {found.get_kind_display()}",
        "crumbs": [{"label": _("Findings"), "url": reverse("userids:findings")}],
        "subtitle": f"{found.application} · {found.site}",
        "finding": found,
        "said": said(found),
        "advice": advice(found.kind) if found.is_open else "",
        "account": found.account,
        "covering": covering(found),
        "holder": found.account.holder if found.account else None,
        "remote": remote,
        "zone": found.site.zone,
        "steps": drawn(found, steps),
        "next": [one for one in open_now if one["name"] == "resolve"],
        "others": [one for one in open_now if one["name"] != "resolve"],
        "history": steps,
        "entries": process_entries(FINDING, found, steps),
        "evidence": attachments_of(found),
        "sightings": found.sightings.select_related("run__application").order_by("-run_id")[:20],
    }
    return render(request, "userids/finding.html", context, status=status)


def covering(found: Finding) -> DeactivationRequest | None:
    """The open request by which a leaver's ID is being shut: what settles the finding is done there."""
    if found.kind != FindingKind.ACTIVE_AFTER_LEAVING or not found.is_open:
        return None
    return DeactivationRequest.objects.open().filter(account=found.account_id, person=found.person_id).first()


def drawn(found: Finding, steps: list[WorkflowStep]) -> list[dict[str, Any]]:
    """Found, being dealt with, and how it ended: whichever end it is, none of them is a failure."""
    opened = next((one for one in reversed(steps) if one.to_state == FindingStatus.OPEN), None)
    settled = steps[-1] if steps and not found.is_open else None
    found_step = {"label": _("Found"), "state": "done", "at": opened.at if opened else found.found_at}
    if settled is None:
        return [
            found_step,
            {"label": _("Being dealt with"), "state": "current", "actor": found.get_owner_role_display()},
            {"label": _("Settled"), "state": "upcoming"},
        ]
    end = {"label": found.get_status_display(), "state": "done", "at": settled.at}
    end["actor"] = settled.actor_label if settled.actor_id else _("System")
    return [found_step, {"label": _("Being dealt with"), "state": "done"}, end]
