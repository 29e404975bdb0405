"""Who is planned when, and for what: read from the published rosters, for whoever compares it with what happens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.people.shifts import ShiftEnd
from realtime.choices import Activity, DayKind
from realtime.models import RosterLine
from realtime.models.roster import RosterLineQuerySet


@dataclass(frozen=True)
class Part:
    """Half-open; the activity planned for it."""

    starts_at: datetime
    ends_at: datetime
    activity: str


@dataclass(frozen=True)
class Planned:
    """One person's day. `parts` fill the time from start to end; none on a day without a shift."""

    person_id: int
    day: date
    kind: str
    code: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    parts: tuple[Part, ...] = ()
    channel: str = ""
    leads: bool = False  # leads the floor, and takes no calls

    def at(self, instant: datetime) -> str:
        """The activity planned at that instant; "" outside the shift."""
        return next((one.activity for one in self.parts if one.starts_at <= instant < one.ends_at), "")


def parts_of(starts_at: datetime, ends_at: datetime, breaks: list[dict[str, int | str]]) -> tuple[Part, ...]:
    """A shift's time, cut by its breaks; what lies outside the shift is left out."""
    found: list[Part] = []
    at = starts_at
    for one in sorted(breaks, key=lambda each: int(each["after"])):
        begin = max(at, min(ends_at, starts_at + timedelta(minutes=int(one["after"]))))
        end = min(ends_at, begin + timedelta(minutes=int(one["minutes"])))
        if begin > at:
            found.append(Part(at, begin, Activity.WORK))
        if end > begin:
            found.append(Part(begin, end, str(one["activity"])))
        at = max(at, end)
    if ends_at > at:
        found.append(Part(at, ends_at, Activity.WORK))
    return tuple(found)


def planned(
    *, start: datetime, end: datetime, site_id: int | None = None, people: Collection[int] | None = None
) -> dict[int, list[Planned]]:
    """Agents' shifts of published rosters that touch [start, end), by person, in order: not who leads the floor."""
    rows = RosterLine.objects.in_force().filter(kind=DayKind.SHIFT, starts_at__lt=end, ends_at__gt=start)
    return _found(rows.exclude(shift__leads=True), site_id, people)


def planned_days(
    *, first: date, last: date, site_id: int | None = None, people: Collection[int] | None = None
) -> dict[int, list[Planned]]:
    """What published rosters say of these days (both included), by person: shifts, days off, leave."""
    return _found(RosterLine.objects.in_force().filter(day__gte=first, day__lte=last), site_id, people)


def _found(rows: RosterLineQuerySet, site_id: int | None, people: Collection[int] | None) -> dict[int, list[Planned]]:
    wanted = Q()
    if site_id is not None:
        wanted &= Q(roster__site_id=site_id)
    if people is not None:
        wanted &= Q(person_id__in=people)
    found: dict[int, list[Planned]] = {}
    cut: dict[tuple[int, datetime, datetime], tuple[Part, ...]] = {}  # many have the same shift
    names = (
        "person_id",
        "day",
        "kind",
        "shift_id",
        "shift__code",
        "shift__breaks",
        "starts_at",
        "ends_at",
        "channel",
        "shift__leads",
    )
    for person, day, kind, shift, code, breaks, starts, ends, channel, leads in (
        rows.filter(wanted).order_by("day", "starts_at").values_list(*names)
    ):  # fmt: skip
        parts: tuple[Part, ...] = ()
        if shift is not None and starts and ends:
            key = (shift, starts, ends)
            if key not in cut:
                cut[key] = parts_of(starts, ends, breaks)
            parts = cut[key]
        found.setdefault(person, []).append(
            Planned(person, day, kind, code or "", starts, ends, parts, channel, bool(leads))
        )
    return found


ShiftDay = tuple[int, date, int]  # keys of site and shift, and the day on which it begins
AROUND = timedelta(days=2)


def shifts_around(now: datetime, *, sites: Collection[int] | None = None) -> dict[ShiftDay, tuple[datetime, datetime]]:
    """Agents' shifts of published rosters near `now`, from when to when: the hours that most of their people have.

    Somebody's own hours under that code move neither its beginning nor its end.
    """
    rows = RosterLine.objects.in_force().filter(
        kind=DayKind.SHIFT, shift__leads=False, day__gte=(now - AROUND).date(), day__lte=(now + AROUND).date()
    )
    if sites is not None:
        rows = rows.filter(roster__site__in=sites)
    names = ("roster__site_id", "day", "shift_id", "starts_at", "ends_at", "shift__starts", "roster__site__timezone")
    found: dict[ShiftDay, tuple[tuple[int, bool], tuple[datetime, datetime]]] = {}
    for site, day, shift, starts, ends, usual, zone, people in rows.values_list(*names).annotate(n=Count("pk")):
        weight = (people, starts.astimezone(ZoneInfo(zone)).time() == usual)
        if (site, day, shift) not in found or weight > found[site, day, shift][0]:
            found[site, day, shift] = (weight, (starts, ends))
    return {key: hours for key, (_weight, hours) in found.items()}


def last_shift(person_id: int, day: date) -> ShiftEnd | None:
    """When the shift that the person begins on that day ends, and by which version; None where no published roster
    knows."""
    rows = RosterLine.objects.in_force().filter(person_id=person_id, day=day, kind=DayKind.SHIFT)
    line = rows.select_related("roster").first()
    if line is None or line.ends_at is None:
        return None
    words = _("the roster of %(month)s, version %(version)s")
    values = {"month": date_format(line.roster.month, "F Y"), "version": line.roster.version}
    return ShiftEnd(line.ends_at, words % values)
