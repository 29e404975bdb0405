"""Shifts as they were worked (RTM-6 to RTM-8): read live, kept once they are over, made anew when more is told."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from occ.people.hindrances import excuses
from occ.people.models import Site
from occ.policies.services import Values
from occ.times import end_of_day, local_day, start_of_day
from realtime.attendance.judging import EARLIEST, FORMULA, Rules, Shift, Span, judge
from realtime.choices import AgentState, AlertKind, AttendanceStatus, AuxReason, DayKind, EventType
from realtime.floorwatch.feeds import state_of
from realtime.models import AgentSegment, Alert, Event, RosterLine, ShiftCorrection, ShiftRecord, Source
from realtime.models.attendance import FIGURES, SETTLED, figures_said
from realtime.policies import DROP, FORGOTTEN, GRACE, aux_allowance
from realtime.rostering.plan import Planned, planned_days

logger = logging.getLogger(__name__)
LOCK = 77_003
POLICIES = [GRACE, DROP, FORGOTTEN, *(aux_allowance(reason) for reason in AuxReason.values)]
LONGEST = timedelta(days=2)  # a state that was told of longer ago says nothing of today
WAITED = timedelta(minutes=15)  # beyond the time for a forgotten log-out, before a shift is kept
KEPT = timedelta(days=62)  # what is older is made anew only when somebody asks (manage.py rebuild)
EXCUSED = {
    DayKind.LEAVE: AttendanceStatus.LEAVE, DayKind.SICK: AttendanceStatus.SICK,
    DayKind.PERMISSION: AttendanceStatus.PERMISSION,
}  # fmt: skip
Deaf = list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Day:
    """One person's rostered day and what it came to."""

    planned: Planned
    shift: Shift


def rules_of(policy: Values, site: Site) -> Rules:
    grace, drop, forgotten = (timedelta(minutes=float(policy(name, site.pk))) for name in (GRACE, DROP, FORGOTTEN))
    allowed = {one: int(60_000 * float(policy(aux_allowance(one), site.pk))) for one in AuxReason.values}
    return Rules(grace, drop, forgotten, allowed)


def days_judged(
    *, site: Site, first: date, last: date, now: datetime, people: Collection[int] | None = None
) -> list[Day]:
    """Agents' rostered days of the site as of `now`, without days off; of these people, or of all."""
    around = planned_days(
        first=first - timedelta(days=1), last=last + timedelta(days=1), site_id=site.pk, people=people
    )
    wanted = {
        pk: [one for one in days if first <= one.day <= last and one.kind != DayKind.OFF and not one.leads]
        for pk, days in around.items()
    }  # fmt: skip
    wanted = {pk: days for pk, days in wanted.items() if days}
    start = start_of_day(first, site.zone) - EARLIEST
    end = min(now, end_of_day(last, site.zone) + timedelta(days=1))
    deaf = deaf_times(site, start, end, now)
    told = spans_told([pk for pk, days in wanted.items() if any(one.starts_at for one in days)], start, end, deaf)
    policy = Values(POLICIES, at=end_of_day(first, site.zone))
    rules = rules_of(policy, site)
    found = []
    for pk, days in wanted.items():
        shifts = [one for one in around[pk] if one.starts_at]
        for one in days:
            found.append(Day(one, _judged(one, shifts, told.get(pk, []), deaf, rules, now)))
    return _excused(found, first, last)


def _excused(found: list[Day], first: date, last: date) -> list[Day]:
    """Who did not come because of an absence that was agreed to is not absent, though the roster has a shift still."""
    missed = {one.planned.person_id for one in found if one.shift.status == AttendanceStatus.ABSENT}
    away = {
        (one.person_id, day): one.excuse
        for one in excuses(missed, first, last)
        for day in (one.first + timedelta(days=n) for n in range((one.last - one.first).days + 1))
    }
    return [
        Day(one.planned, Shift(EXCUSED[DayKind(away[key])]))
        if one.shift.status == AttendanceStatus.ABSENT and (key := (one.planned.person_id, one.planned.day)) in away
        else one
        for one in found
    ]


def _judged(
    one: Planned, shifts: list[Planned], told: list[Span], deaf: Deaf, rules: Rules, now: datetime
) -> Shift:  # fmt: skip
    if one.starts_at is None or one.ends_at is None:
        return Shift(EXCUSED[DayKind(one.kind)])
    at = shifts.index(one)
    before, after = (shifts[at - 1] if at else None), (shifts[at + 1] if at + 1 < len(shifts) else None)
    near = [s for s in told if s.ends_at > one.starts_at - EARLIEST and s.starts_at < one.ends_at + timedelta(hours=5)]
    return judge(one, near, deaf, rules=rules, now=now, before=before, after=after)


