"""A day's attendance and a month's as spreadsheets (RTM-6, RTM-7): what their pages show, of the same site and team."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.forms import DayField
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.models import Site, Team, User
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import local_day, month_of
from realtime.services.month_sums import month_sums
from realtime.views.attendance import READERS, Line, lines_of, month_asked

Cells = list[Any]


def reads(user: User) -> bool:
    return has_role(user, READERS)


def _place(job: Job) -> tuple[QueryDict, Site]:
    """The page's address, and its site: one of the user's, the first where it names none. Raises Invalid."""
    query, sites = QueryDict(job.params.get("query", "")), sites_for(job.owner, READERS)
    asked = query.get("site", "")
    site = next((one for one in sites if not asked or asked in (str(one.pk), one.code)), None)
    if site is None:
        raise Invalid(_("The list's filters are not understood."))
    return query, site


def _book(
    title: str, columns: list[tuple[str, int]], rows: list[Cells], meta: dict[str, str], site: Site, name: str,
    now: datetime,
) -> Outcome:  # fmt: skip
    out = workfile()
    head = [OutColumn(label, width) for label, width in columns]
    write_workbook(out, title=title, columns=head, rows=rows, meta={_("Site"): site.name} | meta, zone=site.zone)
    return Outcome(out, stamped(name, now))


def _percent(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def day_book(job: Job, progress: Progress, now: datetime) -> Outcome:
    query, site = _place(job)
    try:
        day: date = DayField(required=False).clean(query.get("day", "")) or local_day(now, site.zone)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    columns = [
        (_("Shift"), 8), (_("From"), 18), (_("To"), 18), (_("Employee number"), 14), (_("Name"), 28), (_("Status"), 14),
        (_("By the events now"), 14), (_("Log-in"), 18), (_("Log-out"), 18), (_("Late (min)"), 10),
        (_("Left early (min)"), 10), (_("Adherence (%)"), 12), (_("Conformance (%)"), 12), (_("AUX over (min)"), 12),
    ]  # fmt: skip
    rows = [_day_line(one) for one in sorted(lines_of(site, day, now), key=lambda one: one.planned.code)]
    meta = {_("Day"): date_format(day, "j F Y")}
    return _book(_("Attendance"), columns, rows, meta, site, f"attendance-{site.code}-{day:%Y-%m-%d}", now)


def _day_line(one: Line) -> Cells:
    return [
        one.planned.code, one.planned.starts_at, one.planned.ends_at, one.person.number, one.person.name, one.label,
        one.differs, one.shift.login_at, one.shift.logout_at, one.late, one.early, _percent(one.adherence),
        _percent(one.conformance), one.over,
    ]  # fmt: skip


def month_book(job: Job, progress: Progress, now: datetime) -> Outcome:
    query, site = _place(job)
    try:
        asked = query.get("month", "")
        first = month_asked(asked) if asked else month_of(local_day(now, site.zone))
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    team = next((one for one in Team.objects.filter(site=site) if str(one.pk) == query.get("team", "")), None)
    columns = [
        (_("Employee number"), 14), (_("Name"), 28), (_("Shifts"), 9), (_("Present"), 9), (_("Did not come"), 9),
        (_("Not known"), 9), (_("Excused"), 9), (_("Late"), 9), (_("Late (min)"), 9), (_("Left early (min)"), 9),
        (_("Login accuracy (%)"), 12), (_("Adherence (%)"), 12), (_("Conformance (%)"), 12), (_("AUX over (min)"), 10),
        (_("Corrections"), 11),
    ]  # fmt: skip
    rows: list[Cells] = [
        [one.person.number, one.person.name, one.shifts, one.present, one.absent, one.unknown, one.excused, one.late,
         one.late_minutes, one.early_minutes, _percent(one.punctual), _percent(one.adherence),
         _percent(one.conformance), one.over_minutes, one.corrections]
        for one in month_sums(site=site, first=first, team=team)
    ]  # fmt: skip
    meta = {_("Month"): date_format(first, "F Y"), _("Team"): team.name if team else _("All")}
    return _book(_("Attendance of the month"), columns, rows, meta, site, f"attendance-{site.code}-{first:%Y-%m}", now)


DAY = register(Kind("realtime.attendance_day", gettext_lazy("Attendance"), day_book, reads, direct=True))
MONTH = register(
    Kind("realtime.attendance_month", gettext_lazy("Attendance of the month"), month_book, reads, direct=True)
)
