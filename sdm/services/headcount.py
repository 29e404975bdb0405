"""Plan against people: who is there, who is known to go, and from which day on somebody lacks (SDM-2).

The database counts; a page of two sites and a page of two hundred ask alike often.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Lower

from occ.people.models import Site, in_force
from occ.policies.services import policy_value
from sdm.models import Employment, Placement, PlanLine, Position
from sdm.positions.gaps import Gap, gap_of, summed
from sdm.positions.policies import AHEAD

ONE_DAY = timedelta(days=1)
Place = tuple[int, int]  # site, position
Changes = dict[Place, dict[date, int]]


@dataclass(frozen=True)
class Standing:
    """A position at a site: planned and there today, and what is known of the days ahead (`last`: how far)."""

    line: PlanLine
    planned: int
    actual: int
    leavers: int
    contract_ends: int
    joiners: int
    gap: Gap
    last: date

    @property
    def lacking(self) -> int:
        return max(0, self.gap.today)

    @property
    def over(self) -> int:
        return max(0, -self.gap.today)


def titles() -> dict[str, int]:
    """Title in lower case -> position."""
    found = {}
    for one in Position.objects.only("pk", "name", "titles"):
        for title in (one.name, *one.titles):
            found[title.lower()] = one.pk
    return found


def days_ahead(now: datetime) -> int:
    return int(policy_value(AHEAD, at=now))


def standings(*, sites: Collection[Site], day: date, ahead: int) -> list[Standing]:
    """One a planned position and site, in the plan's order."""
    ids = [one.pk for one in sites]
    last = day + timedelta(days=ahead)
    lines = list(
        PlanLine.objects.filter(Q(ends_on=None) | Q(ends_on__gte=day), site_id__in=ids, starts_on__lte=last)
        .select_related("site", "position")
        .order_by("site__code", "position__number", "starts_on")
    )
    if not lines:
        return []
    called = titles()
    have = _counted(ids, day, called)
    leaving = _leavers(ids, day, last, called)
    ending = _contract_ends(ids, day, last, called)
    coming = _movers(ids, day, last, called)
    grouped: dict[Place, list[PlanLine]] = defaultdict(list)
    for line in lines:
        grouped[line.site_id, line.position_id].append(line)
    found = []
    for place, held in grouped.items():
        changes = summed(leaving.get(place, {}), ending.get(place, {}), coming.get(place, {}))
        planned = [(one.starts_on, one.number) for one in held]
        now_held = next((one for one in reversed(held) if one.starts_on <= day), held[0])
        found.append(
            Standing(
                now_held, now_held.number if now_held.starts_on <= day else 0, have.get(place, 0),
                -sum(leaving.get(place, {}).values()), -sum(ending.get(place, {}).values()),
                sum(coming.get(place, {}).values()),
                gap_of(planned, have.get(place, 0), changes, today=day, last=last), last,
            )
        )  # fmt: skip
    return found


def _counted(ids: list[int], day: date, called: dict[str, int]) -> dict[Place, int]:
    rows = Placement.objects.standing_on(day).filter(site_id__in=ids).annotate(title=Lower("position"))
    found: dict[Place, int] = defaultdict(int)
    for site_id, title, number in rows.order_by().values_list("site_id", "title").annotate(n=Count("pk")):
        if (position := called.get(title)) is not None:
            found[site_id, position] += number
    return found


def _by_day(rows: Iterable[Any], called: dict[str, int], sign: int, shift: timedelta) -> Changes:
    found: Changes = defaultdict(lambda: defaultdict(int))
    for site_id, title, day, number in rows:
        if (position := called.get(title)) is not None:
            found[site_id, position][day + shift] += sign * number
    return found


def _leavers(ids: list[int], day: date, last: date, called: dict[str, int]) -> Changes:
    """Whose last working day is known, by the day after it."""
    rows = Placement.objects.standing_on(day).filter(
        site_id__in=ids, employee__person__last_working_day__gte=day, employee__person__last_working_day__lt=last
    )
    counted = rows.annotate(title=Lower("position")).order_by()
    return _by_day(
        counted.values_list("site_id", "title", "employee__person__last_working_day").annotate(n=Count("pk")),
        called, -1, ONE_DAY,
    )  # fmt: skip


def _contract_ends(ids: list[int], day: date, last: date, called: dict[str, int]) -> Changes:
    """Whose contract ends and is not extended, and of whom nobody knows that they leave sooner."""
    here = in_force(day, "employee__placements__")
    rows = Employment.objects.filter(
        here, employee__placements__site_id__in=ids, employee__person__last_working_day=None, extension=None,
        ends_on__gte=day, ends_on__lt=last, starts_on__lte=day,
    ).annotate(site=F("employee__placements__site_id"), title=Lower("employee__placements__position"))  # fmt: skip
    return _by_day(rows.order_by().values_list("site", "title", "ends_on").annotate(n=Count("pk")), called, -1, ONE_DAY)


def _movers(ids: list[int], day: date, last: date, called: dict[str, int]) -> Changes:
    """Who comes on a later day, by a transfer or taken on; and who goes to another place on the day after theirs."""
    coming = Placement.objects.filter(site_id__in=ids, starts_on__gt=day, starts_on__lte=last)
    going = Placement.objects.standing_on(day).filter(
        site_id__in=ids, ends_on__gte=day, ends_on__lt=last, employee__person__last_working_day=None
    )
    found = _by_day(
        coming.annotate(title=Lower("position")).order_by().values_list("site_id", "title", "starts_on")
        .annotate(n=Count("pk")), called, 1, timedelta(0),
    )  # fmt: skip
    gone = _by_day(
        going.annotate(title=Lower("position")).order_by().values_list("site_id", "title", "ends_on")
        .annotate(n=Count("pk")), called, -1, ONE_DAY,
    )  # fmt: skip
    return {place: summed(found.get(place, {}), gone.get(place, {})) for place in {*found, *gone}}
