"""Three shifts around the clock: last month's roster, this one's and, when it is near, the next one's, published.

A leaver's last shift ends when the clock of the user ID's deactivation starts: the roster says what the logbook says.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from occ.demo.people import Staff
from occ.people.models import Person, Site, User
from occ.times import local_day, month_of, next_month
from occ.workflow.services import step
from realtime.choices import Activity, DayKind
from realtime.models import Roster, RosterLine, Shift
from realtime.rostering.codes import times_of
from realtime.services import rosters as services
from realtime.services.shift_codes import Terms, shift_make
from realtime.workflow import ROSTER
from sdm.absence.choices import Group, LeaveStatus
from sdm.absence.hindering import AGREED
from sdm.models import Employee, LeaveRequest
from userids.models import DeactivationRequest

# code, name, begins, minutes, leads; who is on it of seven. Who has the second of two takes the breaks an hour later.
SHIFTS = (
    ("P", "Pagi", time(7), 540, False), ("P2", "Pagi, istirahat kedua", time(7), 540, False),
    ("S", "Siang", time(13), 540, False), ("S2", "Siang, istirahat kedua", time(13), 540, False),
    ("M", "Malam", time(22), 540, False), ("TP", "TL pagi", time(7), 540, True),
    ("TS", "TL siang", time(13), 540, True), ("TM", "TL malam", time(22), 540, True),
)  # fmt: skip
WEIGHTS = "PPPSSPSSM"
LEADS = ("TP", "TS", "TM")
BREAKS: list[dict[str, Any]] = [
    {"activity": Activity.BREAK, "after": 120, "minutes": 15},
    {"activity": Activity.MEAL, "after": 255, "minutes": 45},
    {"activity": Activity.PRAYER, "after": 390, "minutes": 15},
]
NEAR = timedelta(days=9)  # before the month: then its roster is published


def rosters(staff: Staff, now: datetime) -> None:
    wfm = staff.users["wfm"]
    for site in Site.objects.all():
        today = local_day(now, site.zone)
        this = month_of(today)
        for code, label, begins, minutes, leads in SHIFTS:
            breaks = [one | {"after": one["after"] + 60} for one in BREAKS] if code.endswith("2") else BREAKS
            terms = Terms(label, begins, minutes, minutes - 60, breaks, leads)
            shift_make(site=site, code=code, terms=terms, actor=wfm, now=now - timedelta(days=400))
        for month in (month_of(this - timedelta(days=1)), this, *([next_month(this)] if near(today) else [])):
            at = min(now, datetime.combine(month, time(3), tzinfo=site.zone) - NEAR)
            publish(month_made(site, month, wfm, at), wfm, staff.users[f"team_leader.{site.code.lower()}"], at)


def near(today: date) -> bool:
    return next_month(today) - today <= NEAR


def publish(roster: Roster, wfm: User, leader: User, at: datetime) -> Roster:
    """As it was validated then: what has become of the people since blocks nothing."""
    also = {"validated_at": at, "validated_by": leader}
    with step(ROSTER, Roster, roster.pk, "validate", actor=leader, now=at, also=also):
        pass
    return services.roster_publish(roster_id=roster.pk, actor=wfm, now=at)


def month_made(site: Site, month: date, wfm: User, at: datetime) -> Roster:
    """A draft with everybody of the site on it."""
    roster = services.roster_begin(site=site, month=month, actor=wfm, now=at)
    shifts = {one.code: one for one in Shift.objects.filter(site=site)}
    there = Employee.objects.as_of(max(month, local_day(at, site.zone)))
    found = Person.objects.filter(pk__in=there.values("pk"), site=site).order_by("number")
    days = [month + timedelta(days=n) for n in range((next_month(month) - month).days)]
    away = _away(found, days)
    lines = []
    for position, code_for in (("Agent", code_of), ("Team Leader", lead_of)):
        # Somebody's place stays, whoever comes and goes: the shifts of two months follow on each other.
        ever = Person.objects.filter(site=site, position=position).order_by("number").values_list("pk", flat=True)
        place = {pk: index for index, pk in enumerate(ever)}
        for person in found.filter(position=position):
            last = person.last_working_day
            for day in days:
                if day < person.joined_on or (last is not None and day >= last):
                    continue
                code = code_for(place[person.pk], day)
                free = away.get((person.pk, day), DayKind.OFF)
                lines.append(_line(roster, person, day, shifts.get(code), free))
            if person.last_working_day in days:
                lines.append(_last(roster, person, person.last_working_day, [shifts[code] for code in "PSM"]))
    RosterLine.objects.bulk_create(lines, batch_size=2_000)
    return roster


def _away(people: QuerySet[Person], days: list[date]) -> dict[tuple[int, date], DayKind]:
    """What the leave module knows of these days, and nothing else: what was agreed to, and who says that they are
    ill."""
    known = Q(status__in=AGREED) | Q(status=LeaveStatus.REQUESTED, group=Group.SICK)
    rows = LeaveRequest.objects.touching(days[0], days[-1]).filter(
        known, employee_id__in=list(people.values_list("pk", flat=True))
    )
    return {
        (one.employee_id, day): DayKind(one.shown)
        for one in rows
        for day in days
        if one.starts_on <= day <= one.ends_on
    }


def code_of(index: int, day: date) -> str:
    """The shift of the person of that place on that day; "" is a day off. Five days of work, two off."""
    number = day.toordinal()
    if (number + index * 2) % 7 in (0, 1):
        return ""
    week = (number + index * 2) // 7
    code = WEIGHTS[(index * 4 + week) % len(WEIGHTS)]
    return f"{code}2" if code != "M" and index % 2 else code


def lead_of(index: int, day: date) -> str:
    number = day.toordinal()
    if (number + index * 3) % 7 in (0, 1):
        return ""
    return LEADS[(index + (number + index * 3) // 7) % 3]


def _line(roster: Roster, person: Person, day: date, shift: Shift | None, free: DayKind) -> RosterLine:
    if shift is None or free != DayKind.OFF:
        return RosterLine(roster=roster, person=person, day=day, kind=free)
    start, end = times_of(day, shift, roster.site.zone)
    return RosterLine(
        roster=roster, person=person, day=day, kind=DayKind.SHIFT, shift=shift, starts_at=start, ends_at=end
    )


def _last(roster: Roster, person: Person, day: date, shifts: list[Shift]) -> RosterLine:
    """Of a leaver: a shift that ends when the deactivation's clock starts, by the code that begins nearest; a day off
    where that is the day's end."""
    request = DeactivationRequest.objects.filter(person=person, last_working_day=day).order_by("pk").last()
    ends = request.starts_at if request else None
    if ends is None or ends == datetime.combine(day + timedelta(days=1), time(), tzinfo=roster.site.zone):
        return RosterLine(roster=roster, person=person, day=day, kind=DayKind.OFF)
    starts = ends - timedelta(hours=8)
    local = starts.astimezone(roster.site.zone)
    apart = [abs((local.hour - one.starts.hour) * 60 + local.minute - one.starts.minute) for one in shifts]
    nearest = shifts[min(range(len(shifts)), key=lambda at: min(apart[at], 1_440 - apart[at]))]
    return RosterLine(
        roster=roster, person=person, day=day, kind=DayKind.SHIFT, shift=nearest, starts_at=starts, ends_at=ends
    )
