"""When scores, report, approval, telling, validation and payment are due: pure functions (MO 4.1.4)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day, next_month


def due_on_day(month: date, day: float, zone: ZoneInfo) -> datetime:
    """The end of that day of the month after the one evaluated; of its last day, where it is shorter."""
    first = next_month(month)
    last = next_month(first) - timedelta(days=1)
    return end_of_day(min(first + timedelta(days=int(day) - 1), last), zone)


def due_in_days(at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The end of the site's day that lies so many days after the one on which it began."""
    return end_of_day(local_day(at, zone) + timedelta(days=int(days)), zone)


def due_at_latest(month: date, day: float, at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The day of the month, but for who gets it late at least so many days after that."""
    return max(due_on_day(month, day, zone), due_in_days(at, days, zone))
