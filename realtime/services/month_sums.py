"""Shifts of a month by person (RTM-7, RTM-8): sums of what is kept, with the team leader's word where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from occ.figures.registry import Scope
from occ.people.models import Person, Site, Team, TeamMembership
from occ.times import JAKARTA, local_day, next_month
from realtime.choices import AttendanceStatus, DayKind
from realtime.formulas import adherence_percent, conformance_percent, share
from realtime.models import AttendanceMark, ShiftRecord

MINUTE = 60_000


@dataclass(frozen=True)
class PersonSums:
    """Minutes are whole; percents None where nothing was planned. `shifts`: rostered ones that are over."""

    person: Person
    shifts: int
    present: int
    late: int
    late_minutes: int
    early_minutes: int
    absent: int
    excused: int
    unknown: int
    adherence: float | None
    conformance: float | None
    over_minutes: int
    corrections: int
    inputs: dict[str, int]

    @property
    def known(self) -> int:
        """Shifts that adherence and conformance are made of."""
        return self.present + self.absent

    @property
    def punctual(self) -> float | None:
        """Login accuracy: shifts begun in time / shifts in which somebody came."""
        return 100 * (self.present - self.late) / self.present if self.present else None


SUMS = ("late_ms", "early_ms", "in_ms", "out_ms", "neutral_ms", "unknown_ms", "planned_ms", "worked_ms", "over_ms",
        "corrections")  # fmt: skip


def rows_counted(rows: QuerySet[ShiftRecord]) -> QuerySet[ShiftRecord]:
    """With `what` the day was: the team leader's word where there is one, else the events'."""
    said = AttendanceMark.objects.filter(person=OuterRef("person"), day=OuterRef("day")).values("status")[:1]
    return rows.annotate(what=Coalesce(Subquery(said), F("status"), output_field=CharField()))


COUNTED: dict[str, Any] = {
    "shifts": Count("pk", filter=Q(kind=DayKind.SHIFT)),
    "present": Count("pk", filter=Q(what__in=[AttendanceStatus.PRESENT, AttendanceStatus.LATE])),
    "late": Count("pk", filter=Q(what=AttendanceStatus.LATE)),
    "absent": Count("pk", filter=Q(what=AttendanceStatus.ABSENT)),
    "unknown": Count("pk", filter=Q(what=AttendanceStatus.UNKNOWN)),
    "excused": Count("pk", filter=Q(what__in=[
        AttendanceStatus.PERMISSION, AttendanceStatus.SICK, AttendanceStatus.LEAVE, AttendanceStatus.SWAP,
    ])),
    **{f"sum_{name}": Sum(name) for name in SUMS},
}  # fmt: skip


def month_sums(*, site: Site, first: date, team: Team | None = None) -> list[PersonSums]:
    """One for each person with a record in that month, by name; of who was in the team at some time of it."""
    end = next_month(first)
    rows = ShiftRecord.objects.filter(site=site, day__gte=first, day__lt=end)
    if team is not None:
        rows = rows.filter(person__in=members(team, first, end - timedelta(days=1)))
    found = list(rows_counted(rows).values("person_id").annotate(**COUNTED))
    people = Person.objects.in_bulk([one["person_id"] for one in found])
    sums = [_sum(people[one["person_id"]], one) for one in found]
    return sorted(sums, key=lambda one: (one.person.name, one.person.pk))


def members(team: Team, first: date, last: date) -> QuerySet[TeamMembership, Any]:
    """Who was in the team at some time of these days."""
    rows = TeamMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=first), team=team, starts_on__lte=last)
    return rows.values("person_id")


def days_summed(scope: Scope) -> dict[str, float | None]:
    """All rostered days of the scope that begin in it: counts, sums by their field's name, shares in percent."""
    rows = ShiftRecord.objects.all()
    zone = scope.site.zone if scope.site else JAKARTA
    first, last = local_day(scope.start, zone), local_day(scope.end - timedelta(microseconds=1), zone)
    rows = rows.filter(day__gte=first, day__lte=last)
    if scope.site is not None:
        rows = rows.filter(site=scope.site)
    if scope.person is not None:
        rows = rows.filter(person=scope.person)
    if scope.team is not None:  # of each day who was in the team then
        then = TeamMembership.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=OuterRef("day")), team=scope.team, person=OuterRef("person"),
            starts_on__lte=OuterRef("day"),
        )  # fmt: skip
        rows = rows.filter(Exists(then))
    counts = rows_counted(rows).aggregate(**COUNTED)
    found: dict[str, float | None] = {
        name: counts[name] for name in ("shifts", "present", "late", "absent", "unknown", "excused")
    }
    sums = {name: counts[f"sum_{name}"] or 0 for name in SUMS}
    present, absent = counts["present"], counts["absent"]
    return found | sums | {
        "adherence": adherence_percent(sums["in_ms"], sums["out_ms"]),
        "conformance": conformance_percent(sums["worked_ms"], sums["planned_ms"]),
        "punctual": share(present - counts["late"], present), "attended": share(present, present + absent),
    }  # fmt: skip


def _sum(person: Person, row: Mapping[str, Any]) -> PersonSums:
    total = {name: row[f"sum_{name}"] for name in SUMS}
    return PersonSums(
        person, row["shifts"], row["present"], row["late"], total["late_ms"] // MINUTE, total["early_ms"] // MINUTE,
        row["absent"], row["excused"], row["unknown"], adherence_percent(total["in_ms"], total["out_ms"]),
        conformance_percent(total["worked_ms"], total["planned_ms"]), total["over_ms"] // MINUTE,
        total["corrections"], {name: total[name] // MINUTE for name in SUMS if name.endswith("_ms")},
    )  # fmt: skip
