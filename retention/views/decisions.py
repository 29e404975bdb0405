"""The client's own pages (RET-8): the lists put before them, all their lines, and the decision."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from occ.approvals.proving import identity_prove
from occ.errors import Invalid, NotAllowed, Refused
from occ.forms import NoteForm, add_refusal
from occ.lists import listing
from occ.paging import key_of, paginate
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from retention.choices import ItemDecision, ItemState, ProposalStatus
from retention.disposal.filters import LineFilter
from retention.disposal.forms import DecisionForm
from retention.disposal.jobs import line_rows
from retention.disposal.shown import show
from retention.models import Condition, Item, Proposal
from retention.personal import APPROVERS
from retention.services.proposals import proposal_decide, proposal_recall
from retention.workflow import PROPOSAL


def mine(request: HttpRequest, pk: int) -> Proposal:
    found = get_visible(Proposal, me(request), pk)
    if found.frozen_at is None or not has_role(me(request), APPROVERS, site=found.site):
        raise NotAllowed
    return found


@require_GET
def decisions(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, APPROVERS):
        raise NotAllowed
    rows = Proposal.objects.visible_to(user).exclude(frozen_at=None).select_related("site", "document")
    context = {
        "title": _("Lists for your decision"),
        "subtitle": _("What is to be destroyed, once you have approved it; no answer never means yes"),
        "page": paginate(rows, request.GET, order="-pk", size=30),
    }
    return render(request, "retention/decisions.html", context)


@require_GET
@never_cache
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    found = mine(request, pk)
    return _page(request, found, _form(request, found), NoteForm(auto_id="id_recall_%s"), 200)


def _form(request: HttpRequest, found: Proposal, data: Any = None) -> DecisionForm:
    return DecisionForm(data, user=me(request), initial={"list_sha256": found.list_sha256}, auto_id="id_decide_%s")


def _page(request: HttpRequest, found: Proposal, form: forms.Form, recall: forms.Form, status: int) -> HttpResponse:
    rows = line_rows(me(request)).filter(proposal=found)
    context = listing(request, rows, filters=LineFilter, sorts={"position": "position"}, default="position", size=100)
    show(context["page"].rows)
    open_now = {one.name for one in PROPOSAL.open_to(me(request), state=found.status, site=found.site)}
    document = found.document
    context |= {
        "title": found.number,
        "crumbs": [{"label": _("Lists for your decision"), "url": reverse("retention:decisions")}],
        "subtitle": f"{found.kind_label} · {found.site.name}",
        "search": _("Line or ID"),
        "proposal": found,
        "zone": found.site.zone,
        "conditions": Condition.objects.standing().filter(proposal=found).select_related("said_by").order_by("pk"),
        "form": form if "approve" in open_now else None,
        "recall": recall if "recall" in open_now else None,
        "ticked": _ticked(request),
        "document": document,
        "held_back": found.items.filter(state=ItemState.PULLED, decision=ItemDecision.APPROVED).count(),
        "gone": found.status in (ProposalStatus.DESTROYED, ProposalStatus.CLOSED),
        "export_kind": "retention.disposal_lines",
        "export_scope": f"proposal={found.pk}",
    }
    return render(request, "retention/decision.html", context, status=status)


@sensitive_post_parameters("password", "code")
@require_POST
def decision_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve the list, all but some lines of it, or nothing; with the password entered again, and a code."""
    found, user, now = mine(request, pk), me(request), timezone.now()
    form = _form(request, found, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            refused = _refused(request, found, data)
            why = f"approve:{found.number}"
            proof = identity_prove(
                user=user, password=data.get("password", ""), code=data.get("code", ""), reason=why, now=now
            )  # fmt: skip
            proposal_decide(
                proposal_id=pk, list_sha256=data["list_sha256"], refused=refused, reason=data["reason"],
                refuse_all=data["decision"] == "refuse", again_on=data["again_on"], proof=proof, actor=user, now=now,
            )  # fmt: skip
        except NotAllowed:
            raise
        except Refused as refusal:
            found.refresh_from_db()
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Your decision is recorded."))
            return redirect("retention:decision", pk)
    return _page(request, found, form, NoteForm(auto_id="id_recall_%s"), 422)


def _ticked(request: HttpRequest) -> set[str]:
    """Ids of lines; those ticked on other pages of the list come in one value, with commas (static/occ/occ.js)."""
    return {one for value in request.POST.getlist("item") for one in value.split(",") if one}


def _refused(request: HttpRequest, found: Proposal, data: dict[str, Any]) -> set[int]:
    """The lines refused, as ids: those ticked on the page and those named by number. Raises Invalid."""
    if data["decision"] == "approve" and _ticked(request):
        raise Invalid(_("You approve all lines, and ticked some to refuse them: which is it?"), field="decision")
    if data["decision"] != "in_part":
        return set()
    ticked = {pk for one in _ticked(request) if (pk := key_of(one)) is not None}
    lines = Item.objects.filter(proposal=found, live=True)
    named = dict(lines.filter(position__in=data["numbers"]).values_list("position", "pk"))
    if unknown := sorted(data["numbers"] - set(named)):
        raise Invalid(_("There is no line %(number)s.") % {"number": unknown[0]}, field="numbers")
    refused = ticked | set(named.values())
    if not refused:
        raise Invalid(_("Tick or name the lines that you refuse."), field="numbers")
    return refused


@require_POST
def decision_recall(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the approval back while it cools off."""
    found = mine(request, pk)
    form = NoteForm(request.POST, auto_id="id_recall_%s")
    if form.is_valid():
        note = form.cleaned_data["note"]
        proposal_recall(proposal_id=pk, note=note, actor=me(request), now=timezone.now())
        messages.success(request, _("The approval is called back; nothing of the list will be destroyed."))
        return redirect("retention:decisions")
    return _page(request, found, _form(request, found), form, 422)