def spans_told(people: Sequence[int], start: datetime, end: datetime, deaf: Deaf) -> dict[int, list[Span]]:
    """What was told of these people, cut at `end`. A state that nothing ended is unknown while nobody could hear."""
    rows = AgentSegment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=start), person__in=people, starts_at__gt=start - LONGEST, starts_at__lt=end
    )
    found: dict[int, list[Span]] = defaultdict(list)
    names = ("person_id", "starts_at", "ends_at", "state", "reason")
    for person, starts_at, ends_at, state, reason in rows.order_by("starts_at").values_list(*names):
        if ends_at is None:
            found[person] += _going_on(starts_at, end, state, reason, deaf)
        else:
            found[person].append(Span(starts_at, ends_at, state, reason))
    return found


def _going_on(at: datetime, end: datetime, state: str, reason: str, deaf: Deaf) -> Iterable[Span]:
    """What was told while nobody could hear was heard all the same."""
    for begins, ends in [one for one in deaf if one[0] > at]:
        ends = min(end, ends)
        if begins < ends:
            if at < begins:
                yield Span(at, begins, state, reason)
            yield Span(begins, ends, AgentState.UNKNOWN.value)
            at = ends
    if at < end:
        yield Span(at, end, state, reason)


def deaf_times(site: Site, start: datetime, end: datetime, now: datetime) -> Deaf:
    """When a source of the site could not be heard, in order, apart: it said so, or an alert did, or it is so now.

    Before anything was told of anybody there nobody could be heard either.
    """
    sources = Source.objects.filter(Q(site=site) | Q(site=None), active=True, from_files=False)
    first = AgentSegment.objects.filter(site=site).order_by("starts_at").values_list("starts_at", flat=True).first()
    found: Deaf = [(start - LONGEST, first or end)]
    by_code = {one.code: one for one in sources}
    down: dict[int, datetime] = {}
    feeds = Event.objects.filter(
        source__in=by_code.values(), type__in=[EventType.FEED_DOWN, EventType.FEED_UP],
        occurred_at__gt=start - LONGEST, occurred_at__lt=end,
    )  # fmt: skip
    for source, kind, at in feeds.order_by("occurred_at", "pk").values_list("source_id", "type", "occurred_at"):
        if kind == EventType.FEED_DOWN:
            down.setdefault(source, at)
        elif source in down:
            found.append((down.pop(source), at))
    found += [(at, end) for at in down.values()]
    alerts = Alert.objects.filter(
        Q(closed_at=None) | Q(closed_at__gt=start), kind=AlertKind.SOURCE, about__in=by_code, opened_at__lt=end
    )
    for opened_at, closed_at, figures in alerts.values_list("opened_at", "closed_at", "figures"):
        found.append((opened_at - timedelta(seconds=float(figures.get("silent_seconds") or 0)), closed_at or end))
    for one in by_code.values():
        if state_of(one, now) == "silent" and one.received_at and one.received_at < end:
            found.append((one.received_at, end))
    return united(found, start, end)


def united(spans: Deaf, start: datetime, end: datetime) -> Deaf:
    found: Deaf = []
    for begins, ends in sorted((max(start, a), min(end, b)) for a, b in spans if a < end and b > start):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        elif begins < ends:
            found.append((begins, ends))
    return found


# Kept ---------------------------------------------------------------------------------------------------------------


def records_keep(*, now: datetime) -> int:
    """Beat: keep what is over, make anew what more was told of; how many records were written.

    A site whose days cannot be kept does not stop the others; it is raised at the end: beat's silence tells.
    """
    count, failed = 0, None
    for site in Site.objects.all():
        try:
            for day, people in sorted(_due(site, now).items()):
                count += records_make(site=site, day=day, people=people, now=now)
        except Exception as error:
            logger.exception("a site's attendance could not be kept", extra={"data": {"site": site.code}})
            failed = failed or error
    if failed is not None:
        raise failed
    return count


