"""Days and instants. Instants are aware and kept in UTC; a day is a day in the site's time zone (KER-6)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")
# What people enter must lie between these (both included); beyond them is a slip of the finger.
FIRST_YEAR, LAST_YEAR = 1990, 2100
FIRST_BIRTH_YEAR = 1920


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins there."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` is over there: the next midnight."""
    return start_of_day(day + timedelta(days=1), zone)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day that `at` falls on there."""
    return at.astimezone(zone).date()


def month_of(day: date) -> date:
    """The first of that day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def in_reach(value: date | datetime) -> bool:
    """Whether a day or an instant that somebody entered can be meant."""
    return FIRST_YEAR <= value.year <= LAST_YEAR
