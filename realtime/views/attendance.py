"""Attendance: a day of a site by shift, the list of days worked, and the month; one person's day is person_day.py's."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

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
from occ.filters import FromDay, OneRow, OwnTeam, UntilDay
from occ.forms import DayField, OptionalNoteForm, add_refusal, reachable
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.models import Person, Site, Team, TeamMembership, User, in_force
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.sheets.writing import OutColumn
from occ.times import local_day
from realtime.attendance.judging import Shift as Judged
from realtime.choices import AttendanceStatus, HeadcountStatus
from realtime.formulas import adherence_percent, conformance_percent
from realtime.models import (
    ROSTER_READERS,
    AttendanceMark,
    Headcount,
    ShiftRecord,
)
from realtime.policies import SMALL_BASE
from realtime.rostering.plan import Planned
from realtime.services import headcounts
from realtime.services.attendance import days_judged
from realtime.services.month_sums import month_sums, rows_counted

READERS = ROSTER_READERS
EVERYBODY = READERS | {Role.AGENT}
BADGES: dict[str, tuple[str, str]] = {
    "awaited": ("neutral", "hourglass"), "present": ("success", "user-check"), "late": ("warning", "clock-exclamation"),
    "absent": ("danger", "user-x"), "unknown": ("info", "help-circle"), "permission": ("neutral", "file-check"),
    "sick": ("neutral", "stethoscope"), "leave": ("neutral", "beach"), "swap": ("neutral", "arrows-exchange"),
}  # fmt: skip


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
    def hours(self) -> tuple[datetime | None, datetime | None]:
        return self.planned.starts_at, self.planned.ends_at

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
    def left(self) -> bool:
        return headcounts.has_left(self.status, self.shift)

    @property
    def over(self) -> int:
        return self.shift.over_ms // 60_000

    @property
    def adherence(self) -> float | None:
        return adherence_percent(self.shift.in_ms, self.shift.out_ms)

    @property
    def conformance(self) -> float | None:
        return conformance_percent(self.shift.worked_ms, self.shift.planned_ms)

    def goes_on(self, now: datetime) -> bool:
        """It is judged up to now, not as a whole."""
        starts_at, ends_at = self.hours
        return starts_at is not None and ends_at is not None and starts_at <= now < ends_at

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
    except ValidationError as error:
        messages.error(request, _("%(why)s Today is shown.") % {"why": " ".join(error.messages)})
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
        _shift(code, rows, open_.get(code), may, now, failed or {})
        for code, rows in sorted(by_code.items(), key=lambda one: (one[0] == "", one[1][0].planned.starts_at or now))
    ]
    context = {
        "title": _("Attendance"), "subtitle": _("Who was to come, and who came, by shift"), "site": site, "day": day,
        "sites": sites, "shifts": shifts, "zone": site.zone, "yesterday": day - timedelta(days=1),
        "tomorrow": day + timedelta(days=1), "today": local_day(now, site.zone),
        "export_kind": "realtime.attendance_day", "export_scope": urlencode({"site": site.code, "day": day}),
        "actions": [
            {"label": _("Days worked"), "url": reverse("realtime:attendance_records"), "icon": "list"},
            {"label": _("The month"), "url": f"{reverse('realtime:attendance_month')}?site={site.code}",
             "icon": "calendar-stats"},
        ],
    }  # fmt: skip
    return render(request, "realtime/attendance.html", context, status=422 if failed else 200)


def _shift(
    code: str, rows: list[Line], headcount: Headcount | None, may: bool, now: datetime, failed: dict[int, forms.Form]
) -> dict[str, Any]:
    """Its hours are those that most of its people have; `others`: keys of those whose own are others."""
    hours = Counter(one.hours for one in rows)
    starts_at, ends_at = max(hours, key=lambda one: (hours[one], one[0] or now))
    presence = headcounts.presence_of((one.status, one.shift) for one in rows)
    begun = starts_at is None or starts_at <= now
    asked = headcount is not None and headcount.status == HeadcountStatus.OPEN and may and headcount.starts_at <= now
    gap = len(rows) - presence.there
    return {
        "code": code, "starts_at": starts_at, "ends_at": ends_at, "rows": rows, "presence": presence, "begun": begun,
        "ended": ends_at is not None and ends_at <= now,
        "others": {one.person.pk for one in rows if one.hours != (starts_at, ends_at)},
        "headcount": headcount,
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
    team = OwnTeam(method="by_team")
    odd = filters.ChoiceFilter(
        label=gettext_lazy("Only"), empty_label=gettext_lazy("All"), method="by_odd",
        choices=[("late", gettext_lazy("late")), ("early", gettext_lazy("left early")),
                 ("over", gettext_lazy("AUX beyond what is allowed")), ("forgotten", gettext_lazy("log-out forgotten")),
                 ("corrected", gettext_lazy("corrected later"))],
    )  # fmt: skip
    person = OneRow(
        rows=Person.objects.visible_to, field_name="person_id", label=gettext_lazy("Employee"), widget=forms.HiddenInput
    )

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


def month_asked(text: str) -> date:
    """2026-10 of an address. Raises ValidationError."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ValidationError(_("This is no month.")) from None
    return cast(date, reachable(found))


@require_GET
def month(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, READERS):
        raise NotAllowed
    site, day, sites = _place(request, user)
    first = day.replace(day=1)
    if asked := request.GET.get("month", ""):
        try:
            first = month_asked(asked)
        except ValidationError as error:
            messages.error(request, _("%(why)s The present month is shown.") % {"why": " ".join(error.messages)})
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
        "least": policy_value(SMALL_BASE, at=timezone.now(), site=site), "export_kind": "realtime.attendance_month",
        "export_scope": urlencode({"site": site.code, "month": f"{first:%Y-%m}", "team": team.pk if team else ""}),
    }  # fmt: skip
    return render(request, "realtime/attendance_month.html", context)
