"""Attendance as the team leader confirms it, and the number of agents handed to RTFM (MO 4.3.6, RTM-6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations.services import obligation_fulfil, obligation_open
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.people.history import create_many, sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day
from realtime.attendance.judging import Shift
from realtime.choices import AttendanceStatus, DayKind, HeadcountStatus
from realtime.models import AttendanceMark, Headcount, RosterLine
from realtime.notices import HEADCOUNT_HANDED
from realtime.policies import HEADCOUNT, HEADCOUNT_MINUTES
from realtime.rostering.plan import planned, planned_days, shifts_around
from realtime.services.attendance import Day, days_judged

MARKERS = frozenset({Role.TEAM_LEADER, Role.COORDINATOR})
SAYABLE = [one for one in AttendanceStatus if one not in {AttendanceStatus.AWAITED, AttendanceStatus.UNKNOWN}]
NOTE = 300
THERE = {AttendanceStatus.PRESENT.value, AttendanceStatus.LATE.value}
LOOKED_BACK = timedelta(hours=16)
REST = timedelta(hours=11)


def headcounts_open(*, now: datetime) -> int:
    """Beat: each shift that has begun owes its number of agents; how many were opened."""
    known = set(Headcount.objects.filter(starts_at__gt=now - LOOKED_BACK).values_list("site_id", "day", "shift_id"))
    return sum(
        _open(*key, starts_at, ends_at, now)
        for key, (starts_at, ends_at) in sorted(shifts_around(now).items())
        if now - LOOKED_BACK < starts_at <= now and key not in known
    )


@transaction.atomic
def _open(site_id: int, day: date, shift_id: int, starts_at: datetime, ends_at: datetime, now: datetime) -> int:
    made, new = Headcount.objects.get_or_create(
        site_id=site_id, day=day, shift_id=shift_id, defaults={"starts_at": starts_at, "ends_at": ends_at}
    )
    if new:
        within = timedelta(minutes=float(policy_value(HEADCOUNT_MINUTES, at=now, site=made.site)))
        obligation_open(
            rule=HEADCOUNT, subject=made, label=str(made), site=made.site, team=None, starts_at=starts_at,
            due_at=starts_at + within, actor=BEAT, now=now,
        )  # fmt: skip
    return int(new)


@transaction.atomic
def attendance_mark(*, person_id: int, day: date, status: str, note: str, actor: User, now: datetime) -> AttendanceMark:
    """Say what somebody's rostered day was. Raises NotAllowed, Invalid (no such day, no reason why it differs)."""
    person = person_locked(person_id)
    line = RosterLine.objects.in_force().filter(person=person, day=day).exclude(kind=DayKind.OFF)
    site = next((one.roster.site for one in line.select_related("roster__site")), None)
    if site is None:
        raise Invalid(_("Nothing was planned for %(name)s on that day.") % {"name": person.name}, field="day")
    if not has_role(actor, MARKERS, site=site):
        raise NotAllowed
    if actor.person_id == person.pk:
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    if status not in {one.value for one in SAYABLE}:
        raise Invalid(_("Choose what the day was."), field="status")
    mark = AttendanceMark.objects.select_for_update(no_key=True).filter(person=person, day=day).first()
    said = said_of(days_judged(site=site, first=day, last=day, now=now, people=[person.pk]), person.pk)
    if status != said and not note.strip():
        raise Invalid(_("Say why: the events say otherwise."), field="note")
    if mark and local_day(mark.marked_at, site.zone) < local_day(now, site.zone) and not note.strip():
        raise Invalid(_("Say why it is changed afterwards."), field="note")
    mark = mark or AttendanceMark(person=person, site=site, day=day)
    mark.status, mark.said, mark.note = status, said, note.strip()
    mark.marked_at, mark.marked_by = now, actor
    sign(mark, actor, note.strip()[:100] or kept(gettext_noop("Marked")), now=now)
    mark.save()
    data = {"person": person.pk, "day": day.isoformat(), "status": status, "said": said}
    record(actor=actor, action="attendance.marked", subject=mark, data=data, now=now, site=site)
    return mark


def said_of(days: Iterable[Day], person_id: int) -> str:
    return next((one.shift.status for one in days if one.planned.person_id == person_id), AttendanceStatus.UNKNOWN)


