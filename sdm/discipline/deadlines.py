"""When a step of a pembinaan is due: pure functions of days in the site's zone (MO 4.1.3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day


def due_in_days(at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The end of the site's day that lies so many days after the one on which it began."""
    return end_of_day(local_day(at, zone) + timedelta(days=int(days)), zone)


def judged_by(improve_until: date, zone: ZoneInfo) -> datetime:
    """The improvement is judged by the end of the day after the last one of the time given for it."""
    return end_of_day(improve_until + timedelta(days=1), zone)
