"""Three shifts around the clock: last month's roster, this one's and the next one's, published."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from occ.people.models import Person, Site
from occ.times import local_day, month_of, next_month
from realtime.choices import Activity, DayKind, RosterStatus
from realtime.models import Roster, RosterLine, Shift
from sdm.models import Employee

# code, name, begins, minutes; who is on it of seven.
SHIFTS = (("P", "Pagi", time(7), 540), ("S", "Siang", time(13), 540), ("M", "Malam", time(22), 540))
WEIGHTS = "PPPSSPSSM"
BREAKS = [
    {"activity": Activity.BREAK, "after": 120, "minutes": 15},
    {"activity": Activity.MEAL, "after": 255, "minutes": 45},
    {"activity": Activity.PRAYER, "after": 390, "minutes": 15},
]


def rosters(now: datetime) -> None:
    for site in Site.objects.all():
        shifts = {
            code: Shift.objects.create(
                site=site, code=code, label=label, starts=begins, minutes=minutes, paid_minutes=minutes - 60,
                breaks=BREAKS,
            )
            for code, label, begins, minutes in SHIFTS
        }  # fmt: skip
        today = local_day(now, site.zone)
        this = month_of(today)
        for month in (month_of(this - timedelta(days=1)), this, next_month(this)):
            _month(site, shifts, month, now)


def _month(site: Site, shifts: dict[str, Shift], month: date, now: datetime) -> None:
    made_at = min(now, datetime.combine(month - timedelta(days=9), time(3), tzinfo=site.zone))
    roster = Roster.objects.create(
        site=site, month=month, version=1, status=RosterStatus.PUBLISHED, made_at=made_at, published_at=made_at
    )
    people = Employee.objects.as_of(max(month, local_day(made_at, site.zone))).filter(person__position="Agent")
    staff = list(Person.objects.filter(pk__in=people.values("pk"), site=site).order_by("number"))
    days = [month + timedelta(days=n) for n in range((next_month(month) - month).days)]
    lines = [
        _line(roster, site, person, day, shifts[code] if code else None)
        for index, person in enumerate(staff)
        for day in days
        if person.last_working_day is None or day <= person.last_working_day
        for code in (code_of(index, day),)
    ]
    RosterLine.objects.bulk_create(lines, batch_size=2_000)


def code_of(index: int, day: date) -> str:
    """The shift of the person of that place on that day; "" is a day off. Five days of work, two off."""
    number = day.toordinal()
    if (number + index * 2) % 7 in (0, 1):
        return ""
    week = (number + index * 2) // 7
    return WEIGHTS[(index + week) % len(WEIGHTS)]


def _line(roster: Roster, site: Site, person: Person, day: date, shift: Shift | None) -> RosterLine:
    if shift is None:
        return RosterLine(roster=roster, person=person, day=day, kind=DayKind.OFF)
    start = datetime.combine(day, shift.starts, tzinfo=site.zone)
    end = start + timedelta(minutes=shift.minutes)
    return RosterLine(
        roster=roster, person=person, day=day, kind=DayKind.SHIFT, shift=shift, starts_at=start, ends_at=end
    )
