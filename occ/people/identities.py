"""Who is meant by a name that another system uses: an employee number, or what an app above knows (a user ID,
an e-mail address).

An app registers who held which names when; nothing here knows what kind of name that is.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Upper

from occ.people.models import Person


@dataclass(frozen=True)
class Held:
    """`name` meant this person from `starts_at` (None: ever) until `ends_at` (None: still), half-open."""

    name: str
    person_id: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def at(self, instant: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= instant) and (
            self.ends_at is None or instant < self.ends_at
        )


Finder = Callable[[Collection[str]], Iterable[Held]]
FINDERS: list[Finder] = []


def register(finder: Finder) -> None:
    """`finder(names)`: all who ever held one of these, compared without regard to case."""
    FINDERS.append(finder)


class Holders:
    """Who held which of these names: asked once, answered for any instant."""

    def __init__(self, names: Collection[str]) -> None:
        self.held: dict[str, list[Held]] = {}
        wanted = {name for name in names if name}
        if not wanted:
            return
        for finder in FINDERS:
            for one in finder(wanted):
                self.held.setdefault(one.name.casefold(), []).append(one)
        numbers = Person.objects.annotate(spelt=Upper("number")).filter(spelt__in={name.upper() for name in wanted})
        for number, person_id in numbers.values_list("number", "pk"):
            self.held.setdefault(number.casefold(), []).append(Held(number, person_id))

    def people_at(self, name: str, instant: datetime) -> set[int]:
        """More than one where the name is ambiguous."""
        return {one.person_id for one in self.held.get(name.casefold(), ()) if one.at(instant)}

    def person_at(self, name: str, instant: datetime) -> int | None:
        return next((one.person_id for one in self.held.get(name.casefold(), ()) if one.at(instant)), None)
