"""When what contracts make somebody owe is due: pure functions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from occ.times import end_of_day
from occ.working_days import working_days_after


def renewal_due(ends_on: date, zone: ZoneInfo) -> datetime:
    """Renewed or not: by the end of the contract's last day (MO 4.1.5)."""
    return end_of_day(ends_on, zone)


def registration_due(signed_on: date, zone: ZoneInfo, days: int) -> datetime:
    """The end of the so many-th working day after the day of signing (PP 35/2021 art. 14: 3, online)."""
    return end_of_day(working_days_after(signed_on, days), zone)


def compensation_due(ends_on: date, zone: ZoneInfo) -> datetime:
    """At the end of the term (PP 35/2021 art. 15)."""
    return end_of_day(ends_on, zone)
