"""For rosters and attendance: who is away on leave (occ.people.hindrances)."""

from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Q

from occ.people.hindrances import LEAVE, Hindrance, register
from sdm.absence.choices import SHOWN, Group, LeaveStatus
from sdm.models import LeaveRequest

AGREED = (LeaveStatus.APPROVED, LeaveStatus.CONFIRMED, LeaveStatus.TAKEN)


def on_leave(people: Collection[int], first: date, last: date) -> Iterator[Hindrance]:
    """What the team leader agreed to; and who says that they are ill does not come, whatever is decided of it."""
    known = Q(status__in=AGREED) | Q(status=LeaveStatus.REQUESTED, group=Group.SICK)
    rows = LeaveRequest.objects.touching(first, last).filter(known, employee_id__in=people)
    for person_id, starts, ends, group, status in rows.values_list(
        "employee_id", "starts_on", "ends_on", "group", "status"
    ):
        excuse = str(SHOWN[Group(group)]) if status in AGREED else ""
        yield Hindrance(person_id, starts, ends, LEAVE, excuse)


register(on_leave, excuses=True)
