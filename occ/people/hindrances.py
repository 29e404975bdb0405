"""What keeps people from working on a day, told by whoever knows: an absence, a user ID that is shut.

An app registers who is hindered from when to when; nothing here knows why an app thinks so.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.dispatch import Signal

from occ.people.models import Absence

LEAVE, USER_ID = "leave", "user_id"
# What an absence is that was agreed to: who does not come then is excused.
EXCUSES = ("leave", "sick", "permission")

# Sent inside the transaction that changes who is away: person_id, first, last (both included), now.
changed = Signal()


@dataclass(frozen=True)
class Hindrance:
    """The person is hindered from `first` to `last`, both included. `kind`: LEAVE or USER_ID.

    `excuse`: as what the days count where the person does not come, one of EXCUSES; "" where nobody agreed to it."""

    person_id: int
    first: date
    last: date
    kind: str
    excuse: str = ""

    def on(self, day: date) -> bool:
        return self.first <= day <= self.last


Provider = Callable[[Collection[int], date, date], Iterable[Hindrance]]
PROVIDERS: list[Provider] = []
EXCUSING: list[Provider] = []


def register(provider: Provider, *, excuses: bool = False) -> None:
    """`provider(people, first, last)`: what hinders these people on these days, both included. `excuses`: whether some
    of it excuses them."""
    PROVIDERS.append(provider)
    if excuses:
        EXCUSING.append(provider)


def hindrances(people: Collection[int], first: date, last: date) -> list[Hindrance]:
    return [one for provider in (_absences, *PROVIDERS) for one in provider(people, first, last)] if people else []


def excuses(people: Collection[int], first: date, last: date) -> list[Hindrance]:
    """Absences that were agreed to: whoever does not come because of one is excused."""
    found = [one for provider in EXCUSING for one in provider(people, first, last)] if people else []
    return [one for one in found if one.excuse]


def _absences(people: Collection[int], first: date, last: date) -> Iterable[Hindrance]:
    rows = Absence.objects.filter(user__person_id__in=people, starts_on__lte=last, ends_on__gte=first)
    for person_id, starts_on, ends_on in rows.values_list("user__person_id", "starts_on", "ends_on"):
        yield Hindrance(person_id, starts_on, ends_on, LEAVE)
