"""When an answer and a decision are due: pure functions."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day


def due_in_days(at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The end of the site's day that lies so many days after the one on which it began (SOP-RTM 7.5)."""
    return end_of_day(local_day(at, zone) + timedelta(days=int(days)), zone)
