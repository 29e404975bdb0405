"""An agent's own roster (RTM-1): the coming days, swaps of shifts, and the calendar address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from occ.errors import NotAllowed, Refused
from occ.filters import OwnSite
from occ.forms import DayField, PersonField, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.choosing import register as register_chooser
from occ.people.models import Person, PersonQuerySet, User
from occ.people.scope import has_role
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import local_day
from realtime.choices import DayKind, SwapStatus
from realtime.models import ROSTER_READERS, CalendarFeed, RosterLine, ShiftSwap
from realtime.services import calendars, swaps
from realtime.workflow import SWAP

AHEAD = timedelta(days=62)
READERS = frozenset({*ROSTER_READERS, Role.AGENT})
ICONS = {"accept": "check", "decline": "x", "approve": "checks", "refuse": "x", "withdraw": "arrow-back-up"}


def colleagues(user: User) -> PersonQuerySet:
    """Of the same site and position: with whom an agent may swap."""
    own = user.person
    if own is None or not has_role(user, {Role.AGENT}):
        return Person.objects.none()
    return Person.objects.filter(site_id=own.site_id, position=own.position, last_working_day=None).exclude(pk=own.pk)


COLLEAGUE = register_chooser("realtime.colleague", colleagues)


class SwapForm(forms.Form):
    day = DayField(label=gettext_lazy("The day that you give"))
    other = PersonField(chooser=COLLEAGUE, label=gettext_lazy("Colleague"))
    other_day = DayField(
        label=gettext_lazy("The day that you take"),
        help_text=gettext_lazy("The same day: you change shifts. Another: you change both days."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other: Any = self.fields["other"]
        other.for_user(user)


def own_side(user: User, swap: ShiftSwap, name: str) -> bool:
    """What the flow's roles do not say: which of the two agents a step is for."""
    if name in {"accept", "decline"}:
        return user.person_id == swap.other_id
    if name == "withdraw":
        return user.person_id == swap.person_id
    return user.person_id is None or user.person_id not in (swap.person_id, swap.other_id)


STEPPING: Stepping = plain_stepping(
    SWAP, swaps.TRANSITIONS, key="swap_id", url_name="realtime:swap_step", own_forms={}, icons=ICONS,
    aside=frozenset({"decline", "refuse", "withdraw"}), may=own_side,
)  # fmt: skip


class SwapFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=SwapStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()


def rows_of(user: User, now: datetime) -> QuerySet[ShiftSwap]:
    return ShiftSwap.objects.visible_to(user).select_related("site", "person", "other", "decided_by")


def columns() -> list[OutColumn]:
    labels = (_("Asked"), _("Site"), _("Asked by"), _("Day"), _("With"), _("Their day"), _("Status"), _("Decided by"),
              _("Reason"))  # fmt: skip
    return [OutColumn(label, 20) for label in labels]


def line(one: ShiftSwap) -> list[Any]:
    return [one.requested_at, one.site.name, one.person.name, one.day, one.other.name, one.other_day,
            one.get_status_display(), str(one.decided_by or ""), one.reason]  # fmt: skip


