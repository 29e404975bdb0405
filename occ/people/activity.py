"""Somebody did something under a name of another system: told by whoever hears of it, for whoever minds.

`seen` is sent inside the transaction in which it became known: rows, a list of `Seen`; now. Who keeps what was seen
registers here as well: of a leaving that is recorded late it is asked what came before.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal

seen = Signal()


@dataclass(frozen=True)
class Seen:
    """The latest that was seen of `name` (a user ID) in what has just come; `what`: "login" or "activity"."""

    name: str
    person_id: int | None
    at: datetime
    what: str
    source: str


# Of a user ID, from then on and up to then (None: up to now), the latest that each source told.
Keeper = Callable[[str, datetime, datetime | None], Iterable[Seen]]
KEEPERS: list[Keeper] = []


def register(keeper: Keeper) -> Keeper:
    KEEPERS.append(keeper)
    return keeper


def seen_since(name: str, since: datetime, until: datetime | None = None) -> list[Seen]:
    return [one for keeper in KEEPERS for one in keeper(name, since, until)]