def _due(site: Site, now: datetime) -> dict[date, set[int]]:
    """People by day: without a record of that line, with a stale one, or one that was made before all had settled."""
    since = local_day(now - KEPT, site.zone)
    lines = RosterLine.objects.in_force().filter(roster__site=site, day__gte=since).exclude(kind=DayKind.OFF)
    lines = lines.exclude(shift__leads=True)
    over = Q(ends_at__lte=now - timedelta(minutes=60) - WAITED) | Q(ends_at=None, day__lt=local_day(now, site.zone))
    same = ShiftRecord.objects.filter(
        Q(starts_at=OuterRef("starts_at"), ends_at=OuterRef("ends_at"))
        | Q(starts_at=None, kind=OuterRef("kind")),
        person=OuterRef("person"), day=OuterRef("day"),
    )  # fmt: skip
    found: dict[date, set[int]] = defaultdict(set)
    for day, person in lines.filter(over).exclude(Exists(same)).values_list("day", "person_id"):
        found[day].add(person)
    settled = Q(ends_at__lte=now - SETTLED, computed_at__lt=F("ends_at") + SETTLED)
    again = ShiftRecord.objects.filter(Q(stale=True) | settled, site=site, day__gte=since)
    for day, person in again.values_list("day", "person_id"):
        found[day].add(person)
    known = RosterLine.objects.in_force().filter(roster__site=site, person=OuterRef("person"), day=OuterRef("day"))
    known = known.exclude(kind=DayKind.OFF).exclude(shift__leads=True)
    lost = ShiftRecord.objects.filter(site=site, day__gte=since).exclude(Exists(known))
    for day, person in lost.values_list("day", "person_id"):
        found[day].add(person)
    return found


def _of_here(made: list[ShiftRecord], site: Site, day: date) -> list[ShiftRecord]:
    """A person's day has one record: another site's goes where its roster knows the day no more, else it stays."""
    others = ShiftRecord.objects.filter(day=day, person__in=[one.person_id for one in made]).exclude(site=site)
    standing = dict(others.values_list("person_id", "pk"))
    lines = RosterLine.objects.in_force().filter(day=day, person__in=standing).exclude(roster__site=site)
    still = set(lines.exclude(kind=DayKind.OFF).values_list("person_id", flat=True))
    ShiftRecord.objects.filter(pk__in=[pk for person, pk in standing.items() if person not in still]).delete()
    return [one for one in made if one.person_id not in still]


@transaction.atomic
def records_make(*, site: Site, day: date, now: datetime, people: Collection[int] | None = None) -> int:
    """Make these people's records of that day anew; how many changed. One that no roster knows any more goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, site.pk])
    mine = ShiftRecord.objects.filter(site=site, day=day)
    if people is not None:
        mine = mine.filter(person__in=people)
    standing = {one.person_id: one for one in mine.select_for_update(no_key=True)}
    made, kept, corrected, count = [], [], [], 0
    for one in days_judged(site=site, first=day, last=day, now=now, people=people):
        planned, shift = one.planned, one.shift
        figures = vars(shift) | {
            "kind": planned.kind, "code": planned.code, "starts_at": planned.starts_at, "ends_at": planned.ends_at,
            "formula": FORMULA,
        }  # fmt: skip
        row = standing.pop(planned.person_id, None)
        if row is None:
            made.append(ShiftRecord(person_id=planned.person_id, site=site, day=day, computed_at=now, **figures))
            continue
        before = figures_said(row)
        for name in FIGURES:
            setattr(row, name, figures[name])
        row.stale, settled = False, row.ends_at is not None and row.computed_at >= row.ends_at + SETTLED
        row.computed_at = now
        if (after := figures_said(row)) != before:
            count += 1
            if settled:
                changed = [name for name in FIGURES if before[name] != after[name]]
                row.corrections += 1
                corrected.append(
                    ShiftCorrection(
                        person_id=row.person_id, day=day, at=now, before={name: before[name] for name in changed},
                        after={name: after[name] for name in changed},
                    )
                )  # fmt: skip
        kept.append(row)
    ShiftRecord.objects.bulk_create(_of_here(made, site, day), batch_size=500)
    ShiftRecord.objects.bulk_update(kept, [*FIGURES, "stale", "computed_at", "corrections"], batch_size=200)
    ShiftCorrection.objects.bulk_create(corrected)
    gone = [row for row in standing.values() if row.ends_at is None or row.computed_at >= row.ends_at + SETTLED]
    ShiftCorrection.objects.bulk_create(
        ShiftCorrection(person_id=row.person_id, day=day, at=now, before=figures_said(row), after={}) for row in gone
    )
    ShiftRecord.objects.filter(pk__in=[row.pk for row in standing.values()]).delete()
    return count + len(made) + len(standing)
