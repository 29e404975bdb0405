"""What the versions of a month say, and how one differs from another (RTM-1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import connection

from realtime.models import Roster, RosterLine
from realtime.rostering.codes import Cell

if TYPE_CHECKING:
    from django.db.models import QuerySet

Cells = dict[tuple[int, date], Cell]


@dataclass(frozen=True)
class Change:
    person_id: int
    day: date
    was: Cell | None
    now: Cell | None


def cells_of(roster: Roster | None, people: Collection[int] | None = None) -> Cells:
    """By person and day; of no roster nothing."""
    if roster is None:
        return {}
    rows: QuerySet[RosterLine] = RosterLine.objects.filter(roster=roster)
    if people is not None:
        rows = rows.filter(person_id__in=people)
    found = rows.values_list("person_id", "day", "kind", "shift_id")
    return {(person, day): Cell(kind, shift) for person, day, kind, shift in found}


def differences(was: Cells, now: Cells) -> list[Change]:
    """In the order of days."""
    keys = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    return [Change(*key, was.get(key), now.get(key)) for key in sorted(keys, key=lambda one: (one[1], one[0]))]


def lines_copy(source: Roster, target: Roster) -> None:
    """Let the database copy all lines of one version into another."""
    columns = "person_id, day, kind, shift_id, starts_at, ends_at, channel"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO realtime_rosterline (roster_id, {columns})"  # noqa: S608 - names of our own columns
            f" SELECT %s, {columns} FROM realtime_rosterline WHERE roster_id = %s ORDER BY id",
            [target.pk, source.pk],
        )
