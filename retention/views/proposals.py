"""Disposal proposals (RET-7, RET-9, RET-10): the list, a draft's making, and the page on which each step is made."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed, Refused
from occ.forms import NoteForm, add_refusal
from occ.jobs.services import job_start
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, process_context, step_make
from occ.times import local_day
from occ.workflow.flows import Transition
from retention.choices import ConditionKey, ItemDecision, ItemState, ProposalStatus, RecordKind
from retention.disposal.filters import LineFilter, ProposalFilter
from retention.disposal.forms import IssueForm, ProposalForm
from retention.disposal.jobs import ANNEX, line_rows, proposal_rows
from retention.models import Condition, Proposal
from retention.personal import CATALOGUE_READERS, KEEPERS, PROPOSERS, SAYERS
from retention.services import destroyable, disposing, probing, proposals
from retention.services.minutes import disposal_issue
from retention.workflow import PROPOSAL

SERVICES = {
    "submit": proposals.proposal_submit, "withdraw": proposals.proposal_withdraw, "recall": proposals.proposal_recall,
    "execute": disposing.proposal_execute,
}  # fmt: skip
ICONS = {"submit": "send", "withdraw": "arrow-back-up", "recall": "arrow-back-up", "execute": "trash"}


def form_for(subject: Any, transition: Transition, data: Any, files: Any) -> forms.Form:
    kind = NoteForm if "note" in transition.needs else forms.Form
    return kind(data, files, auto_id=f"id_{transition.name}_%s")


def make(subject: Any, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    SERVICES[name](proposal_id=subject.pk, actor=actor, now=now, **data)  # type: ignore[operator]


def may(user: User, subject: Any, name: str) -> bool:
    """The client decides on a page of its own, and a berita acara is issued on one; a deletion waits for its time."""
    if name == "execute":
        cooling = subject.cooling_until is not None and subject.cooling_until > timezone.now()
        return not cooling and (subject.approval is None or subject.approval.decided_by_id != user.pk)
    return name in SERVICES


STEPPING = Stepping(
    PROPOSAL, form_for, make, lambda subject, name: reverse("retention:proposal_step", args=[subject.pk, name]),
    ICONS, frozenset({"withdraw", "recall", "execute"}), may,  # what cannot be undone is asked for twice
)  # fmt: skip


def crumbs(found: Proposal | None = None) -> list[dict[str, str]]:
    first = {"label": _("Disposal proposals"), "url": reverse("retention:proposals")}
    return [first, {"label": found.number, "url": found.get_absolute_url()}] if found else [first]


def ours(request: HttpRequest, pk: int) -> Proposal:
    """For those who work on it; the client has a page of its own."""
    found = get_visible(Proposal, me(request), pk)
    if not has_role(me(request), CATALOGUE_READERS, site=found.site):
        raise NotAllowed
    return found


@require_GET
def proposal_list(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    sorts = {"number": "pk", "lines": "items_count"}
    context = listing(request, proposal_rows(user), filters=ProposalFilter, sorts=sorts, default="-number")
    new = {"label": _("Propose"), "url": reverse("retention:proposal_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Disposal proposals"),
        "subtitle": _("What has outlived its period of retention, and may go once the client has approved"),
        "search": _("Number"),
        "actions": [new] if has_role(user, PROPOSERS) else [],
        "export_kind": "retention.proposals",
    }
    return render(request, "retention/proposals.html", context)


@require_http_methods(["GET", "POST"])
def proposal_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, PROPOSERS):
        raise NotAllowed
    form = ProposalForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = proposals.proposal_new(**form.cleaned_data, actor=user, now=now)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Gathered: %(count)s lines.") % {"count": made.items_count})
            return redirect(made)
    standing = [
        {"site": site, "kind": kind.label, "counts": list(
            destroyable.standing(site=site, kind=kind, day=local_day(now, site.zone)).items())}
        for site in sites_for(user, PROPOSERS) for kind in RecordKind
    ]  # fmt: skip
    context = {"title": _("Propose a destruction"), "crumbs": crumbs(), "form": form, "standing": standing}
    return render(request, "retention/proposal_new.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Proposal, me(request), pk)
    if not has_role(me(request), CATALOGUE_READERS, site=found.site):
        return redirect("retention:decision", pk)  # the client's
    return _detail(request, found, {}, 200)


@require_POST
def proposal_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = ours(request, pk)
    if transition not in SERVICES:
        raise NotAllowed
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(request: HttpRequest, found: Proposal, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    user = me(request)
    states = {state: found.items.filter(state=state, decision=ItemDecision.APPROVED).count() for state in ItemState}
    done = states[ItemState.DESTROYED] + states[ItemState.FAILED] + states[ItemState.PULLED]
    context = {
        "title": found.number,
        "crumbs": crumbs(),
        "subtitle": f"{found.get_kind_display()} · {found.site.name}",
        "proposal": found,
        "conditions": _conditions(found, user),
        "counts": [{"state": state, "label": state.label, "count": states[state]} for state in ItemState],
        "done": done,
        "cooling": found.cooling_until is not None and found.cooling_until > timezone.now(),
        "at_work": found.status == ProposalStatus.EXECUTING,
        "begun": found.executed_at is not None,
        "probes": found.probes.all(),
        "recount": probing.recount(found) if found.completed_at else None,
        "failures": found.items.filter(state=ItemState.FAILED).select_related("record").defer("record__customer")[:20],
        "lines_url": reverse("retention:proposal_lines", args=[found.pk]),
        "may_issue": found.status == ProposalStatus.DESTROYED
        and PROPOSAL.find("issue").open_to(user, found.site),
        "may_release": found.status == ProposalStatus.PARTIAL and has_role(user, KEEPERS, site=found.site),
        "release": tried.get("release") or NoteForm(auto_id="id_release_%s"),
        "document_seen": found.document is not None
        and IssuedDocument.objects.visible_to(user).filter(pk=found.document.pk).exists(),
    }  # fmt: skip
    context |= process_context(request, STEPPING, found, tried)
    return render(request, "retention/proposal.html", context, status=status)


def _conditions(found: Proposal, user: User) -> list[dict[str, Any]]:
    """Each of the five, who said so, and whether this user may; what the database itself knows is said beside it."""
    said = {one.key: one for one in Condition.objects.filter(proposal=found).select_related("said_by")}
    draft = found.status == ProposalStatus.DRAFT
    known = {
        ConditionKey.PERIOD: _(
            "The youngest line ended on %(day)s; every line is older than its period by the schedule."
        ) % {"day": date_format(found.last_day, "j F Y")},
        ConditionKey.CASE: _("Lines under a legal hold now: %(count)s. They fall out before the client is asked.")
        % {"count": destroyable.held_lines(found, local_day(timezone.now(), found.site.zone))},
    } if draft and found.last_day else {}  # fmt: skip
    return [
        {"key": key.value, "label": key.label, "said": said.get(key), "known": known.get(key, ""),
         "may": draft and key not in said and has_role(user, SAYERS[key], site=found.site)}
        for key in ConditionKey
    ]  # fmt: skip


@require_POST
def proposal_condition(request: HttpRequest, pk: int) -> HttpResponse:
    found = ours(request, pk)
    note = request.POST.get("note", "")[:300].replace("\x00", "")
    key = request.POST.get("key", "")[:20]
    proposals.condition_say(proposal_id=found.pk, key=key, note=note, actor=me(request), now=timezone.now())
    messages.success(request, _("Done: %(step)s.") % {"step": ConditionKey(key).label})
    return redirect(found)


@require_POST
def proposal_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what could not be deleted."""
    found = ours(request, pk)
    if not has_role(me(request), KEEPERS, site=found.site):
        raise NotAllowed
    form = NoteForm(request.POST, auto_id="id_release_%s")
    if not form.is_valid():
        return _detail(request, found, {"release": form}, 422)
    note = form.cleaned_data["note"]
    count = disposing.proposal_release(proposal_id=pk, note=note, actor=me(request), now=timezone.now())
    messages.success(request, _("Given up: %(count)s lines.") % {"count": count})
    return redirect(found)


