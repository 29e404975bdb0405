"""The deadline of SOP-UID 5.1 as a pure function; the end of the last shift is asked for at occ.people.shifts."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, start_of_day


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


def id_due(first_day: date, zone: ZoneInfo, requested_at: datetime, within: timedelta) -> datetime:
    """A new employee's ID: from the beginning of the first day, or from the request where that comes later."""
    return max(start_of_day(first_day, zone), requested_at) + within
