"""For modules below: when somebody's last shift ends (UID-4) and what is planned (SDM-9), as the published roster says
it; and, the other way, that somebody is excused or no longer so."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.dispatch import receiver

from occ.people import planned
from occ.people.hindrances import changed
from occ.people.models import Person
from occ.people.planned import PlannedDay, Plans
from occ.people.shifts import ShiftEnd, register_last_shift
from realtime.choices import DayKind
from realtime.models import RosterLine
from realtime.rostering.plan import last_shift
from realtime.services.staleness import days_touch


def rostered_until(person: Person, day: date) -> ShiftEnd | None:
    return last_shift(person.pk, day)


register_last_shift(rostered_until)


def what_is_planned(people: Collection[int], first: date, last: date) -> Plans:
    """A day off is none that one would work; a day of leave is, were it not for the leave."""
    rows = RosterLine.objects.in_force().filter(person_id__in=people, day__gte=first, day__lte=last)
    found: Plans = {}
    for line in rows.select_related("shift", "roster__site"):
        words = f"{line.shift.code} {line.hours}" if line.shift else str(DayKind(line.kind).label)
        found[line.person_id, line.day] = PlannedDay(line.kind != DayKind.OFF, words)
    return found


planned.register(what_is_planned)


@receiver(changed, dispatch_uid="realtime.excused")
def judge_anew(sender: Any, person_id: int, first: date, last: date, **kwargs: Any) -> None:
    days_touch(person_id, first, last)