@require_GET
def proposal_lines(request: HttpRequest, pk: int) -> HttpResponse:
    found = ours(request, pk)
    rows = line_rows(me(request)).filter(proposal=found)
    context = listing(request, rows, filters=LineFilter, sorts={"position": "position"}, default="position", size=100)
    for one in context["page"].rows:
        one.record_url = one.record.get_absolute_url() if one.record else ""
    context |= {
        "title": _("Lines of %(number)s") % {"number": found.number},
        "crumbs": crumbs(found),
        "search": _("Line or ID"),
        "proposal": found,
        "zone": found.site.zone,
        "export_kind": "retention.disposal_lines",
        "export_scope": f"proposal={found.pk}",
    }
    return render(request, "retention/proposal_lines.html", context)


@require_POST
def proposal_annex(request: HttpRequest, pk: int) -> HttpResponse:
    """The annex of the berita acara as a spreadsheet, for whoever sees the proposal."""
    found = get_visible(Proposal, me(request), pk)
    return redirect(job_start(kind=ANNEX.key, params={"proposal": found.pk}, owner=me(request), now=timezone.now()))


@require_http_methods(["GET", "POST"])
def proposal_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Document Control issues the berita acara and signs it."""
    user, now, found = me(request), timezone.now(), ours(request, pk)
    if not PROPOSAL.find("issue").open_to(user, found.site):
        raise NotAllowed
    form = IssueForm(request.POST or None, initial={"language": "id", "place": found.site.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            signing = signing_confirm(user=user, password=data["password"], purpose=Purpose.PREPARED, now=now)
            document = disposal_issue(
                proposal_id=pk, place=data["place"], witnesses=form.witnesses(), language=data["language"],
                signatures=[signing], actor=user, now=now,
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Issued: %(number)s.") % {"number": document.full_number})
            return redirect(document)
    context = {
        "title": _("Issue the berita acara of %(number)s") % {"number": found.number},
        "crumbs": crumbs(found),
        "form": form,
        "submit": _("Sign and issue"),
        "cancel_url": found.get_absolute_url(),
    }
    return render(request, "userids/form.html", context, status=422 if form.errors else 200)
