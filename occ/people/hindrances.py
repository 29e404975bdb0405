"""What keeps people from working on a day, told by whoever knows: an absence, a user ID that is shut.

An app registers who is hindered from when to when; nothing here knows why an app thinks so.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date

from occ.people.models import Absence

LEAVE, USER_ID = "leave", "user_id"


@dataclass(frozen=True)
class Hindrance:
    """The person is hindered from `first` to `last`, both included. `kind`: LEAVE or USER_ID."""

    person_id: int
    first: date
    last: date
    kind: str

    def on(self, day: date) -> bool:
        return self.first <= day <= self.last


Provider = Callable[[Collection[int], date, date], Iterable[Hindrance]]
PROVIDERS: list[Provider] = []


def register(provider: Provider) -> None:
    """`provider(people, first, last)`: what hinders these people on these days, both included."""
    PROVIDERS.append(provider)


def hindrances(people: Collection[int], first: date, last: date) -> list[Hindrance]:
    return [one for provider in (_absences, *PROVIDERS) for one in provider(people, first, last)] if people else []


def _absences(people: Collection[int], first: date, last: date) -> Iterable[Hindrance]:
    rows = Absence.objects.filter(user__person_id__in=people, starts_on__lte=last, ends_on__gte=first)
    for person_id, starts_on, ends_on in rows.values_list("user__person_id", "starts_on", "ends_on"):
        yield Hindrance(person_id, starts_on, ends_on, LEAVE)
