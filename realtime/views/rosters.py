"""Rosters (RTM-1): the months and their versions, one as a grid to read and to write in, and what differs between."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import Invalid, NotAllowed, Refused
from occ.filters import OwnSite
from occ.forms import DayField, PersonField, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choosing import register as register_chooser
from occ.people.models import Person, PersonQuerySet, Site, TeamMembership, User, in_force
from occ.people.scope import has_role, site_filter, sites_for
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.texts import said
from realtime.choices import DayKind, FindingCode, RosterStatus
from realtime.models import ROSTER_READERS, Roster, RosterLine
from realtime.rostering.codes import SHOWN, Codes, codes_of
from realtime.rostering.versions import cells_of, differences
from realtime.rostering.words import words
from realtime.services import rosters as services
from realtime.services.roster_telling import telling_of
from realtime.workflow import ROSTER, ROSTER_MAKERS

ICONS = {"validate": "checks", "reopen": "pencil", "publish": "send", "cancel": "trash"}
TONES = {DayKind.OFF: "off", DayKind.LEAVE: "leave", DayKind.SICK: "sick", DayKind.PERMISSION: "sick"}
SHOWN_FINDINGS, SHOWN_BESIDE = 500, 40
MOST_CELLS = 500


def rosterable(user: User) -> PersonQuerySet:
    return Person.objects.filter(site_filter(user, ROSTER_MAKERS), last_working_day=None)


WHO = register_chooser("realtime.rostered", rosterable)


def warns(found: Roster, name: str) -> str:
    """Before it is published: who is told of what, and what it does to the version that holds."""
    if name != "publish":
        return ""
    told = telling_of(found, now=timezone.now())
    holds = _("From then on version %(version)s of %(month)s holds at %(site)s, for everybody on the floor.") % {
        "version": found.version, "month": date_format(found.month, "F Y"), "site": found.site.name,
    }  # fmt: skip
    who = _("Days that change: %(days)s; people: %(people)s; told at once, having a log-in: %(users)s.") % told
    was = _("Version %(n)s is revised and stays to be read.") % {"n": found.base.version} if found.base else ""
    signed = _("Sign-offs of shifts that change are asked for again. A published version is changed only by the next.")
    return " ".join(one for one in (holds, who, was, signed) if one)


STEPPING: Stepping = replace(
    plain_stepping(
        ROSTER, services.TRANSITIONS, key="roster_id", url_name="realtime:roster_step", own_forms={}, icons=ICONS,
        aside=frozenset({"cancel", "reopen", "publish"}),
    ),
    warns=warns, calm=frozenset({"publish"}),
)  # fmt: skip


class MonthField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=7, widget=forms.TextInput(attrs={"type": "month"}), **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text or ""):
            raise forms.ValidationError(_("Choose a month (2026-11)."), code="month")
        return date.fromisoformat(f"{text}-01")


class RosterForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    month = MonthField(label=gettext_lazy("Month"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300,
        help_text=gettext_lazy("Needed where the month is published: this will be its next version."),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, ROSTER_MAKERS)])


class CellForm(forms.Form):
    """Without scripts, and for whoever is not on the roster yet."""

    person = PersonField(chooser=WHO, label=gettext_lazy("Employee"))
    day = DayField(label=gettext_lazy("Day"))
    code = forms.CharField(
        label=gettext_lazy("Code"), required=False, max_length=20, help_text=gettext_lazy("Empty: no entry")
    )

    def __init__(self, *args: Any, user: User, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        lines = RosterLine.objects.filter(roster=roster).values("person_id")
        person.for_user(user, Person.objects.filter(Q(site_id=roster.site_id) | Q(pk__in=lines)))


class RosterFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=RosterStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))

    def by_words(self, rows: QuerySet[Roster], name: str, value: str) -> QuerySet[Roster]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(note__icontains=word) | Q(file_name__icontains=word))
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[Roster]:
    rows = Roster.objects.visible_to(user).select_related("site", "made_by", "published_by", "base")
    lines = RosterLine.objects.filter(roster=OuterRef("pk")).order_by().values("roster")
    counted = lines.annotate(n=Count("person", distinct=True)).values("n")  # of the page's rows, and no others
    return rows.annotate(people=Coalesce(Subquery(counted), 0))


def columns() -> list[OutColumn]:
    labels = (_("Month"), _("Site"), _("Version"), _("Status"), _("People"), _("Published"), _("Published by"),
              _("Reason"))  # fmt: skip
    return [OutColumn(label, 20) for label in labels]


def line(one: Any) -> list[Any]:
    return [one.month, one.site.name, one.version, one.get_status_display(), one.people, one.published_at,
            str(one.published_by or ""), said(one.note)]  # fmt: skip


register_list(
    "realtime.rosters", gettext_lazy("Rosters"), may=lambda user: has_role(user, ROSTER_READERS), filters=RosterFilter,
    order=["-month", "-version"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Rosters"), "url": reverse("realtime:rosters")}]


@require_GET
def rosters(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, ROSTER_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(
        request, rows_of(user, timezone.now()), filters=RosterFilter, sorts={"month": "month", "made": "made_at"},
        default="-month",
    )  # fmt: skip
    actions = []
    if has_role(user, ROSTER_MAKERS):
        actions = [
            {"label": _("Import a spreadsheet"), "url": reverse("realtime:import"), "icon": "upload"},
            {"label": _("New version"), "url": reverse("realtime:roster_new"), "icon": "plus", "tone": "primary"},
        ]
    context |= {
        "title": _("Rosters"), "subtitle": _("Who works when, by site and month, in versions"), "actions": actions,
        "search": _("Words of the reason"), "export_kind": "realtime.rosters",
    }  # fmt: skip
    return render(request, "realtime/rosters.html", context)


@require_http_methods(["GET", "POST"])
def roster_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, ROSTER_MAKERS):
        raise NotAllowed
    initial = {name: request.GET[name] for name in ("site", "month") if request.GET.get(name)}
    form = RosterForm(request.POST or None, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.roster_begin(**form.cleaned_data, actor=user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(made)
    context = {
        "title": _("New version of a roster"), "crumbs": crumbs(), "form": form, "submit": _("Begin it"),
        "cancel_url": reverse("realtime:rosters"), "icon": "calendar-plus",
    }  # fmt: skip
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


@require_GET
def roster(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Roster, me(request), pk), {})


@require_POST
def roster_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Roster, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
def roster_cells(request: HttpRequest, pk: int) -> HttpResponse:
    """Cells that were written in the grid, as JSON [[person's key, day, code], …]; or one out of the form."""
    user = me(request)
    found = get_visible(Roster, user, pk)
    if not services.may_make(user, found.site):
        raise NotAllowed
    if "cells" in request.POST:
        return _cells(found, request.POST["cells"], user)
    form = CellForm(request.POST, user=user, roster=found)
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.cells_write(
                roster_id=pk, edits=[(given["person"].pk, given["day"], given["code"])], actor=user,
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(f"{found.get_absolute_url()}#grid")
    return _detail(request, found, {}, cell=form, status=422)


def _cells(found: Roster, text: str, user: User) -> HttpResponse:
    try:
        edits = [(int(person), date.fromisoformat(day), str(code)[:100]) for person, day, code in json.loads(text)]
        if len(edits) > MOST_CELLS or any(not 0 < one[0] < 2**62 or "\x00" in one[2] for one in edits):
            raise ValueError
        services.cells_write(roster_id=found.pk, edits=edits, actor=user, now=timezone.now())
    except Refused as refusal:
        return JsonResponse({"message": str(refusal)}, status=refusal.status)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return JsonResponse({"message": str(Invalid(_("What was sent are no cells.")))}, status=422)
    codes = codes_of(found.site)
    said = []
    for person, day, code in edits:
        cell = codes.read(code)
        said.append(
            [person, day.isoformat(), codes.shown(cell), _tone(cell.kind, cell.shift_id, codes) if cell else ""]
        )
    return JsonResponse({"cells": said})


def _tone(kind: str, shift_id: int | None, codes: Codes) -> str:
    if shift_id is not None and codes.known[shift_id].leads:
        return "leads"
    return TONES.get(DayKind(kind), "")


@require_GET
def roster_findings(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of its own, and the piece of a roster's page that comes by itself."""
    found = get_visible(Roster, me(request), pk)
    kept = services.roster_findings(found, now=timezone.now())
    piece = "piece" in request.GET and request.htmx  # type: ignore[attr-defined]
    most = SHOWN_BESIDE if piece else SHOWN_FINDINGS
    people = Person.objects.in_bulk({one["person"] for one in kept if one["person"]})
    shifts = codes_of(found.site).known
    counts = Counter((one["code"], one["blocks"]) for one in kept)
    rows = [
        {
            "day": date.fromisoformat(one["day"]), "person": people.get(one["person"]), "blocks": one["blocks"],
            "shift": shifts.get(one["shift"]), "label": FindingCode(one["code"]).label,
            "words": words(one, found.site.zone),
        }
        for one in sorted(kept, key=lambda one: (not one["blocks"], one["day"]))[:most]
    ]  # fmt: skip
    context = {
        "title": _("Findings"), "crumbs": [*crumbs(), {"label": found.called, "url": found.get_absolute_url()}],
        "subtitle": found.called, "roster": found, "rows": rows, "total": len(kept),
        "blocking": sum(n for (_code, blocks), n in counts.items() if blocks),
        "counts": [
            {"label": FindingCode(code).label, "n": n, "blocks": blocks}
            for (code, blocks), n in sorted(counts.items(), key=lambda one: (not one[0][1], -one[1]))
        ],
    }  # fmt: skip
    return render(request, "realtime/roster_findings_piece.html" if piece else "realtime/roster_findings.html", context)


@require_GET
def roster_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """What this version changes, against the one it is based on or another of the month (`?against=`)."""
    user = me(request)
    found = get_visible(Roster, user, pk)
    versions = list(_versions(found))
    wanted = request.GET.get("against", "")
    against = next((one for one in versions if str(one.pk) == wanted), None)
    if wanted and against is None:
        raise Http404
    against = against or next((one for one in versions if one.pk == found.base_id), None)
    codes = codes_of(found.site)
    changes = differences(cells_of(against), cells_of(found))
    people = Person.objects.in_bulk({one.person_id for one in changes})
    rows = [
        {"person": people[one.person_id], "day": one.day, "was": codes.shown(one.was), "now": codes.shown(one.now)}
        for one in changes[:1_000]
    ]
    context = {
        "title": _("What changes"), "crumbs": [*crumbs(), {"label": found.called, "url": found.get_absolute_url()}],
        "subtitle": _("%(version)s against %(other)s") % {"version": found, "other": against or _("nothing")},
        "roster": found, "against": against, "versions": [one for one in versions if one.pk != found.pk],
        "rows": rows, "total": len(changes), "people": len(people),
    }  # fmt: skip
    return render(request, "realtime/roster_changes.html", context)


def _versions(found: Roster) -> QuerySet[Roster]:
    rows = Roster.objects.filter(site_id=found.site_id, month=found.month)
    return rows.select_related("site", "made_by", "published_by").order_by("-version")


def _detail(
    request: HttpRequest, found: Roster, tried: dict[str, forms.Form], *, cell: CellForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    user = me(request)
    makes = services.may_make(user, found.site)
    edits = makes and found.status == RosterStatus.DRAFT
    context = process_context(request, STEPPING, found, tried)
    actions = []
    if makes and found.status == RosterStatus.PUBLISHED:
        query = f"?site={found.site_id}&month={found.month:%Y-%m}"
        actions = [{"label": _("Change it"), "url": reverse("realtime:roster_new") + query, "icon": "pencil"}]
    context |= {
        "title": date_format(found.month, "F Y"),
        "subtitle": f"{found.site.name} · " + _("version %(n)s") % {"n": found.version},
        "crumbs": crumbs(), "actions": actions, "roster": found, "edits": edits, "versions": _versions(found),
        "export_kind": "realtime.roster", "export_scope": f"roster={found.pk}",
        "cell_form": (cell or CellForm(user=user, roster=found, initial={"day": found.month})) if edits else None,
    }  # fmt: skip
    return render(request, "realtime/roster.html", context | grid(found), status=status)


def grid(found: Roster) -> dict[str, Any]:
    """The month as rows: people by team and name, their days as (code, tone); how many are on each shift of a day."""
    codes = codes_of(found.site)
    days = services.days_of(found.month)
    by_person: dict[int, dict[date, tuple[str, str]]] = defaultdict(dict)
    counts: dict[int, Counter[date]] = defaultdict(Counter)
    minutes: Counter[int] = Counter()
    rows = RosterLine.objects.filter(roster=found).values_list("person_id", "day", "kind", "shift_id")
    for person_id, day, kind, shift_id in rows.iterator(chunk_size=5_000):
        if shift_id is None:
            by_person[person_id][day] = (SHOWN[kind], TONES[DayKind(kind)])
            continue
        shift = codes.known[shift_id]
        by_person[person_id][day] = (shift.code, "leads" if shift.leads else "")
        counts[shift_id][day] += 1
        minutes[person_id] += shift.paid_minutes
    people = Person.objects.filter(pk__in=by_person).only("name", "number", "last_working_day")
    teams = dict(_teams(list(by_person), found.month))
    lines = [
        {
            "pk": one.pk, "name": one.name, "number": one.number, "team": teams.get(one.pk, ""),
            "cells": [by_person[one.pk].get(day, ("", "")) for day in days], "hours": round(minutes[one.pk] / 60),
        }
        for one in people
    ]  # fmt: skip
    shifts = sorted((codes.known[pk] for pk in counts), key=lambda one: (one.starts, one.code))
    return {
        "days": [
            {"iso": day.isoformat(), "number": day.day, "name": date_format(day, "D"), "weekend": day.weekday() > 4}
            for day in days
        ],
        "rows": sorted(lines, key=lambda one: (one["team"] == "", one["team"], one["name"])),
        "counted": [{"shift": one, "cells": [counts[one.pk][day] for day in days]} for one in shifts],
        "legend": sorted(codes.shifts.values(), key=lambda one: (one.starts, one.code)),
        "kinds": [(code, DayKind(kind).label, TONES[DayKind(kind)]) for kind, code in SHOWN.items()],
    }  # fmt: skip


def _teams(people: list[int], day: date) -> Any:
    rows = TeamMembership.objects.filter(in_force(day), person_id__in=people)
    return rows.values_list("person_id", "team__name")
