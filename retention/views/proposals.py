"""Disposal proposals (RET-7, RET-9, RET-10): the list, a draft's making, and the page on which each step is made."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed, Refused
from occ.form_pages import form_done, form_page
from occ.forms import NoteForm, add_refusal
from occ.jobs.services import job_start
from occ.lists import listing, remembered
from occ.paging import key_of
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role, sites_for
from occ.processes import step_make
from occ.times import local_day
from retention.choices import ConditionKey, RecordKind
from retention.disposal.filters import LineFilter, ProposalFilter
from retention.disposal.forms import IssueForm, ProposalForm
from retention.disposal.jobs import ANNEX, line_rows, proposal_rows
from retention.disposal.shown import show
from retention.models import Proposal
from retention.personal import CATALOGUE_READERS, KEEPERS, PROPOSERS
from retention.services import destroyable, disposing, paper_lists, proposals
from retention.services.minutes import disposal_issue, disposal_preview
from retention.views.proposal_detail import SERVICES, STEPPING, crumbs, detail, ours
from retention.workflow import PROPOSAL


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
    asked = {name: request.GET.get(name, "")[:20] for name in ("site", "kind")}  # the register's links say them
    form = ProposalForm(request.POST or None, user=user, initial=asked)
    if done := form_done(
        request,
        form,
        lambda data: _gathered(dict(data), user, now),
        said=lambda made: _("Lines gathered: %(count)s.") % {"count": made.items_count},
    ):
        return done
    standing = [
        {"site": site, "kind": kind.label, "counts": list(
            destroyable.standing(site=site, kind=kind, day=local_day(now, site.zone)).items())}
        for site in sites_for(user, PROPOSERS) for kind in RecordKind
    ]  # fmt: skip
    standing += [
        {"site": site, "kind": _("Documents of the register"), "counts": list(
            paper_lists.standing(site=site, day=local_day(now, site.zone)).items())}
        for site in sites_for(user, PROPOSERS)
    ]  # fmt: skip
    context = {"title": _("Propose a destruction"), "crumbs": crumbs(), "form": form, "standing": standing}
    return render(request, "retention/proposal_new.html", context, status=422 if form.errors else 200)


def _gathered(data: dict[str, Any], user: User, now: datetime) -> Proposal:
    if data["kind"] == "documents":
        del data["kind"]
        return proposals.document_proposal_new(**data, actor=user, now=now)
    return proposals.proposal_new(**data, actor=user, now=now)


@require_GET
@never_cache
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Proposal, me(request), pk)
    if not has_role(me(request), CATALOGUE_READERS, site=found.site):
        return redirect("retention:decision", pk)  # the client's
    return detail(request, found, {}, 200)


@sensitive_post_parameters("password", "code")
@require_POST
def proposal_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = ours(request, pk)
    if transition not in SERVICES:
        raise NotAllowed
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else detail(request, found, done, 422)


@require_POST
def proposal_condition(request: HttpRequest, pk: int) -> HttpResponse:
    found = ours(request, pk)
    note = request.POST.get("note", "")[:300].replace("\x00", "")
    key, seen = request.POST.get("key", "")[:20], key_of(request.POST.get("seen", ""))
    proposals.condition_say(proposal_id=found.pk, key=key, note=note, seen=seen, actor=me(request), now=timezone.now())
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
        return detail(request, found, {"release": form}, 422)
    note = form.cleaned_data["note"]
    count = disposing.proposal_release(proposal_id=pk, note=note, actor=me(request), now=timezone.now())
    messages.success(request, _("Lines given up: %(count)s.") % {"count": count})
    return redirect(found)


@require_GET
def proposal_lines(request: HttpRequest, pk: int) -> HttpResponse:
    found = ours(request, pk)
    rows = line_rows(me(request)).filter(proposal=found)
    context = listing(request, rows, filters=LineFilter, sorts={"position": "position"}, default="position", size=100)
    show(context["page"].rows, me(request))
    context |= {
        "title": _("Lines of %(number)s") % {"number": found.number},
        "crumbs": crumbs(found),
        "search": _("Line, number or title") if found.of_documents else _("Line or ID"),
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
    form = IssueForm(request.POST or None, user=user, of=pk, initial={"language": "id", "place": found.site.name})

    def issue(data: dict[str, Any]) -> IssuedDocument:
        signing = signing_confirm(user=user, password=data["password"], purpose=Purpose.PREPARED, now=now)
        return disposal_issue(
            proposal_id=pk, place=data["place"], witnesses=form.witnesses(), language=data["language"],
            signatures=[signing], actor=user, now=now,
        )  # fmt: skip

    return form_page(
        request, form, issue, said=lambda made: _("Issued: %(number)s.") % {"number": made.full_number},
        **_issue_page(found),
    )  # fmt: skip


def _issue_page(found: Proposal) -> dict[str, Any]:
    return {
        "template": "retention/issue.html", "crumbs": crumbs(found), "submit": _("Sign and issue"),
        "title": _("Issue the berita acara of %(number)s") % {"number": found.number},
        "cancel_url": found.get_absolute_url(), "preview_url": reverse("retention:proposal_preview", args=[found.pk]),
    }  # fmt: skip


@sensitive_post_parameters("password")
@require_POST
@never_cache
def proposal_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The berita acara as it would be issued, as a PDF marked as a draft."""
    user, found = me(request), ours(request, pk)
    if not PROPOSAL.find("issue").open_to(user, found.site):
        raise NotAllowed
    form = IssueForm(request.POST, user=user, of=pk, preview=True)
    if form.is_valid():
        data = form.cleaned_data
        try:
            pdf = disposal_preview(
                proposal_id=pk, place=data["place"], witnesses=form.witnesses(), language=data["language"],
                actor=user, now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            name = f"{found.number}-{_('DRAFT')}.pdf"
            return HttpResponse(
                pdf, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
            )
    page = _issue_page(found)
    return render(request, page["template"], page | {"form": form}, status=422)
