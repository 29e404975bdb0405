"""The interactions behind a figure, one of them with its events as they came, and the data faults (RTM-10)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import InstantFilter, OwnSite, of_own_sites
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day, start_of_day
from realtime.choices import Fault, Outcome, Purpose
from realtime.masking import body_shown, number_shown
from realtime.models import FLOOR_READERS, Event, Interaction, Source
from realtime.services.reading_events import events_of, interaction_open, readings_of, sees_customers

MOST = timedelta(days=31)
OUTCOME_TONES = {Outcome.OPEN: ("warning", "hourglass"), Outcome.ANSWERED: ("success", "phone-check"),
                 Outcome.ABANDONED: ("danger", "phone-off"), Outcome.MENU: ("neutral", "list-numbers")}  # fmt: skip
ORDER = ["arrived_at", "pk"]
SHOWN = 200


class SpanFilter(filters.FilterSet):
    """Interactions of a time: today's where none is given, of at most 31 days. An index has them by channel."""

    q = filters.CharFilter(method="by_number", label=gettext_lazy("Search"))
    site = OwnSite()
    channel = filters.ChoiceFilter(
        choices=Channel.choices, label=gettext_lazy("Channel"), empty_label=gettext_lazy("All")
    )
    source = filters.ModelChoiceFilter(
        queryset=of_own_sites(Source.objects.all()), label=gettext_lazy("Source"), empty_label=gettext_lazy("All")
    )
    since = InstantFilter(method="ignore", label=gettext_lazy("From"))
    until = InstantFilter(method="ignore", label=gettext_lazy("To (not included)"))

    def ignore(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows

    def by_number(self, rows: QuerySet[Interaction], name: str, value: str) -> QuerySet[Interaction]:
        """Its whole number, or the agent's name in the application."""
        words = value.replace("\x00", "").strip()
        if not words:
            return rows
        sources = list(Source.objects.values_list("pk", flat=True))
        return rows.filter(Q(source__in=sources, number=words) | Q(agent=words))

    def filter_queryset(self, queryset: QuerySet[Interaction]) -> QuerySet[Interaction]:
        given = self.form.cleaned_data
        rows = super().filter_queryset(queryset)
        if not given.get("channel"):
            rows = rows.filter(channel__in=Channel.values)
        if not given.get("site"):
            rows = rows.filter(Q(site__in=list(Site.objects.values_list("pk", flat=True))) | Q(site=None))
        start, until = span_of(given, timezone.now())
        return rows.filter(arrived_at__gte=start, arrived_at__lt=until)


def span_of(given: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    start: datetime | None = given.get("since")
    until: datetime | None = given.get("until")
    if start is None:
        start = until - timedelta(days=1) if until else start_of_day(local_day(now, JAKARTA), JAKARTA)
    return start, min(until or start + MOST, start + MOST)


class InteractionFilter(SpanFilter):
    outcome = filters.ChoiceFilter(
        choices=Outcome.choices, label=gettext_lazy("Outcome"), empty_label=gettext_lazy("All")
    )
    faulty = filters.BooleanFilter(method="by_faulty", label=gettext_lazy("Faulty"))

    def by_faulty(self, rows: QuerySet[Interaction], name: str, value: bool) -> QuerySet[Interaction]:
        return rows.exclude(faults=[]) if value else rows.filter(faults=[])


class FaultFilter(SpanFilter):
    fault = filters.ChoiceFilter(
        choices=Fault.choices, method="by_fault", label=gettext_lazy("Fault"), empty_label=gettext_lazy("All")
    )

    def by_fault(self, rows: QuerySet[Interaction], name: str, value: str) -> QuerySet[Interaction]:
        return rows.filter(faults__contains=[value])


class ParkedFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    source = filters.ModelChoiceFilter(
        queryset=of_own_sites(Source.objects.all()), label=gettext_lazy("Source"), empty_label=gettext_lazy("All")
    )
    since = InstantFilter(field_name="received_at", lookup_expr="gte", label=gettext_lazy("From"))
    until = InstantFilter(field_name="received_at", lookup_expr="lt", label=gettext_lazy("To (not included)"))

    def by_words(self, rows: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        words = value.replace("\x00", "").strip()
        return rows.filter(Q(type__icontains=words) | Q(source_event_id=words)) if words else rows


def may_see(user: User) -> bool:
    return has_role(user, FLOOR_READERS)


def rows_of(user: User, now: datetime) -> QuerySet[Interaction]:
    return Interaction.objects.visible_to(user).select_related("site", "source")


def faulty_of(user: User, now: datetime) -> QuerySet[Interaction]:
    return rows_of(user, now).exclude(faults=[])


def parked_of(user: User, now: datetime) -> QuerySet[Event]:
    seen = Source.objects.visible_to(user)
    return Event.objects.exclude(parked="").filter(source__in=seen).select_related("source")


def faults_said(one: Interaction) -> list[str]:
    labels = dict(Fault.choices)
    return [str(labels.get(name, name)) for name in one.faults]


def columns() -> list[OutColumn]:
    return [OutColumn(_("Number"), 28), OutColumn(_("Source"), 18), OutColumn(_("Site"), 14),
            OutColumn(_("Channel"), 12), OutColumn(_("Category"), 12), OutColumn(_("Outcome"), 20),
            OutColumn(_("Arrived"), 20), OutColumn(_("Answered"), 20), OutColumn(_("Submitted"), 20),
            OutColumn(_("Ended"), 20), OutColumn(_("Agent"), 16), OutColumn(_("Wait (s)"), 12),
            OutColumn(_("Talk (s)"), 12), OutColumn(_("Hold (s)"), 12), OutColumn(_("After-call work (s)"), 12),
            OutColumn(_("Faults"), 40)]  # fmt: skip


def seconds(value: int | None) -> float | None:
    return None if value is None else value / 1000


def line(one: Interaction) -> list[Any]:
    return [number_shown(one.number), one.source.name, one.site.name if one.site else "", one.get_channel_display(),
            one.get_category_display(), one.get_outcome_display(), one.arrived_at, one.answered_at, one.submitted_at,
            one.ended_at, one.agent, seconds(one.wait_ms), seconds(one.talk_ms), seconds(one.hold_ms),
            seconds(one.wrapup_ms), "; ".join(faults_said(one))]  # fmt: skip


register_list(
    "realtime.interactions", gettext_lazy("Interactions"), may=may_see, filters=InteractionFilter, order=ORDER,
    rows=rows_of, columns=columns, line=line,
)  # fmt: skip
register_list(
    "realtime.faults", gettext_lazy("Data faults"), may=may_see, filters=FaultFilter, order=ORDER, rows=faulty_of,
    columns=columns, line=line,
)  # fmt: skip
register_list(
    "realtime.parked", gettext_lazy("Events that were not understood"), may=may_see, filters=ParkedFilter,
    order=["-received_at", "-pk"], rows=parked_of,
    columns=lambda: [OutColumn(_("Source"), 18), OutColumn(_("Type"), 28), OutColumn(_("Time"), 20),
                     OutColumn(_("Received"), 20), OutColumn(_("ID at the source"), 40)],
    line=lambda one: [one.source.name, one.type, one.occurred_at, one.received_at, number_shown(one.source_event_id)],
)  # fmt: skip


@require_GET
def interactions(request: HttpRequest) -> HttpResponse:
    return _list(
        request, rows_of, InteractionFilter,
        {"title": _("Interactions"),
         "subtitle": _("What a figure counts, each with its events; today's unless you choose"),
         "export_kind": "realtime.interactions"},
    )  # fmt: skip


@require_GET
def faults(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    context = {
        "title": _("Data faults"),
        "subtitle": _("What cannot be true: counted, listed here, and in no average; today's unless you choose"),
        "export_kind": "realtime.faults", "tabs": tabs(user, now, "faults") if may_see(user) else [],
    }  # fmt: skip
    return _list(request, faulty_of, FaultFilter, context)


def _list(request: HttpRequest, rows: Any, chosen: type[SpanFilter], said: dict[str, Any]) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not may_see(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    found = rows(user, now)
    context = listing(
        request, found, filters=chosen, sorts={"arrived": "arrived_at"}, default="-arrived", otherwise=found.none()
    )
    context["lines"] = [shown(one) for one in context["page"].rows]
    context |= said | {
        "search": _("Its whole number, or the agent"),
        "crumbs": [{"label": _("Service figures"), "url": reverse("realtime:figures")}],
    }
    return render(request, "realtime/interactions.html", context)


def tabs(user: User, now: datetime, here: str) -> list[dict[str, Any]]:
    parked = parked_of(user, now)[:1000].count()
    return [
        {"label": _("Interactions"), "url": reverse("realtime:faults"), "active": here == "faults"},
        {"label": _("Events that were not understood"), "url": reverse("realtime:parked"), "count": parked,
         "active": here == "parked"},
    ]  # fmt: skip


def shown(one: Interaction) -> dict[str, Any]:
    tone, icon = OUTCOME_TONES[Outcome(one.outcome)]
    return {
        "row": one, "number": number_shown(one.number), "tone": tone, "icon": icon, "faults": faults_said(one),
        "wait": seconds(one.wait_ms), "talk": seconds(one.talk_ms), "hold": seconds(one.hold_ms),
    }  # fmt: skip


@require_GET
def parked(request: HttpRequest) -> HttpResponse:
    """Events of a type that OCC does not know: kept, and part of nothing."""
    user, now = me(request), timezone.now()
    if not may_see(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = parked_of(user, now)
    context = listing(
        request, rows, filters=ParkedFilter, sorts={"received": "received_at"}, default="-received",
        otherwise=rows.none(),
    )  # fmt: skip
    context["lines"] = [
        {"row": one, "number": number_shown(one.source_event_id), "body": as_text(body_shown(one.body))}
        for one in context["page"].rows
    ]
    context |= {
        "title": _("Events that were not understood"), "tabs": tabs(user, now, "parked"),
        "subtitle": _("Of a type that is not known here: kept as they came, and part of no figure"),
        "search": _("Type, or the ID at the source"), "export_kind": "realtime.parked",
        "crumbs": [{"label": _("Service figures"), "url": reverse("realtime:figures")}],
    }  # fmt: skip
    return render(request, "realtime/parked.html", context)


class OpenForm(forms.Form):
    purpose = forms.ChoiceField(label=gettext_lazy("What for"), choices=[("", "–"), *Purpose.choices])
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=200)


@require_GET
def interaction(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Interaction, me(request), pk))


@require_POST
@never_cache
def interaction_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Its events unmasked, once: the page is not kept, and each time leaves its entry."""
    user, found = me(request), get_visible(Interaction, me(request), pk)
    if not sees_customers(user, found):
        raise NotAllowed
    form = OpenForm(request.POST)
    if form.is_valid():
        try:
            interaction_open(interaction_id=pk, actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return _detail(request, found, unmasked=True)
    return _detail(request, found, form=form)


def as_text(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=1)


def _detail(
    request: HttpRequest, found: Interaction, *, form: OpenForm | None = None, unmasked: bool = False
) -> HttpResponse:
    user = me(request)
    zone = found.site.zone if found.site else JAKARTA
    may = sees_customers(user, found)
    events = [
        {"row": one, "late": one.received_at - one.occurred_at > timedelta(hours=1),
         "body": as_text(one.body if unmasked else body_shown(one.body))}
        for one in events_of(found)[:SHOWN]
    ]  # fmt: skip
    context = {
        "title": found.number if unmasked else number_shown(found.number),
        "subtitle": f"{found.get_channel_display()} · {found.site.name if found.site else '–'}",
        "crumbs": [{"label": _("Service figures"), "url": reverse("realtime:figures")},
                   {"label": _("Interactions"), "url": reverse("realtime:interactions")}],
        "one": found, "zone": zone, "said": shown(found), "events": events, "unmasked": unmasked, "may": may,
        "form": form or (OpenForm() if may and not unmasked else None),
        "readings": readings_of(found)[:20] if may else [],
    }  # fmt: skip
    return render(request, "realtime/interaction.html", context, status=422 if form and form.errors else 200)
