"""Which days of a leave count, whether the balance covers them, and what days a leave may have (SDM-9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occ.errors import Invalid
from occ.people.models import Person, User
from occ.people.planned import planned_for
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import in_reach, local_day
from sdm.absence.balance import Balance, balance, covered
from sdm.absence.choices import LONGEST, SUDDEN, Group
from sdm.absence.policies import (
    LATE_DAYS,
    WEEK,
    Kind,
    Rules,
)
from sdm.absence.working import days_counted, holidays_between
from sdm.models import Employment, LeaveRequest
from sdm.personal import NOTE_READERS

AFTERWARDS = timedelta(days=366)  # by HR


def counted(person: Person, kind: Kind, first: date, last: date, now: datetime) -> list[date]:
    """The days that count, by the roster as it is published now."""
    plans = planned_for([person.pk], first, last)
    return days_counted(
        first, last, counted=kind.counts, planned={day: one.works for (_who, day), one in plans.items()},
        week=int(policy_value(WEEK, at=now, site=person.site)), holidays=holidays_between(first, last),
    )  # fmt: skip


def annual_used(person: Person, *, without: int = 0) -> list[date]:
    """The days of annual leave since the person joined: taken, or booked, or asked for."""
    rows = LeaveRequest.objects.alive().filter(employee_id=person.pk, group=Group.ANNUAL, ends_on__gte=person.joined_on)
    return [day for days in rows.exclude(pk=without).values_list("days", flat=True) for day in days]


def balance_on(person: Person, day: date, *, rules: Rules | None = None, used: list[date] | None = None) -> Balance:
    """The annual leave of somebody on a day, by the service that began when they joined last."""
    terms = (rules or Rules()).of(person.site_id)
    had = annual_used(person) if used is None else used
    return balance(person.joined_on, day, had, terms, person.last_working_day)


def _enough(person: Person, days: list[date], *, without: int = 0) -> None:
    """Raises Invalid where the balance does not cover the days."""
    had = annual_used(person, without=without)
    terms = Rules().of(person.site_id)
    if not covered(person.joined_on, had, days, terms, person.last_working_day):
        left = balance(person.joined_on, days[0], had, terms, person.last_working_day)
        words = ngettext(
            "%(wanted)s day of annual leave is asked for, and on %(day)s there are %(left)s.",
            "%(wanted)s days of annual leave are asked for, and on %(day)s there are %(left)s.",
            len(days),
        )
        values = {"wanted": len(days), "left": left.left, "day": date_format(days[0], "j F Y")}
        raise Invalid(words % values, field="ends_on", code="balance")


def contract_ends(person: Person) -> date | None:
    """The last day of the last contract that is recorded; None where it has no end, or none is recorded."""
    last = Employment.objects.filter(employee_id=person.pk).order_by("-starts_on").first()
    return last.ends_on if last else None


def dates_fit(person: Person, kind: Kind, first: date, last: date, actor: User, now: datetime) -> None:
    if not in_reach(last) or last < first:
        raise Invalid(_("The leave would end before it begins."), field="ends_on", code="order")
    if last - first >= LONGEST:
        words = _("A leave lasts at most %(n)s days. Ask for the rest apart.")
        raise Invalid(words % {"n": LONGEST.days}, field="ends_on", code="too_long")
    if first < person.joined_on or (person.last_working_day is not None and last > person.last_working_day):
        words = _("%(name)s does not work here on all of these days.")
        raise Invalid(words % {"name": person.name}, field="starts_on", code="not_employed")
    ends = contract_ends(person)
    if ends is not None and last > ends:
        words = _("The contract of %(name)s ends on %(day)s: leave after it is asked for once it is extended.")
        raise Invalid(
            words % {"name": person.name, "day": date_format(ends, "j F Y")}, field="ends_on", code="contract_ends"
        )
    today = local_day(now, person.site.zone)
    if first >= today:
        return
    hr = has_role(actor, NOTE_READERS, site=person.site)
    if hr and first >= today - AFTERWARDS:
        return
    if kind.group not in SUDDEN:
        words = _("This leave is asked for before it begins. Afterwards only HR records it.")
        raise Invalid(words, field="starts_on", code="too_late")
    late = int(policy_value(LATE_DAYS, at=now, site=person.site))
    if hr or first < today - timedelta(days=late):
        most = AFTERWARDS.days if hr else late
        words = ngettext(
            "It began more than %(n)s day ago. Ask HR to record it.",
            "It began more than %(n)s days ago. Ask HR to record it.",
            most,
        )
        raise Invalid(words % {"n": most}, field="starts_on", code="too_late")


def days_fit(person: Person, kind: Kind, first: date, last: date, now: datetime, *, without: int = 0) -> list[date]:
    days = counted(person, kind, first, last, now)
    if not days:
        words = _("None of these days is a working day: nothing need be asked for.")
        raise Invalid(words, field="ends_on", code="no_working_day")
    if kind.days and len(days) > kind.days:
        words = ngettext(
            "“%(kind)s” lasts at most %(n)s day (%(source)s).",
            "“%(kind)s” lasts at most %(n)s days (%(source)s).",
            kind.days,
        )
        values = {"kind": kind.name, "n": kind.days, "source": kind.source}
        raise Invalid(words % values, field="ends_on", code="too_many_days")
    if kind.group == Group.ANNUAL:
        _enough(person, days, without=without)
    return days


def nothing_else(person_id: int, first: date, last: date) -> None:
    other = LeaveRequest.objects.alive().touching(first, last).filter(employee_id=person_id).first()
    if other is not None:
        words = _("There is a leave or a request for these days already: %(first)s to %(last)s.")
        values = {"first": date_format(other.starts_on, "j F Y"), "last": date_format(other.ends_on, "j F Y")}
        raise Invalid(words % values, field="starts_on", code="overlap")
