"""Conditions out of the figures of attendance: the share of the rostered shifts, and how many were worked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from occ.figures.registry import FIGURES, Scope, Value
from occ.people.models import Person
from occ.times import start_of_day
from sdm.evaluating.conditions import Condition, register
from sdm.evaluating.scoring import exact

ATTENDANCE = "realtime.attendance"


def attendance(person: Person, first: date, last: date) -> Value | None:
    figure = FIGURES.get(ATTENDANCE)
    if figure is None:
        return None
    zone = person.site.zone
    return figure.of(Scope(start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone), person=person))


def share(person: Person, first: date, last: date) -> Decimal | None:
    found = attendance(person, first, last)
    return None if found is None or found.value is None else exact(found.value)


def shifts(person: Person, first: date, last: date) -> Decimal | None:
    """Shifts in which the person came; None where nothing of attendance can be told."""
    found = attendance(person, first, last)
    return None if found is None or found.value is None else exact(found.inputs.get("present", 0))


register(Condition("attendance", _("Attendance"), "percent", share, more=True))
register(Condition("shifts", _("Shifts worked"), "count", shifts, more=True))
