"""Requests for people: the list, one with its steps, its documents and its candidates (SDM-3; MO 4.1.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed
from occ.filters import FromDay, OwnSite, UntilDay
from occ.form_pages import form_page
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, own_sites
from occ.processes import process_context, step_make
from occ.sheets.writing import OutColumn
from sdm.models import Position, Recruitment
from sdm.models.recruiting import OVER
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.personal import CANDIDATE_READERS, OPERATION, REQUEST_READERS
from sdm.recruiting.stepping import REQUEST_STEPPING, RequestForm
from sdm.recruiting.workflow import RECRUIT
from sdm.services import recruitments as services
from sdm.services.pipeline import COLUMNS, board, mean_times

SORTS = {"requested": "requested_at", "needed": "needed_by", "position": "position__name"}


class RequestFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", gettext_lazy("Open")), *R.choices], method="by_status", label=gettext_lazy("Status"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code")
    position = filters.ModelChoiceFilter(
        queryset=Position.objects.all(), to_field_name="code", label=gettext_lazy("Position"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    since = FromDay(field_name="requested_at", label=gettext_lazy("Requested from"))
    until = UntilDay(field_name="requested_at", label=gettext_lazy("Requested until"))

    def by_words(self, rows: QuerySet[Recruitment], name: str, value: str) -> QuerySet[Recruitment]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(position__name__icontains=word) | Q(explanation__icontains=word))
        return rows

    def by_status(self, rows: QuerySet[Recruitment], name: str, value: str) -> QuerySet[Recruitment]:
        return rows.exclude(status__in=OVER) if value == "open" else rows.filter(status=value)


def rows_of(user: User, now: datetime) -> QuerySet[Recruitment]:
    going = Q(candidates__status__in=[one for one in COLUMNS if one != C.HIRED])
    hired = Q(candidates__status=C.HIRED)
    return (
        Recruitment.objects.visible_to(user)
        .select_related("site", "position", "requested_by")
        .annotate(going=Count("candidates", filter=going), hired=Count("candidates", filter=hired))
    )  # fmt: skip


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=8), OutColumn(_("Site"), width=8), OutColumn(_("Position"), width=30),
        OutColumn(_("People needed"), width=12), OutColumn(_("Needed by"), width=14),
        OutColumn(_("Contract"), width=18),
        OutColumn(_("Why"), width=24), OutColumn(_("Explanation"), width=50), OutColumn(_("Status"), width=24),
        OutColumn(_("Since"), width=18), OutColumn(_("Due"), width=18), OutColumn(_("In the pipeline"), width=12),
        OutColumn(_("Hired"), width=10), OutColumn(_("Requested"), width=18), OutColumn(_("Requested by"), width=24),
        OutColumn(_("Ended"), width=18),
    ]  # fmt: skip


def line(one: Any) -> list[Any]:
    return [
        one.pk, one.site.code, one.position.name, one.people, one.needed_by, one.get_kind_display(),
        one.get_why_display(), one.explanation, one.get_status_display(), one.since, one.due_at, one.going, one.hired,
        one.requested_at, str(one.requested_by or ""), one.ended_at,
    ]  # fmt: skip


register_list(
    "sdm.recruitments", gettext_lazy("Requests for people"), may=lambda user: has_role(user, REQUEST_READERS),
    filters=RequestFilter, order=["-requested_at", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Requests for people"), "url": reverse("sdm:recruitments")}]


@require_GET
def recruitments(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, REQUEST_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=RequestFilter, sorts=SORTS, default="-requested")
    new = {"label": _("Request people"), "url": reverse("sdm:recruitment_new"), "icon": "plus", "tone": "primary"}
    actions = [{"label": _("Pipeline"), "url": reverse("sdm:pipeline"), "icon": "layout-kanban"}]
    context |= {
        "title": _("Requests for people"), "subtitle": _("From the Form JO to the BAPP (MO 4.1.1)"),
        "actions": [*(actions if has_role(user, CANDIDATE_READERS) else []),
                    *([new] if has_role(user, OPERATION) else [])],
        "export_kind": "sdm.recruitments", "search": _("Position or words of the explanation"),
    }  # fmt: skip
    return render(request, "sdm/recruiting/requests.html", context)


@require_http_methods(["GET", "POST"])
def recruitment_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, OPERATION):
        raise NotAllowed
    return form_page(
        request, RequestForm(request.POST or None, user=user),
        lambda values: services.recruitment_request(actor=user, now=timezone.now(), **values),
        said=_("Requested; the Form JO is issued and HR is told."), title=_("Request people"), crumbs=crumbs(),
        submit=_("Request and issue the Form JO"), cancel_url=reverse("sdm:recruitments"),
    )  # fmt: skip


@require_GET
def recruitment(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Recruitment, me(request), pk), {})


@require_POST
def recruitment_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Recruitment, me(request), pk)
    done = step_make(request, REQUEST_STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(
    request: HttpRequest, found: Recruitment, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    user, now = me(request), timezone.now()
    reads = has_role(user, CANDIDATE_READERS, site=found.site)
    looks = found.status == R.RECRUITING and has_role(user, RECRUIT, site=found.site)
    add = {"label": _("Add a candidate"), "url": reverse("sdm:candidate_new", args=[found.pk]), "icon": "user-plus",
           "tone": "primary"}  # fmt: skip
    times = services.times_of(found, now=now)
    context = process_context(request, REQUEST_STEPPING, found, tried)
    context |= {
        "title": str(found), "crumbs": crumbs(),
        "subtitle": f"{found.numbered} · {found.site} · {found.get_why_display()}",
        "recruitment": found, "version": found.version, "schemes": found.schemes.select_related("checked_by"),
        "times": [(R(state).label, services.words_of(span)) for state, span in times.items()],
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="recruitment", object_id=found.pk
        ).order_by("pk"),
        "documents": services.documents_of(found).defer("data").order_by("-pk"),
        "columns": board(user, site=None, recruitment=found) if reads else [],
        "out": found.candidates.filter(status__in=[C.REJECTED, C.WITHDRAWN]).count() if reads else 0,
        "actions": [add] if looks else [], "reads": reads,
    }  # fmt: skip
    return render(request, "sdm/recruiting/request.html", context, status=status)


class BoardForm(forms.Form):
    site = forms.ModelChoiceField(
        Site.objects.none(), to_field_name="code", required=False, label=gettext_lazy("Site"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = own_sites(user)


@require_GET
def pipeline(request: HttpRequest) -> HttpResponse:
    """Every open request's candidates by stage, and how long requests stand at each step."""
    user, now = me(request), timezone.now()
    if not has_role(user, CANDIDATE_READERS):
        raise NotAllowed
    form = BoardForm(request.GET, user=user)
    site = form.cleaned_data["site"] if form.is_valid() else None
    rows = Recruitment.objects.visible_to(user).order_by("-requested_at")
    recent = list((rows.filter(site=site) if site else rows)[:200])
    means = mean_times(recent, now=now)
    context = {
        "title": _("Pipeline of recruitment"), "crumbs": crumbs(), "form": form,
        "columns": board(user, site=site, recruitment=None),
        "means": [(R(state).label, services.words_of_hours(hours)) for state, hours in means.items()],
        "measured": len(recent), "subtitle": _("Candidates of all open requests, by stage"),
        "actions": [{"label": _("Candidates as a list"), "url": reverse("sdm:candidates"), "icon": "list"}],
    }  # fmt: skip
    return render(request, "sdm/recruiting/pipeline.html", context)
