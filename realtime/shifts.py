"""For modules that must know when somebody's last shift ends (UID-4): the published roster says it."""

from datetime import date, datetime

from occ.people.models import Person
from occ.people.shifts import register_last_shift
from realtime.rostering.plan import last_shift_ends


def rostered_until(person: Person, day: date) -> datetime | None:
    return last_shift_ends(person.pk, day)


register_last_shift(rostered_until)
