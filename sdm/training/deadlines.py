"""When a stage of a training is due: a pure function (MO 4.1.2)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day


def stage_due(came_at: datetime, days: float, zone: ZoneInfo) -> datetime:
    """The end of the site's day that lies so many days after the one on which the first participant came to it."""
    return end_of_day(local_day(came_at, zone) + timedelta(days=int(days)), zone)
