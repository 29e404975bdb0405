"""The roster validated on the day before (RTM-2): the list of what is owed, and the page on which it is signed off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed
from occ.filters import DayFilter, OwnSite
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from realtime.choices import CheckStatus, DayKind, FindingCode
from realtime.models import ROSTER_READERS, Roster, RosterCheck, RosterLine
from realtime.rostering.words import words
from realtime.services.roster_checks import check_sign, checks_judge, signed_with_reason
from realtime.workflow import CHECK


class SignForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


STEPPING: Stepping = plain_stepping(
    CHECK, {"sign": check_sign}, key="check_id", url_name="realtime:check_step", own_forms={"sign": SignForm},
    icons={"sign": "signature"}, aside=frozenset(),
)  # fmt: skip


class CheckFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=CheckStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    since = DayFilter(field_name="day", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="day", lookup_expr="lte", label=gettext_lazy("To"))


def rows_of(user: User, now: datetime) -> QuerySet[RosterCheck]:
    return RosterCheck.objects.visible_to(user).select_related("site", "shift", "signed_by")


def columns() -> list[OutColumn]:
    labels = (_("Day"), _("Site"), _("Shift"), _("Status"), _("People"), _("Blocking"), _("Warnings"), _("Due"),
              _("Signed off"), _("Signed off by"))  # fmt: skip
    return [OutColumn(label, 18) for label in labels]


def line(one: RosterCheck) -> list[Any]:
    return [one.day, one.site.name, one.shift.code, one.get_status_display(), one.people, one.blocking, one.warnings,
            one.due_at, one.signed_at, str(one.signed_by or "")]  # fmt: skip


register_list(
    "realtime.checks", gettext_lazy("Roster validations"), may=lambda user: has_role(user, ROSTER_READERS),
    filters=CheckFilter, order=["-day", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, ROSTER_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, timezone.now()), filters=CheckFilter, sorts={"day": "day"}, default="-day")
    context |= {
        "title": _("Roster validation"),
        "subtitle": _("Each shift is looked at and signed off on the day before (SOP-RTM 8.2: H-1)"),
        "export_kind": "realtime.checks",
    }
    return render(request, "realtime/checks.html", context)


@require_GET
def check(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(RosterCheck, me(request), pk), {})


@require_POST
def check_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(RosterCheck, me(request), pk)
    # Kept whatever becomes of the step: who is refused because it has changed sees at once what it is now.
    checks_judge(site=found.site, days=[found.day], now=timezone.now())
    done = step_make(request, STEPPING, found, transition)
    if isinstance(done, HttpResponse):
        return done
    return _detail(request, get_visible(RosterCheck, me(request), pk), done, status=422)


def _detail(
    request: HttpRequest, found: RosterCheck, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    zone = found.site.zone
    context = process_context(request, STEPPING, found, tried)
    reasons = signed_with_reason(found)
    for one in context["next"]:
        if not one["tried"]:
            one["form"] = SignForm(initial={"digest": found.digest}, auto_id="id_sign_%s")
        elif found.digest != one["form"].data.get("digest"):  # it has changed: what is shown now is signed next
            one["form"].data = one["form"].data.copy()
            one["form"].data["digest"] = found.digest
        if reasons:
            note = one["form"].fields["note"]
            note.label, note.help_text = _("Why it is signed off so"), " ".join(reasons)
    rows = RosterLine.objects.in_force().filter(
        roster__site=found.site, day=found.day, shift=found.shift, kind=DayKind.SHIFT
    )
    lines = list(rows.select_related("person", "roster__site").order_by("person__name"))
    people = Person.objects.in_bulk({one["person"] for one in found.findings if one["person"]})
    roster = Roster.objects.published().filter(site=found.site, month=found.day.replace(day=1)).first()
    context |= {
        "title": _("Roster validation of %(day)s") % {"day": date_format(found.day, "l, j F Y")},
        "subtitle": f"{found.site.name} · {found.shift}, {found.shift.hours}",
        "crumbs": [{"label": _("Roster validation"), "url": reverse("realtime:checks")}],
        "check": found, "zone": zone, "lines": lines, "roster": roster, "chart": _chart(found),
        "rows": [
            {"label": FindingCode(one["code"]).label, "blocks": one["blocks"], "person": people.get(one["person"]),
             "words": words(one, zone)}
            for one in sorted(found.findings, key=lambda one: not one["blocks"])
        ],
    }  # fmt: skip
    return render(request, "realtime/check.html", context, status=status)


def _chart(found: RosterCheck) -> dict[str, Any] | None:
    if not found.cover:
        return None
    zone = found.site.zone
    return {
        "kind": "line",
        "labels": [f"{datetime.fromisoformat(one['at']).astimezone(zone):%H:%M}" for one in found.cover],
        "series": [
            {"name": _("Needed"), "values": [one["need"] for one in found.cover]},
            {"name": _("There, less shrinkage"), "values": [one["cover"] for one in found.cover]},
        ],
        "target": None,
    }
