"""Floor walks (RTM-9): the list, and the checklist as one walks with a tablet: each tap is kept at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, OwnSite, UntilDay
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn
from realtime.choices import Answer, WalkStatus
from realtime.models import ROTG_READERS, FloorWalk, Violation, WalkLine
from realtime.rotg.workflow import WALKERS
from realtime.services import rotg_walks as services
from realtime.views.rotg_rules import toned

BUTTONS = ((Answer.OK, "check", "success"), (Answer.VIOLATION, "x", "danger"),
           (Answer.NOT_APPLICABLE, "minus", "neutral"))  # fmt: skip


class FinishForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note on the whole walk"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )  # fmt: skip


class WalkFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=WalkStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    since = FromDay(field_name="started_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="started_at", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[FloorWalk], name: str, value: str) -> QuerySet[FloorWalk]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(note__icontains=word) | Q(started_by__first_name__icontains=word)
                | Q(started_by__last_name__icontains=word)
            )  # fmt: skip
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[FloorWalk]:
    counts = {answer.name.lower(): Count("lines", filter=Q(lines__answer=answer)) for answer in Answer}
    rows = FloorWalk.objects.visible_to(user).select_related("site", "started_by")
    return rows.annotate(rules=Count("lines"), **counts)


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Begun"), _("Finished"), _("Walked by"), _("Rules"), _("Complied with"), _("Violated"),
              _("Not applicable"), _("Note"))  # fmt: skip
    return [OutColumn(label, 18) for label in labels]


def line(one: Any) -> list[Any]:
    return [one.site.name, one.started_at, one.finished_at, str(one.started_by), one.rules, one.ok, one.violation,
            one.not_applicable, one.note]  # fmt: skip


register_list(
    "realtime.walks", gettext_lazy("Floor walks"), may=lambda user: has_role(user, ROTG_READERS), filters=WalkFilter,
    order=["-started_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def walks(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, ROTG_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=WalkFilter, sorts={"begun": "started_at"}, default="-begun")
    context |= {
        "title": _("Floor walks"), "subtitle": _("Whether the rules of the game are complied with (SOP-RTM 7.5)"),
        "export_kind": "realtime.walks", "search": _("Who walked, or the note"), "places": sites_for(user, WALKERS),
    }  # fmt: skip
    return render(request, "realtime/rotg_walks.html", context)


@require_POST
def walk_start(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, WALKERS):
        raise NotAllowed
    site = next((one for one in sites_for(user, WALKERS) if str(one.pk) == request.POST.get("site", "")), None)
    if site is None:
        messages.error(request, _("Choose a site."))
        return redirect("realtime:walks")
    try:
        return redirect(services.walk_start(site=site, actor=user, now=timezone.now()))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("realtime:walks")


@require_GET
def walk(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_visible(FloorWalk, me(request), pk), FinishForm())


@require_POST
def walk_finish(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(FloorWalk, me(request), pk)
    if not has_role(me(request), WALKERS, site=found.site):
        raise NotAllowed
    form = FinishForm(request.POST)
    if form.is_valid():
        try:
            services.walk_finish(walk_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The floor walk is finished."))
            return redirect(found)
    return _page(request, found, form)


@require_POST
def line_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """A tap. walk.js asks for JSON and keeps what could not be sent; without scripts one comes back to the row."""
    found = WalkLine.objects.select_related("walk__site").filter(pk=pk).first()
    if found is None or not FloorWalk.objects.visible_to(me(request)).filter(pk=found.walk_id).exists():
        raise Http404
    by_script = "application/json" in request.headers.get("Accept", "")
    try:
        services.walk_answer(
            line_id=pk, answer=request.POST.get("answer", ""), note=request.POST.get("note", "").replace("\x00", ""),
            actor=me(request), now=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        if isinstance(refusal, NotAllowed) or not by_script:
            raise
        return JsonResponse({"code": refusal.code, "message": str(refusal)}, status=refusal.status)
    if by_script:
        lines = found.walk.lines
        return JsonResponse({"answered": lines.exclude(answer="").count(), "rules": lines.count()})
    return redirect(f"{found.walk.get_absolute_url()}#line-{pk}")


def _page(request: HttpRequest, found: FloorWalk, form: FinishForm) -> HttpResponse:
    user = me(request)
    may = found.status == WalkStatus.OPEN and has_role(user, WALKERS, site=found.site)
    seen = Violation.objects.visible_to(user).select_related("person", "version__rule")
    lines = list(
        found.lines.select_related("version__rule").prefetch_related(Prefetch("violations", seen, to_attr="seen"))
    )
    nameless = set(services.nobody_named(found).values_list("pk", flat=True)) if form.errors else set()
    for one in lines:
        toned(one.version)
        lacks = _("It has no answer yet.") if not one.answer else ""
        lacks = _("Record who violated it, or write what was seen.") if one.pk in nameless else lacks
        one.lacks = lacks if form.errors else ""  # type: ignore[attr-defined]
    context = {
        "title": _("Floor walk"), "subtitle": found.site.name, "walk": found, "lines": lines, "may": may, "form": form,
        "crumbs": [{"label": _("Floor walks"), "url": reverse("realtime:walks")}], "zone": found.site.zone,
        "buttons": [{"answer": answer.value, "label": answer.label, "icon": icon, "tone": tone}
                    for answer, icon, tone in BUTTONS],
        "answered": sum(bool(one.answer) for one in lines),
        "violated": sum(one.answer == Answer.VIOLATION for one in lines), "new_url": reverse("realtime:violation_new"),
    }  # fmt: skip
    return render(request, "realtime/rotg_walk.html", context, status=422 if form.errors else 200)
