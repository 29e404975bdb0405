"""When a leave must be decided, confirmed and proved: pure functions."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day, start_of_day


def decision_due(at: datetime, first: date, zone: ZoneInfo, days: float) -> datetime:
    """So many days after the one on which it was asked for or approved, but before the leave begins; that day's end
    where it begins at once."""
    today = local_day(at, zone)
    latest = end_of_day(today + timedelta(days=int(days)), zone)
    return max(end_of_day(today, zone), min(latest, start_of_day(first, zone)))


def note_due(at: datetime, first: date, zone: ZoneInfo, days: float) -> datetime:
    """The proof is brought so many days after the first day, or after the day on which it was told if that is later."""
    return end_of_day(max(first, local_day(at, zone)) + timedelta(days=int(days)), zone)
