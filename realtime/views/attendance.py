"""Attendance: a day of a site by shift, one person's day down to its events, the list of days worked, and the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, UntilDay
from occ.forms import DayField, OptionalNoteForm, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.models import Person, Site, Team, TeamMembership, User, in_force
from occ.people.scope import has_role, sites_for
from occ.policies.services import Values
from occ.sheets.writing import OutColumn
from occ.timeline import changes
from occ.times import end_of_day, in_reach, local_day
from realtime.attendance.formulas import adherence_percent, conformance_percent
from realtime.attendance.judging import Shift as Judged
from realtime.choices import Activity, AgentState, AttendanceStatus, AuxReason, HeadcountStatus
from realtime.models import (
    ROSTER_READERS,
    AttendanceMark,
    Event,
    Headcount,
    ShiftCorrection,
    ShiftRecord,
)
from realtime.models import AgentSegment as Segment
from realtime.policies import aux_allowance
from realtime.rostering.plan import Planned
from realtime.services import headcounts
from realtime.services.attendance import POLICIES, days_judged, deaf_times, spans_told
from realtime.services.month_sums import month_sums, rows_counted

READERS = ROSTER_READERS
EVERYBODY = READERS | {Role.AGENT}
SHOWN = 400
BADGES: dict[str, tuple[str, str]] = {
    "awaited": ("neutral", "hourglass"), "present": ("success", "user-check"), "late": ("warning", "clock-exclamation"),
    "absent": ("danger", "user-x"), "unknown": ("info", "help-circle"), "permission": ("neutral", "file-check"),
    "sick": ("neutral", "stethoscope"), "leave": ("neutral", "beach"), "swap": ("neutral", "arrows-exchange"),
}  # fmt: skip


class MarkForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("The day was"), choices=[("", "")] + [(one.value, one.label) for one in headcounts.SAYABLE]
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)


@dataclass(frozen=True)
class Line:
    """One person's rostered day as a page shows it; times are instants, minutes whole."""

    person: Person
    planned: Planned
    shift: Judged
    mark: AttendanceMark | None

    @property
    def status(self) -> str:
        return str(self.mark.status if self.mark else self.shift.status)

    @property
    def label(self) -> str:
        return str(AttendanceStatus(self.status).label)

    @property
    def tone(self) -> str:
        return BADGES[self.status][0]

    @property
    def icon(self) -> str:
        return BADGES[self.status][1]

    @property
    def differs(self) -> str:
        """What the events say now, where that is not what the team leader saw."""
        if self.mark is None or self.shift.status == self.mark.said:
            return ""
        return str(AttendanceStatus(self.shift.status).label)

    @property
    def late(self) -> int:
        return self.shift.late_ms // 60_000

    @property
    def early(self) -> int:
        return self.shift.early_ms // 60_000

    @property
    def over(self) -> int:
        return self.shift.over_ms // 60_000

    @property
    def adherence(self) -> float | None:
        return adherence_percent(self.shift.in_ms, self.shift.out_ms)

    @property
    def conformance(self) -> float | None:
        return conformance_percent(self.shift.worked_ms, self.shift.planned_ms)

    @property
    def inputs(self) -> dict[str, int]:
        """Whole minutes that adherence and conformance are made of."""
        one = self.shift
        neutral = one.neutral_ms + one.unknown_ms
        made = {"right": one.in_ms, "rostered": one.in_ms + one.out_ms + neutral, "neutral": neutral,
                "worked": one.worked_ms, "planned": one.planned_ms}  # fmt: skip
        return {name: round(value / 60_000) for name, value in made.items()}

    @property
    def url(self) -> str:
        return reverse("realtime:attendance_person_day", args=[self.person.pk, self.planned.day.isoformat()])


def lines_of(site: Site, day: date, now: datetime, people: list[int] | None = None) -> list[Line]:
    days = days_judged(site=site, first=day, last=day, now=now, people=people)
    found = [one.planned.person_id for one in days]
    persons = Person.objects.in_bulk(found)
    marks = headcounts.marks_of(day, found)
    lines = [Line(persons[pk], one.planned, one.shift, marks.get(pk)) for one in days for pk in [one.planned.person_id]]
    return sorted(lines, key=lambda one: one.person.name)


@require_GET
def attendance(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, READERS):
        raise NotAllowed
    site, day, sites = _place(request, user)
    return _day(request, site, day, sites)


