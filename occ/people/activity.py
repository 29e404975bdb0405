"""Somebody did something under a name of another system: told by whoever hears of it, for whoever minds.

`seen` is sent inside the transaction in which it became known: rows, a list of `Seen`; now.
"""

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
