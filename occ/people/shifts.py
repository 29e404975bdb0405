"""When a person's shift ends: a roster above registers what it knows, and tells when that has changed.

A shift is one thing even over midnight: it belongs to the day on which it begins.
"""

from collections.abc import Callable
from datetime import date, datetime

from django.dispatch import Signal

from occ.people.models import Person

# Who knows when a person's shift that begins on a day ends.
LastShift = Callable[[Person, date], datetime | None]
_providers: list[LastShift] = []

# Sent inside the transaction that changes rosters in force: days, a set of (person's key, day); actor; now.
shifts_changed = Signal()


def register_last_shift(provider: LastShift) -> None:
    _providers.append(provider)


def unregister_last_shift(provider: LastShift) -> None:
    _providers.remove(provider)


def last_shift_ends(person: Person, day: date) -> datetime | None:
    """When the shift that the person begins on that day ends; None where no roster knows.

    Whoever registered last is asked first.
    """
    return next((end for provider in reversed(_providers) if (end := provider(person, day)) is not None), None)
