"""Leave seen from around: one's own, a team's month, and what everybody has left (SDM-9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.filters import DayFilter, OwnSite, OwnTeam
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import CHUNK, filtered, stamped, workfile
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.models import Person, Site, Team, TeamMembership, User, in_force
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA, local_day, month_of, next_month
from sdm.absence.choices import Shown
from sdm.absence.policies import Rules, kinds_on
from sdm.absence.workflow import ASKERS
from sdm.absence.working import days_between, holidays_between
from sdm.filters import asked_day
from sdm.models import LeaveRequest, led_people
from sdm.personal import ABSENCE_READERS
from sdm.services.absence import balance_on
from sdm.services.absence_reading import READERS, balances_on, people_of
from sdm.views.absence import crumbs, new_action, tabs

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
MOST = 300  # people of a month's calendar


@require_GET
def my_leave(request: HttpRequest) -> HttpResponse:
    """One's own: what is left until when, and every request."""
    user, now = me(request), timezone.now()
    if not has_role(user, ASKERS):
        raise NotAllowed
    person = user.person
    context: dict[str, Any] = {"title": _("My leave"), "tabs": tabs(user, "sdm:my_leave"), "person": person}
    if person is not None:
        today = local_day(now, person.site.zone)
        rows = LeaveRequest.objects.filter(employee_id=person.pk).select_related("site", "employee__person")
        context |= {
            "subtitle": person.site.name, "today": today, "balance": balance_on(person, today),
            "rules": Rules().on(today, person.site_id), "rows": rows.order_by("-starts_on", "-pk")[:100],
            "kinds": kinds_on(today).values(), "zone": person.site.zone, "actions": new_action(user),
        }  # fmt: skip
    return render(request, "sdm/absence/mine.html", context)


# The month -----------------------------------------------------------------------------------------------------------


def asked_month(request: HttpRequest, today: date) -> date:
    found = MONTH.fullmatch(request.GET.get("month", ""))
    return date(int(found[1]), int(found[2]), 1) if found and 1990 <= int(found[1]) <= 2100 else month_of(today)


def teams_for(user: User, site: Site) -> list[Team]:
    """Those of the site for who reads the site's leave; for a leader the ones led."""
    rows = Team.objects.filter(site=site)
    if not has_role(user, ABSENCE_READERS, site=site):
        rows = rows.filter(memberships__person__in=led_people(user)).distinct()
    return list(rows)


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """Who of a team is away when, in one month."""
    user = me(request)
    sites = sites_for(user, READERS)
    if not sites:
        raise NotAllowed
    site = next((one for one in sites if one.code == request.GET.get("site")), sites[0])
    first = asked_month(request, local_day(timezone.now(), site.zone))
    last = next_month(first) - timedelta(days=1)
    teams = teams_for(user, site)
    team = next((one for one in teams if one.code == request.GET.get("team")), None)
    rows = LeaveRequest.objects.visible_to(user).with_why(user).alive().touching(first, last).filter(site=site)
    people = _people(user, site, team, first, last, rows)
    days, holidays = days_between(first, last), holidays_between(first, last)
    context = {
        "title": _("Calendar of leave"), "crumbs": crumbs(), "tabs": tabs(user, "sdm:leave_calendar"), "site": site,
        "sites": sites, "team": team, "teams": teams, "first": first,
        "previous": month_of(first - timedelta(days=1)), "following": next_month(first),
        "days": [{"day": day, "quiet": day.weekday() >= 5 or day in holidays, "holiday": day in holidays}
                 for day in days],
        "actions": new_action(user),
    } | _grid(people, rows, days)  # fmt: skip
    return render(request, "sdm/absence/calendar.html", context)


def _people(
    user: User, site: Site, team: Team | None, first: date, last: date, rows: QuerySet[LeaveRequest]
) -> list[Person]:
    """A team's people as they were in that month; of a site those who are away in it."""
    if team is not None:
        then = TeamMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=first), team=team, starts_on__lte=last)
        found = Person.objects.filter(pk__in=then.values("person_id")).filter(
            Q(last_working_day=None) | Q(last_working_day__gte=first)
        )
        if not has_role(user, ABSENCE_READERS, site=site):
            found = found.filter(pk__in=led_people(user).values("pk"))
    else:
        found = Person.objects.filter(pk__in=rows.values("employee_id"))
    return list(found.order_by("name", "pk")[:MOST])


