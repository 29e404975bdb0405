"""When a person's shift ends: a roster above registers what it knows, and tells when that has changed.

A shift is one thing even over midnight: it belongs to the day on which it begins.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from django.dispatch import Signal

from occ.people.models import Person


class ShiftEnd(NamedTuple):
    """When a shift ends, and who says so, in the reader's words."""

    at: datetime
    known_by: str


# Who knows when a person's shift that begins on a day ends.
LastShift = Callable[[Person, date], ShiftEnd | None]
_providers: list[LastShift] = []

# Sent inside the transaction that changes rosters in force: days, a set of (person's key, day); actor; now.
shifts_changed = Signal()


def register_last_shift(provider: LastShift) -> None:
    _providers.append(provider)


def unregister_last_shift(provider: LastShift) -> None:
    _providers.remove(provider)


def last_shift(person: Person, day: date) -> ShiftEnd | None:
    """The end of the shift that the person begins on that day; None where no roster knows.

    Whoever registered last is asked first.
    """
    return next((end for provider in reversed(_providers) if (end := provider(person, day)) is not None), None)


def last_shift_ends(person: Person, day: date) -> datetime | None:
    end = last_shift(person, day)
    return end.at if end else None