@transaction.atomic
def headcount_hand(*, headcount_id: int, note: str, actor: User, now: datetime) -> Headcount:
    """Confirm everybody of the shift as shown, and hand the numbers to RTFM. Raises NotAllowed, WrongState, Invalid."""
    found = (
        Headcount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("site", "shift")
        .get(pk=headcount_id)
    )
    if not has_role(actor, MARKERS, site=found.site):
        raise NotAllowed
    if found.status != HeadcountStatus.OPEN:
        raise WrongState(_("These numbers were handed over already."))
    if now < found.starts_at:
        words = _("This shift begins at %(time)s: who came is known from then on. Hand it over after that.")
        raise WrongState(words % {"time": f"{found.starts_at.astimezone(found.site.zone):%H:%M}"}, code="not_begun")
    if len(note.strip()) > NOTE:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": NOTE}, field="note")
    days = shift_days(found, now)
    list(
        Person.objects.select_for_update(no_key=True).filter(pk__in=[d.planned.person_id for d in days]).order_by("pk")
    )
    marks = marks_of(found.day, [one.planned.person_id for one in days])
    doubtful = {AttendanceStatus.UNKNOWN.value, AttendanceStatus.AWAITED.value}
    open_ = [one for one in days if one.planned.person_id not in marks and one.shift.status in doubtful]
    if open_:
        raise Invalid(
            ngettext(
                "Say of %(n)s agent what the day was: the events do not tell.",
                "Say of %(n)s agents what their day was: the events do not tell.", len(open_),
            ) % {"n": len(open_)},
            field="note",
        )  # fmt: skip
    new = [
        AttendanceMark(
            person_id=one.planned.person_id, site=found.site, day=found.day, status=one.shift.status,
            said=one.shift.status, marked_at=now, marked_by=actor,
        )
        for one in days if one.planned.person_id not in {*marks, actor.person_id}
        and one.shift.status != AttendanceStatus.ABSENT  # who still comes is late, and not absent
    ]  # fmt: skip
    create_many(new, actor=actor, why=kept(gettext_noop("Confirmed for the shift")), now=now)
    statuses = [marks[pk].status if (pk := one.planned.person_id) in marks else one.shift.status for one in days]
    found.counts = counted(statuses)
    found.status, found.note, found.handed_at, found.handed_by = HeadcountStatus.HANDED, note.strip(), now, actor
    found.save(update_fields=["counts", "status", "note", "handed_at", "handed_by"])
    obligation_fulfil(subject=found, rule=HEADCOUNT, at=now, evidence=found.counts, actor=actor, now=now)
    record(actor=actor, action="headcount.handed", subject=found, data=found.counts, now=now, site=found.site)
    params = {
        "shift": found.shift.code, "site": found.site.code, "there": found.counts["there"],
        "rostered": found.counts["rostered"],
    }  # fmt: skip
    notify(
        to=audience(Role.RTFM, site=found.site, now=now), kind=HEADCOUNT_HANDED.key, params=params,
        key=f"headcount:{found.pk}", url=found.get_absolute_url(), now=now,
    )  # fmt: skip
    return found


def shift_days(headcount: Headcount, now: datetime) -> list[Day]:
    people = RosterLine.objects.in_force().filter(
        roster__site=headcount.site, day=headcount.day, shift=headcount.shift_id, kind=DayKind.SHIFT
    )
    found = list(people.values_list("person_id", flat=True))
    return days_judged(site=headcount.site, first=headcount.day, last=headcount.day, now=now, people=found)


def marks_of(day: date, people: Sequence[int]) -> dict[int, AttendanceMark]:
    rows = AttendanceMark.objects.filter(day=day, person__in=people).select_related("marked_by")
    return {one.person_id: one for one in rows}


@dataclass(frozen=True)
class Presence:
    """Of a shift's agents: how many `came` at all, and of them `left` before its end, by more than the grace."""

    rostered: int
    came: int
    left: int

    @property
    def there(self) -> int:
        """Who is at work; once the shift is over, who worked to its end."""
        return self.came - self.left

    @property
    def share(self) -> float:
        return 100 * self.came / self.rostered if self.rostered else 0.0


def has_left(status: str, shift: Shift) -> bool:
    """Whether somebody came and went home early. Who rests, or was cut off for a moment, has not."""
    return status in THERE and shift.early_ms > 0


def presence_of(days: Iterable[tuple[str, Shift]]) -> Presence:
    """Of (what the day was, what the events say), as of the instant that the events were judged at."""
    rows = list(days)
    return Presence(len(rows), sum(status in THERE for status, _shift in rows), sum(has_left(*one) for one in rows))


def counted(statuses: Sequence[str]) -> dict[str, int]:
    """By status; `rostered` is all of them, `there` who came."""
    by = Counter(statuses)
    return {"rostered": len(statuses), "there": sum(by[one] for one in THERE)} | dict(sorted(by.items()))


@dataclass(frozen=True)
class Standby:
    """Somebody who may be asked: off that day, with rest enough before and after."""

    person: Person
    hours_week: float


def standby(headcount: Headcount, *, most: int = 10) -> list[Standby]:
    """Who may fill a gap of that shift, who works least in the week first."""
    day, site = headcount.day, headcount.site
    monday = day - timedelta(days=day.weekday())
    off = RosterLine.objects.in_force().filter(roster__site=site, day=day, kind=DayKind.OFF)
    people = set(off.values_list("person_id", flat=True))
    near = planned(start=headcount.starts_at - REST, end=headcount.ends_at + REST, people=people)
    week = planned_days(first=monday, last=monday + timedelta(days=6), people=people)
    free = Person.objects.filter(Q(last_working_day=None) | Q(last_working_day__gte=day), pk__in=people - set(near))
    found = [Standby(one, sum(_hours(d.starts_at, d.ends_at) for d in week.get(one.pk, []))) for one in free]
    return sorted(found, key=lambda one: (one.hours_week, one.person.name))[:most]


def _hours(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() / 3600 if start and end else 0.0
