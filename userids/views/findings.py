"""Findings (UID-11): the list, and the page on which one is resolved or accepted."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.processes import plain_stepping, process_context, step_make
from occ.workflow.models import WorkflowStep
from userids.choices import FindingKind, FindingStatus
from userids.models import DeactivationRequest
from userids.models.reconciliation import Finding, RemoteAccount
from userids.reconciling.filters import FindingFilter
from userids.reconciling.findings import STEPS, may_resolve, must_own
from userids.reconciling.flow import FINDING
from userids.reconciling.forms import AcceptForm, ResolveForm
from userids.reconciling.jobs import finding_rows
from userids.reconciling.words import advice, claimed, said

STEPPING = replace(plain_stepping(
    FINDING, STEPS, key="finding_id", url_name="userids:finding_step",
    own_forms={"resolve": ResolveForm, "accept": AcceptForm},
    icons={"resolve": "circle-check", "confirm": "circle-check", "accept": "clock-pause", "refuse": "arrow-back-up"},
    aside=frozenset({"accept", "refuse"}), may=lambda user, found, name: name != "resolve" or may_resolve(user, found),
), waits=lambda found: not found.awaits_list)  # fmt: skip


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
    if transition == "resolve":
        must_own(me(request), found)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(request: HttpRequest, found: Finding, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    context = process_context(request, STEPPING, found, tried)
    remote = RemoteAccount.objects.filter(application=found.application, user_id__iexact=found.user_id).first()
    context |= {
        "title": f"{found.ids}: {found.get_kind_display()}",
        "crumbs": [{"label": _("Findings"), "url": reverse("userids:findings")}],
        "subtitle": f"{found.application} · {found.site}",
        "finding": found,
        "said": said(found),
        "advice": advice(found.kind) if found.status == FindingStatus.OPEN else "",
        "claimed": claimed(found),
        "account": found.account,
        "covering": covering(found),
        "holder": found.account.holder if found.account else None,
        "remote": remote,
        "steps": drawn(found, context["history"]),
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
        dealt = {"label": _("Being dealt with"), "actor": found.get_owner_role_display()}
        shown = {"label": FindingStatus.CLAIMED.label, "state": "current" if found.is_claimed else "upcoming"}
        if found.awaits_list:
            shown["actor"] = _("The next list")
        return [
            found_step,
            dealt | ({"state": "done", "at": found.said_at} if found.is_claimed else {"state": "current"}),
            shown,
            {"label": _("Settled"), "state": "upcoming"},
        ]
    end = {"label": found.get_status_display(), "state": "done", "at": settled.at}
    end["actor"] = settled.actor_label if settled.actor_id else _("System")
    return [found_step, {"label": _("Being dealt with"), "state": "done"}, end]
