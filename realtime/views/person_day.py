"""One person's rostered day, from its figures down to the events, and the team leader's word on it (RTM-6 to RTM-8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.policies.services import Values
from occ.timeline import changes
from occ.times import end_of_day, in_reach
from realtime.choices import Activity, AgentState, AttendanceStatus, AuxReason
from realtime.models import AgentSegment as Segment
from realtime.models import Event, RosterLine, ShiftCorrection, ShiftRecord
from realtime.policies import aux_allowance
from realtime.rostering.plan import Planned
from realtime.services import headcounts
from realtime.services.attendance import POLICIES, deaf_times, spans_told
from realtime.views.attendance import READERS, Line, lines_of

SHOWN = 400  # events of a day


class MarkForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("The day was"), choices=[("", "")] + [(one.value, one.label) for one in headcounts.SAYABLE]
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)


def person_day_or_404(user: User, pk: int, day: str) -> tuple[Person, date]:
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if not in_reach(when):
        raise Http404
    person = Person.objects.select_related("site").filter(pk=pk).first()
    if person is None or not (has_role(user, READERS, site=person.site) or user.person_id == person.pk):
        raise Http404
    return person, when


@require_GET
def person_day(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    person, when = person_day_or_404(me(request), pk, day)
    return _person_day(request, person, when)


@require_POST
def mark(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    user = me(request)
    person, when = person_day_or_404(user, pk, day)
    if not has_role(user, headcounts.MARKERS, site=person.site):
        raise NotAllowed
    form = MarkForm(request.POST)
    if form.is_valid():
        try:
            headcounts.attendance_mark(
                person_id=person.pk, day=when, status=form.cleaned_data["status"], note=form.cleaned_data["note"],
                actor=user, now=timezone.now(),
            )  # fmt: skip
        except NotAllowed:
            raise
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Marked."))
            return redirect("realtime:attendance_person_day", pk, day)
    return _person_day(request, person, when, form)


def _person_day(request: HttpRequest, person: Person, day: date, form: forms.Form | None = None) -> HttpResponse:
    user, now = me(request), timezone.now()
    lines = lines_of(person.site, day, now, [person.pk])
    line = lines[0] if lines else None
    marked = line.mark if line else None
    record = ShiftRecord.objects.filter(person=person, day=day).first()
    may = line is not None and has_role(user, headcounts.MARKERS, site=person.site)
    context: dict[str, Any] = {
        "title": person.name, "subtitle": _("One day, from the roster to the events"), "person": person, "day": day,
        "zone": person.site.zone, "line": line, "record": record, "mark": marked,
        "crumbs": [{"label": _("Attendance"), "url": _back(user, person, day)}],
        "corrections": [
            {"at": one.at, "changed": corrected(one, person.site)}
            for one in ShiftCorrection.objects.filter(person=person, day=day)[:20]
        ],
        "form": (form or MarkForm()) if may else None,
        "history": changes(marked.history.select_related("history_user").all()) if marked else [],
        "yesterday": day - timedelta(days=1), "tomorrow": day + timedelta(days=1),
        "own": user.person_id == person.pk, "goes_on": line is not None and line.goes_on(now),
        "rostered": _rostered(person, day) if line else None,
    }  # fmt: skip
    if line is not None and line.planned.starts_at and line.planned.ends_at:
        context |= _seen(line, person, now)
    return render(request, "realtime/person_day.html", context, status=422 if form and form.errors else 200)


def _rostered(person: Person, day: date) -> RosterLine | None:
    rows = RosterLine.objects.in_force().filter(person=person, day=day).select_related("shift", "roster__site")
    return rows.first()


LABELS: dict[str, Any] = {
    "kind": gettext_lazy("Kind"), "code": gettext_lazy("Shift"), "starts_at": gettext_lazy("Begins"),
    "ends_at": gettext_lazy("Ends"), "status": gettext_lazy("Status"), "login_at": gettext_lazy("Log-in"),
    "logout_at": gettext_lazy("Log-out"), "forgotten": gettext_lazy("Log-out forgotten"),
    "drops": gettext_lazy("Cut off"), "late_ms": gettext_lazy("Late (min)"),
    "early_ms": gettext_lazy("Left early (min)"), "in_ms": gettext_lazy("In adherence (min)"),
    "out_ms": gettext_lazy("Out of adherence (min)"), "neutral_ms": gettext_lazy("Neutral (min)"),
    "unknown_ms": gettext_lazy("Not known (min)"), "planned_ms": gettext_lazy("Work in the roster (min)"),
    "worked_ms": gettext_lazy("Worked (min)"), "aux": "AUX (min)", "over_ms": gettext_lazy("AUX over (min)"),
    "formula": gettext_lazy("Formula"),
}  # fmt: skip


def corrected(one: ShiftCorrection, site: Site) -> list[tuple[str, str, str]]:
    """(figure, before, after) in words."""

    def said(name: str, value: Any) -> str:
        if value is None or value == {}:
            return "–"
        if name.endswith("_at"):
            return f"{datetime.fromisoformat(value).astimezone(site.zone):%H:%M:%S}"
        if name.endswith("_ms"):
            return f"{round(value / 60_000)}"
        if name == "aux":
            return ", ".join(f"{AuxReason(reason).label} {round(used / 60_000)}" for reason, used in value.items())
        if name == "status":
            return str(AttendanceStatus(value).label)
        return str(value)

    return [(str(LABELS[name]), said(name, was), said(name, one.after[name])) for name, was in one.before.items()]


def _back(user: User, person: Person, day: date) -> str:
    if has_role(user, READERS, site=person.site):
        return f"{reverse('realtime:attendance')}?site={person.site.code}&day={day.isoformat()}"
    return reverse("realtime:attendance_records")


def _seen(line: Line, person: Person, now: datetime) -> dict[str, Any]:
    """What was told of that time: states, a drawing of them, AUX against its allowance, and the events themselves."""
    planned, shift = line.planned, line.shift
    assert planned.starts_at and planned.ends_at
    start = min(planned.starts_at - timedelta(minutes=60), shift.login_at or planned.starts_at)
    end = max(planned.ends_at + timedelta(minutes=60), shift.logout_at or planned.ends_at)
    until = min(end, now)
    deaf = deaf_times(person.site, start, until, now) if until > start else []
    spans = spans_told([person.pk], start, until, deaf).get(person.pk, []) if until > start else []
    policy = Values(POLICIES, at=end_of_day(planned.day, person.site.zone))
    aux = []
    for reason, used in shift.aux.items():
        allowed = 60_000 * float(policy(aux_allowance(reason), person.site_id))
        aux.append({"label": AuxReason(reason).label, "used": used / 60_000, "allowed": allowed / 60_000,
                    "over": max(0, used - allowed) / 60_000})  # fmt: skip
    names = Segment.objects.filter(person=person, starts_at__lt=end, starts_at__gt=start - timedelta(days=2))
    told = Q()
    for source, agent in names.values_list("source_id", "agent").distinct():
        told |= Q(source_id=source, agent=agent)
    events = Event.objects.none()
    if told:
        events = Event.objects.filter(told, occurred_at__gte=start, occurred_at__lt=end).select_related("source")
    found = list(events.order_by("occurred_at", "pk")[: SHOWN + 1])
    return {
        "drawing": drawing(planned, [one for one in spans if one.ends_at > start], deaf, start, end), "aux": aux,
        "spans": [
            {"starts_at": one.starts_at, "ends_at": one.ends_at, "minutes": one.length.total_seconds() / 60,
             "state": AgentState(one.state).label, "reason": one.reason}
            for one in sorted(spans, key=lambda each: each.starts_at) if one.state != AgentState.OFFLINE
        ],
        "events": found[:SHOWN], "more": len(found) > SHOWN,
    }  # fmt: skip


def drawing(planned: Planned, spans: Iterable[Any], deaf: Any, start: datetime, end: datetime) -> dict[str, Any]:
    """Planned and actual as bars of a picture 1 000 wide: {"rows": [{"y", "bars": [...]}], "hours": [...]}."""
    whole = (end - start).total_seconds()

    def bar(a: datetime, b: datetime, kind: str, label: str) -> dict[str, Any]:
        a, b = max(a, start), min(b, end)
        x = 1000 * (a - start).total_seconds() / whole
        return {"x": round(x, 2), "width": round(max(0.5, 1000 * (b - a).total_seconds() / whole), 2), "kind": kind,
                "label": label, "starts_at": a, "ends_at": b}  # fmt: skip

    plan = [bar(p.starts_at, p.ends_at, f"plan-{p.activity}", str(Activity(p.activity).label)) for p in planned.parts]
    actual = [bar(a, b, "deaf", _("Nobody could hear")) for a, b in deaf]
    for one in sorted(spans, key=lambda each: each.starts_at):
        if one.state != AgentState.OFFLINE:
            words = str(AgentState(one.state).label) + (f" · {one.reason}" if one.reason else "")
            actual.append(bar(one.starts_at, one.ends_at, f"is-{one.state}", words))
    zone_hours, at = [], start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while at < end:
        zone_hours.append({"x": round(1000 * (at - start).total_seconds() / whole, 2), "at": at})
        at += timedelta(hours=1)
    return {"plan": plan, "actual": actual, "hours": zone_hours}