CODES = {Shown.LEAVE: gettext_lazy("L"), Shown.SICK: gettext_lazy("S"), Shown.PERMISSION: gettext_lazy("P")}


def _grid(people: list[Person], rows: QuerySet[LeaveRequest], days: list[date]) -> dict[str, Any]:
    """Rows of cells: (code, tone, leave) where somebody is away, and how many are on each day."""
    by_person: dict[int, list[LeaveRequest]] = {}
    for one in rows.filter(employee_id__in=[one.pk for one in people]).select_related("employee__person", "site"):
        by_person.setdefault(one.employee_id, []).append(one)
    counts, drawn = dict.fromkeys(days, 0), []
    for person in people:
        cells = []
        for day in days:
            leave = next((one for one in by_person.get(person.pk, ()) if one.starts_on <= day <= one.ends_on), None)
            counts[day] += leave is not None
            cells.append(leave and {
                "leave": leave, "code": CODES[leave.shown], "tone": str(leave.shown), "counts": day in leave.days,
                "waiting": leave.status in ("requested", "approved"),
            })  # fmt: skip
        drawn.append({"person": person, "cells": cells})
    legend = [{"code": CODES[one], "label": one.label, "tone": one.value} for one in Shown]
    return {"rows": drawn, "away": [counts[day] for day in days], "legend": legend, "cut": len(people) == MOST}


# What everybody has left ---------------------------------------------------------------------------------------------


class BalanceFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    site = OwnSite(to_field_name="code")
    team = OwnTeam(to_field_name="code", method="by_team")
    as_of = DayFilter(method="nothing", label=gettext_lazy("As of"))

    class Meta:
        model = Person
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(name__icontains=word) | Q(number__icontains=word))
        return rows

    def by_team(self, rows: Any, name: str, value: Team) -> Any:
        members = TeamMembership.objects.filter(in_force(local_day(timezone.now(), JAKARTA)), team=value)
        return rows.filter(pk__in=members.values("person_id"))

    def nothing(self, rows: Any, name: str, value: date) -> Any:
        return rows


@require_GET
def balances(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"name": "name", "number": "number", "joined": "joined_on"}
    context = listing(request, people_of(user, now), filters=BalanceFilter, sorts=sorts, default="name")
    day = asked_day(request.GET) or local_day(now, JAKARTA)
    found = balances_on(context["page"].rows, day)
    for one in context["page"].rows:
        one.balance = found[one.pk]
    context |= {
        "title": _("Balances of annual leave"), "crumbs": crumbs(), "tabs": tabs(user, "sdm:leave_balances"),
        "day": day, "search": _("Name or employee number"), "export_kind": "sdm.leave_balances",
        "leaves_url": reverse("sdm:leaves"),
    }  # fmt: skip
    return render(request, "sdm/absence/balances.html", context)


def export(job: Job, progress: Progress, now: datetime) -> Outcome:
    """The list as its filters show it."""
    chosen = filtered(BalanceFilter, job, people_of(job.owner, now))
    rows, day = chosen.qs.order_by("name", "pk"), chosen.form.cleaned_data["as_of"] or local_day(now, JAKARTA)
    columns = [
        OutColumn(_("Employee number"), 14), OutColumn(_("Employee"), 28), OutColumn(_("Site"), 8),
        OutColumn(_("Joined on"), 14), OutColumn(_("Entitled"), 10), OutColumn(_("Used"), 10),
        OutColumn(_("Booked"), 10), OutColumn(_("Lapsed"), 10), OutColumn(_("Days left"), 10),
        OutColumn(_("More from"), 14),
    ]  # fmt: skip
    out = workfile()
    meta = {_("As of"): day.isoformat()}
    write_workbook(out, title=_("Leave"), columns=columns, rows=_lines(rows, day), meta=meta, zone=JAKARTA)
    return Outcome(out, stamped("leave-balances", now))


def _lines(rows: QuerySet[Person], day: date) -> Iterator[list[Any]]:
    found = rows.iterator(chunk_size=CHUNK)
    while some := list(islice(found, CHUNK)):
        balances = balances_on(some, day)
        for one in some:
            left = balances[one.pk]
            yield [one.number, one.name, one.site.code, one.joined_on, left.entitled, left.used, left.booked,
                   left.lapsed, left.left, left.coming.arises if left.coming else None]  # fmt: skip


register(
    Kind(
        "sdm.leave_balances", gettext_lazy("Balances of annual leave"), export, lambda user: has_role(user, READERS),
        direct=True,
    )
)  # fmt: skip