def _place(request: HttpRequest, user: User) -> tuple[Site, date, list[Site]]:
    """The site and day that are asked for; the first site of the user's, and today, where none is."""
    sites = sites_for(user, READERS)
    asked = request.GET.get("site", "")
    site = next((one for one in sites if str(one.pk) == asked or one.code == asked), None if asked else sites[0])
    if site is None:
        raise Http404
    try:
        day = DayField(required=False).clean(request.GET.get("day", ""))
    except ValidationError:
        messages.error(request, _("This is no day."))
        day = None
    return site, day or local_day(timezone.now(), site.zone), sites


def _day(
    request: HttpRequest, site: Site, day: date, sites: list[Site], failed: dict[int, forms.Form] | None = None
) -> HttpResponse:
    user, now = me(request), timezone.now()
    lines = lines_of(site, day, now)
    by_code: dict[str, list[Line]] = defaultdict(list)
    for one in lines:
        by_code[one.planned.code].append(one)
    open_ = {
        one.shift.code: one
        for one in Headcount.objects.filter(site=site, day=day).select_related("shift", "handed_by", "site")
    }  # fmt: skip
    may = has_role(user, headcounts.MARKERS, site=site)
    shifts = [
        _shift(code, rows, open_.get(code), may, failed or {})
        for code, rows in sorted(by_code.items(), key=lambda one: (one[0] == "", one[1][0].planned.starts_at or now))
    ]
    context = {
        "title": _("Attendance"), "subtitle": _("Who was to come, and who came, by shift"), "site": site, "day": day,
        "sites": sites, "shifts": shifts, "zone": site.zone, "yesterday": day - timedelta(days=1),
        "tomorrow": day + timedelta(days=1), "today": local_day(now, site.zone),
        "actions": [
            {"label": _("Days worked"), "url": reverse("realtime:attendance_records"), "icon": "list"},
            {"label": _("The month"), "url": f"{reverse('realtime:attendance_month')}?site={site.code}",
             "icon": "calendar-stats"},
        ],
    }  # fmt: skip
    return render(request, "realtime/attendance.html", context, status=422 if failed else 200)


def _shift(
    code: str, rows: list[Line], headcount: Headcount | None, may: bool, failed: dict[int, forms.Form]
) -> dict[str, Any]:
    first = rows[0].planned
    there = sum(one.status in headcounts.THERE for one in rows)
    asked = headcount is not None and headcount.status == HeadcountStatus.OPEN and may
    gap = len(rows) - there
    return {
        "code": code, "starts_at": first.starts_at, "ends_at": first.ends_at, "rows": rows, "there": there,
        "rostered": len(rows), "percent": 100 * there / len(rows), "headcount": headcount,
        "form": (failed.get(headcount.pk) or OptionalNoteForm()) if asked and headcount else None,
        "standby": headcounts.standby(headcount) if asked and headcount and gap else [],
    }  # fmt: skip


@require_POST
def headcount_hand(request: HttpRequest, pk: int) -> HttpResponse:
    user = me(request)
    found = get_visible(Headcount, user, pk)
    form = OptionalNoteForm(request.POST)
    if form.is_valid():
        try:
            headcounts.headcount_hand(headcount_id=pk, note=form.cleaned_data["note"], actor=user, now=timezone.now())
        except NotAllowed:
            raise
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The numbers went to RTFM."))
            return redirect(found)
    return _day(request, found.site, found.day, sites_for(user, READERS), {pk: form})


# One person's day ---------------------------------------------------------------------------------------------------


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
        "own": user.person_id == person.pk,
    }  # fmt: skip
    if line is not None and line.planned.starts_at and line.planned.ends_at:
        context |= _seen(line, person, now)
    return render(request, "realtime/person_day.html", context, status=422 if form and form.errors else 200)


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


# The list of days worked --------------------------------------------------------------------------------------------


ODD = {
    "late": Q(late_ms__gt=0), "early": Q(early_ms__gt=0), "over": Q(over_ms__gt=0), "forgotten": Q(forgotten=True),
    "corrected": Q(corrections__gt=0),
}  # fmt: skip


class RecordFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    since = FromDay(field_name="day", label=gettext_lazy("From"))
    until = UntilDay(field_name="day", label=gettext_lazy("To"))
    status = filters.ChoiceFilter(
        choices=[(one.value, one.label) for one in AttendanceStatus if one != AttendanceStatus.AWAITED],
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"), method="by_status",
    )  # fmt: skip
    team = filters.ModelChoiceFilter(
        queryset=Team.objects.all(), label=gettext_lazy("Team"), empty_label=gettext_lazy("All"), method="by_team"
    )
    odd = filters.ChoiceFilter(
        label=gettext_lazy("Only"), empty_label=gettext_lazy("All"), method="by_odd",
        choices=[("late", gettext_lazy("late")), ("early", gettext_lazy("left early")),
                 ("over", gettext_lazy("AUX beyond what is allowed")), ("forgotten", gettext_lazy("log-out forgotten")),
                 ("corrected", gettext_lazy("corrected later"))],
    )  # fmt: skip
    person = filters.NumberFilter(field_name="person_id", widget=forms.HiddenInput)

    def by_words(self, rows: QuerySet[ShiftRecord], name: str, value: str) -> QuerySet[ShiftRecord]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__istartswith=word))
        return rows

    def by_status(self, rows: QuerySet[ShiftRecord], name: str, value: str) -> QuerySet[ShiftRecord]:
        """What counts: the team leader's word, else the events'."""
        return rows.filter(Q(what=value))

    def by_team(self, rows: QuerySet[ShiftRecord], name: str, value: Team) -> QuerySet[ShiftRecord]:
        today = local_day(timezone.now(), value.site.zone)
        return rows.filter(person__in=TeamMembership.objects.filter(in_force(today), team=value).values("person_id"))

    def by_odd(self, rows: QuerySet[ShiftRecord], name: str, value: str) -> QuerySet[ShiftRecord]:
        return rows.filter(ODD[value])


def rows_of(user: User, now: datetime) -> QuerySet[ShiftRecord]:
    return rows_counted(ShiftRecord.objects.visible_to(user)).select_related("person", "site")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Day"), 12), OutColumn(_("Employee number"), 14), OutColumn(_("Name"), 28),
        OutColumn(_("Site"), 12),
        OutColumn(_("Shift"), 8), OutColumn(_("Status"), 14), OutColumn(_("Log-in"), 18), OutColumn(_("Log-out"), 18),
        OutColumn(_("Late (min)"), 10), OutColumn(_("Left early (min)"), 10), OutColumn(_("Adherence (%)"), 12),
        OutColumn(_("Conformance (%)"), 12), OutColumn(_("AUX over (min)"), 12), OutColumn(_("Formula"), 8),
    ]  # fmt: skip


def line(one: Any) -> list[Any]:
    status = AttendanceStatus(one.what).label
    return [
        one.day, one.person.number, one.person.name, one.site.name, one.code, str(status), one.login_at, one.logout_at,
        one.late_ms // 60_000, one.early_ms // 60_000, _rounded(one.adherence), _rounded(one.conformance),
        one.over_ms // 60_000, one.formula,
    ]  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


register_list(
    "realtime.worked", gettext_lazy("Days worked"), may=lambda user: has_role(user, EVERYBODY), filters=RecordFilter,
    order=["-day", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, EVERYBODY):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"day": "day", "late": "late_ms", "over": "over_ms"}
    context = listing(request, rows_of(user, timezone.now()), filters=RecordFilter, sorts=sorts, default="-day")
    for one in context["page"].rows:
        status = AttendanceStatus(one.what)
        one.shown, (one.tone, one.icon) = status.label, BADGES[status.value]
        one.late, one.early, one.over = one.late_ms // 60_000, one.early_ms // 60_000, one.over_ms // 60_000
    context |= {
        "title": _("Days worked"), "subtitle": _("Each rostered day that is over: log-in, log-out, adherence, AUX"),
        "search": _("Name or employee number"), "export_kind": "realtime.worked",
    }  # fmt: skip
    return render(request, "realtime/shift_records.html", context)


# The month ----------------------------------------------------------------------------------------------------------


@require_GET
def month(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, READERS):
        raise NotAllowed
    site, day, sites = _place(request, user)
    first = day.replace(day=1)
    if asked := request.GET.get("month", ""):
        try:
            found = date.fromisoformat(f"{asked}-01")
            first = found if in_reach(found) else first
        except ValueError:
            messages.error(request, _("This is no month."))
    teams = list(Team.objects.filter(site=site))
    team = next((one for one in teams if str(one.pk) == request.GET.get("team", "")), None)
    rows = month_sums(site=site, first=first, team=team)
    previous, following = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
    context = {
        "title": _("Attendance of the month"), "subtitle": _("Login accuracy, adherence and AUX of each agent"),
        "crumbs": [{"label": _("Attendance"), "url": f"{reverse('realtime:attendance')}?site={site.code}"}],
        "site": site, "sites": sites, "teams": teams, "team": team, "first": first, "previous": previous,
        "following": following, "rows": rows, "until": (following - timedelta(days=1)),
        "records": reverse("realtime:attendance_records"),
    }  # fmt: skip
    return render(request, "realtime/attendance_month.html", context)
