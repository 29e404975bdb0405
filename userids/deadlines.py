"""The deadline of SOP-UID 5.1 as a pure function, and where the end of the last shift is asked for."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.people.models import Person
from occ.times import end_of_day

# The roster (module realtime) registers here who knows when a person's shift that begins on a day ends.
LastShift = Callable[[Person, date], datetime | None]
_providers: list[LastShift] = []


def clock_start(last_working_day: date, zone: ZoneInfo, last_shift_ends: datetime | None) -> datetime:
    """The end of the leaver's last rostered shift, else of the last working day as the site's clocks show it."""
    return last_shift_ends or end_of_day(last_working_day, zone)


def deactivation_due(
    last_working_day: date, zone: ZoneInfo, last_shift_ends: datetime | None, within: timedelta
) -> datetime:
    """The clock's start plus the allowed time (SOP-UID 5.1: 1x24 h after the last working day)."""
    return clock_start(last_working_day, zone, last_shift_ends) + within


def other_start(last_day: date | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Where nobody leaves (UID-8) the clock starts at the end of the last day of use, or at once where none is said."""
    return now if last_day is None else end_of_day(last_day, zone)


def register_last_shift(provider: LastShift) -> None:
    _providers.append(provider)


def last_shift_ends(person: Person, day: date) -> datetime | None:
    """When the shift that the person begins on that day ends; None where no roster knows."""
    return next((end for provider in _providers if (end := provider(person, day)) is not None), None)


def unregister_last_shift(provider: LastShift) -> None:
    _providers.remove(provider)
