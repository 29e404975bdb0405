"""What a roster has people do on a day: a roster above registers what it knows, so that modules below can ask."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PlannedDay:
    """`works`: whether the person would work, were it not for an absence. `words`: as people read it."""

    works: bool
    words: str


# (person, day) -> what is planned; nothing where no published roster says anything.
Plans = dict[tuple[int, date], PlannedDay]
Provider = Callable[[Collection[int], date, date], Plans]
PROVIDERS: list[Provider] = []


def register(provider: Provider) -> None:
    """`provider(people, first, last)`: what is planned for these people on these days, both included."""
    PROVIDERS.append(provider)


def planned_for(people: Collection[int], first: date, last: date) -> Plans:
    found: Plans = {}
    for provider in PROVIDERS if people else ():
        found |= provider(people, first, last)
    return found
