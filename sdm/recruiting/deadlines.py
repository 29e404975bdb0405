"""When a step of a recruitment is due, and when a candidate is forgotten: pure functions."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day


def step_due(at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The end of the site's day that lies so many days after the one on which the step began."""
    return end_of_day(local_day(at, zone) + timedelta(days=int(days)), zone)


def fulfil_due(needed_by: date, zone: ZoneInfo) -> datetime:
    """People are at work when the day begins on which they are needed: the end of the day before."""
    return end_of_day(needed_by - timedelta(days=1), zone)


def forgotten_since(now: datetime, days: float) -> datetime:
    """Who ended before this instant is forgotten."""
    return now - timedelta(days=days)
