"""The dates of people's affairs as pure functions."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day


def interview_due(last_working_day: date, zone: ZoneInfo, days_before: float) -> datetime:
    """The exit interview is held so many days before the last working day, by the end of that day."""
    return end_of_day(last_working_day, zone) - timedelta(days=days_before)


def clearance_due(last_working_day: date, zone: ZoneInfo, days_after: float) -> datetime:
    """What the leaver holds is handed back by the end of the last working day, or so many days later."""
    return end_of_day(last_working_day, zone) + timedelta(days=days_after)


def age_on(born: date, day: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March where there is no such day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def tenure(stints: list[tuple[date, date | None]], day: date) -> int:
    """Days worked up to that day, over all the times that somebody was employed; a day counts once."""
    return sum(
        max(0, (min(last or day, day) - first).days + 1) for first, last in stints if first <= day
    )  # fmt: skip
