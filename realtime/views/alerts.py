"""Alerts: the list of what is and was bad on the floor, and the page on which somebody says that they look after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, OwnSite, UntilDay
from occ.forms import NoteForm, OptionalNoteForm, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.sheets.writing import OutColumn
from realtime.choices import AlertKind, AuxReason
from realtime.judging import FEW
from realtime.models import FLOOR_READERS, Alert
from realtime.policies import DRAW_UP, LEAST_CALLS, WINDOW
from realtime.services import alerting
from realtime.services.recovery import alert_channel, plannable
from realtime.workflow import PLANNERS

WORDS: dict[str, tuple[Any, str, str]] = {
    "open": (gettext_lazy("Nobody looks after it"), "danger", "alert-octagon"),
    "acknowledged": (gettext_lazy("Somebody looks after it"), "warning", "eye"),
    "closed": (gettext_lazy("Over"), "neutral", "circle-check"),
}
LABELS: dict[str, Any] = {
    "scr": gettext_lazy("SCR (%)"), "scr_before": gettext_lazy("SCR of the quarter before (%)"),
    "aht": gettext_lazy("AHT (s)"), "target": gettext_lazy("Target"), "offered": gettext_lazy("Calls offered"),
    "answered": gettext_lazy("Calls answered"), "minutes": gettext_lazy("Of the last (min)"),
    "handled": gettext_lazy("Calls handled"),
    "waiting": gettext_lazy("Waiting"), "oldest_seconds": gettext_lazy("Longest wait (s)"),
    "most": gettext_lazy("Alert from"), "longest_seconds": gettext_lazy("Alert beyond (s)"),
    "logged_in": gettext_lazy("Logged in"), "rostered": gettext_lazy("Rostered"), "unknown": gettext_lazy("Unknown"),
    "percent": gettext_lazy("Share (%)"), "aux": gettext_lazy("In AUX"), "state": gettext_lazy("State"),
    "silent_seconds": gettext_lazy("Silent for (s)"), "name": gettext_lazy("Agent"), "reason": gettext_lazy("Reason"),
    "used_minutes": gettext_lazy("Used (min)"), "allowed_minutes": gettext_lazy("Allowed (min)"),
}  # fmt: skip


class AlertFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    state = filters.ChoiceFilter(
        choices=[(key, words[0]) for key, words in WORDS.items()], method="by_state", label=gettext_lazy("State"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    kind = filters.ChoiceFilter(choices=AlertKind.choices, label=gettext_lazy("Kind"), empty_label=gettext_lazy("All"))
    site = OwnSite()
    since = FromDay(field_name="opened_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="opened_at", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(about__icontains=word) | Q(note__icontains=word) | Q(acknowledged_by__first_name__icontains=word)
                | Q(acknowledged_by__last_name__icontains=word)
            )  # fmt: skip
        return rows

    def by_state(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        if value == "closed":
            return rows.exclude(closed_at=None)
        return rows.filter(closed_at=None, acknowledged_at__isnull=value == "open")


def rows_of(user: User, now: datetime) -> QuerySet[Alert]:
    return Alert.objects.visible_to(user).select_related("site", "acknowledged_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Site"), 14), OutColumn(_("Kind"), 30), OutColumn(_("About"), 16), OutColumn(_("Since"), 20),
            OutColumn(_("Over"), 20), OutColumn(_("Looked after by"), 24), OutColumn(_("Note"), 40)]  # fmt: skip


def line(one: Alert) -> list[Any]:
    who = str(one.acknowledged_by) if one.acknowledged_by else ""
    return [one.site.name, one.get_kind_display(), one.about_label, one.opened_at, one.closed_at, who, one.note]


register_list(
    "realtime.alerts", gettext_lazy("Alerts"), may=lambda user: has_role(user, FLOOR_READERS), filters=AlertFilter,
    order=["-opened_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def scr_from(now: datetime, site: Site | None = None) -> str:
    """From how many calls on a missed SCR is an alert: why there may be none at night."""
    values = {name: int(policy_value(key, at=now, site=site)) for name, key in (("n", LEAST_CALLS), ("m", WINDOW))}
    return _(
        "An SCR alert needs two quarters of an hour with at least %(n)s calls each; where they are fewer, the last"
        " %(few)s calls of at most %(m)s minutes are judged together, and those that lack of them count as answered."
    ) % {**values, "few": FEW * values["n"]}


@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=AlertFilter, sorts={"opened": "opened_at"}, default="-opened")
    for one in context["page"].rows:
        one.words = WORDS[one.status]
    context |= {
        "title": _("Alerts"), "subtitle": _("What is bad on the floor now, and what was"),
        "export_kind": "realtime.alerts", "search": _("Source, note, or who looks after it"),
        "scr_from": scr_from(timezone.now()),
    }  # fmt: skip
    return render(request, "realtime/alerts.html", context)


@require_GET
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Alert, me(request), pk))


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Alert, me(request), pk)
    form = OptionalNoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    alerting.alert_acknowledge(alert_id=found.pk, note=note, actor=me(request), now=timezone.now())
    messages.success(request, _("You look after it now."))
    return redirect(found)


@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Alert, me(request), pk)
    if not has_role(me(request), {"coordinator"}, site=found.site):
        raise NotAllowed
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            alerting.alert_dismiss(
                alert_id=found.pk, note=form.cleaned_data["note"], actor=me(request), now=timezone.now()
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("No recovery plan is owed for it any more."))
            return redirect(found)
    return _detail(request, found, form)


def _detail(request: HttpRequest, found: Alert, dismissing: forms.Form | None = None) -> HttpResponse:
    user = me(request)
    here: dict[str, Any] = {"site": found.site}
    asked = found.status == "open" and has_role(user, alerting.ACKNOWLEDGERS, **here)
    owed = Obligation.objects.open().filter(
        rule=DRAW_UP, content_type__model="alert", content_type__app_label="realtime", object_id=found.pk
    )
    duty = owed.first()
    plan_new = f"{reverse('realtime:plan_new')}?alert={found.pk}&site={found.site_id}&channel={alert_channel(found)}"
    context = {
        "title": str(found), "subtitle": found.site.name,
        "crumbs": [{"label": _("Alerts"), "url": reverse("realtime:alerts")}],
        "alert": found, "words": WORDS[found.status], "zone": found.site.zone, "duty": duty,
        "figures": _figures(found),
        "form": OptionalNoteForm() if asked else None,
        "dismissing": dismissing or (NoteForm() if duty and has_role(user, {"coordinator"}, **here) else None),
        "plans": found.plans.order_by("pk"),
        "plan_new": plan_new if has_role(user, PLANNERS, **here) and plannable(found) else "",
    }  # fmt: skip
    return render(request, "realtime/alert.html", context, status=422 if dismissing and dismissing.errors else 200)


def _figures(found: Alert) -> list[dict[str, Any]]:
    def said(name: str, value: Any) -> Any:
        return AuxReason(value).label if name == "reason" and value else value

    return [
        {"label": LABELS.get(name, name), "then": said(name, value), "now": said(name, found.latest.get(name))}
        for name, value in sorted(found.figures.items(), key=lambda one: list(LABELS).index(one[0]))
    ]