register_list(
    "realtime.swaps", gettext_lazy("Swaps of shifts"), may=lambda user: has_role(user, READERS), filters=SwapFilter,
    order=["-requested_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def my_roster(request: HttpRequest) -> HttpResponse:
    user = me(request)
    _must_have_one(user)
    return _mine(request, SwapForm(user=user))


@require_POST
def swap_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, {Role.AGENT}):
        raise NotAllowed
    form = SwapForm(request.POST, user=user)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = swaps.swap_ask(
                day=given["day"], other_id=given["other"].pk, other_day=given["other_day"], reason=given["reason"],
                actor=user, now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(made)
    return _mine(request, form, status=422)


def _must_have_one(user: User) -> None:
    if not has_role(user, READERS):
        raise NotAllowed


def _mine(request: HttpRequest, form: SwapForm, *, token: str = "", status: int = 200) -> HttpResponse:
    user, now = me(request), timezone.now()
    person = user.person
    days: list[RosterLine] = []
    if person is not None:
        today = local_day(now, person.site.zone)
        rows = RosterLine.objects.in_force().filter(person=person, day__range=(today, today + AHEAD))
        days = list(rows.select_related("shift", "roster__site").order_by("day"))
    agent = person is not None and has_role(user, {Role.AGENT})
    context = {
        "title": _("My roster"), "subtitle": person.site.name if person else "",
        "days": days, "person": person, "zone": person.site.zone if person else None, "agent": agent,
        "form": form if agent else None, "token": token, "address": _address(token),
        "feed": CalendarFeed.objects.filter(person=person, revoked_at=None).first() if person else None,
        "swaps": rows_of(user, now).filter(status__in=("requested", "accepted"))[:10] if agent else [],
    }  # fmt: skip
    return render(request, "realtime/my_roster.html", context, status=status)


def _address(token: str) -> str:
    return settings.BASE_URL + reverse("realtime:calendar", args=[token]) if token else ""


@require_POST
@never_cache
def calendar_make(request: HttpRequest) -> HttpResponse:
    """The address is shown on this answer and never again."""
    user = me(request)
    _must_have_one(user)
    token = calendars.feed_make(actor=user, now=timezone.now())
    return _mine(request, SwapForm(user=user), token=token)


@require_POST
def calendar_revoke(request: HttpRequest) -> HttpResponse:
    user = me(request)
    _must_have_one(user)
    calendars.feed_revoke(actor=user, now=timezone.now())
    messages.success(request, _("The calendar address opens nothing any more."))
    return redirect("realtime:my_roster")


@require_safe
@never_cache
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Open to whoever has the address; what opens nothing is not there."""
    now = timezone.now()
    person = calendars.feed_owner(token, now=now)
    if person is None:
        raise Http404
    answer = HttpResponse(calendars.calendar_of(person, now=now), content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="roster.ics"'
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@require_GET
def swaps_list(request: HttpRequest) -> HttpResponse:
    user = me(request)
    _must_have_one(user)
    if again := remembered(request):
        return again
    context = listing(
        request, rows_of(user, timezone.now()), filters=SwapFilter, sorts={"asked": "requested_at", "day": "day"},
        default="-asked",
    )  # fmt: skip
    context |= {
        "title": _("Swaps of shifts"),
        "subtitle": _("Asked by an agent, agreed by the other, approved by a team leader"),
        "export_kind": "realtime.swaps",
    }  # fmt: skip
    return render(request, "realtime/swaps.html", context)


@require_GET
def swap(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(ShiftSwap, me(request), pk), {})


@require_POST
def swap_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(ShiftSwap, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _kind(kind: str) -> str:
    return str(DayKind(kind).label) if kind in DayKind.values else kind


def _detail(request: HttpRequest, found: ShiftSwap, tried: dict[str, forms.Form], *, status: int = 200) -> HttpResponse:
    days = list(dict.fromkeys((found.day, found.other_day)))
    rows = RosterLine.objects.in_force().filter(
        roster__site=found.site, person__in=(found.person_id, found.other_id), day__in=days
    )
    cells = {(one.person_id, one.day): one for one in rows.select_related("shift")}
    people = (found.person, found.other)
    agreed = {(one["person"], one["day"]): one | {"label": _kind(one["kind"])} for one in found.agreed}
    context = process_context(request, STEPPING, found, tried) | {
        "title": _("Swap of shifts"), "subtitle": f"{found.person.name} ⇄ {found.other.name}",
        "crumbs": [{"label": _("Swaps of shifts"), "url": reverse("realtime:swaps")}],
        "swap": found,
        "table": [
            {"day": day, "cells": [cells.get((one.pk, day)) for one in people]} for day in days
        ],
        "agreed": [
            {"day": day, "cells": [agreed.get((one.pk, day.isoformat())) for one in people]} for day in days
        ] if found.agreed else [],
        "changed": found.is_open and swaps.differs(found, swaps.cells_now(found)),
    }  # fmt: skip
    return render(request, "realtime/swap.html", context, status=status)
