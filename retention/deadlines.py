"""How old a conversation is, and what that asks for (RET-3). Ages are whole years on the calendar from its end."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from occ.times import end_of_day, local_day, month_of, next_month


def anniversary(day: date, years: int) -> date:
    """The same day so many years later; 29 February ends on 28 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def backup_due(ended_at: datetime, zone: ZoneInfo, years: int) -> datetime:
    """Until when it must be backed up: the end of the day on which it turns that old (SOP-RET 5.1, 5.2)."""
    return end_of_day(anniversary(local_day(ended_at, zone), years), zone)


def may_go_on(ended_at: datetime, zone: ZoneInfo, years: int) -> date:
    """The first day on which it is older than that, and may be proposed for destruction (SOP-RET 5.3, 5.4)."""
    return anniversary(local_day(ended_at, zone), years) + timedelta(days=1)


def gathers_on(month: date, years: int, days_before: int) -> date:
    """When a month's batch begins to gather: so many days before its first record can reach the age."""
    return anniversary(month_of(month), years) - timedelta(days=days_before)


def month_bounds(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which a conversation must end to belong to the month: from, up to but not including."""
    first = month_of(month)
    return end_of_day(first - timedelta(days=1), zone), end_of_day(next_month(first) - timedelta(days=1), zone)


def ended_by(day: date, years: int) -> date:
    """The last day of a conversation's end that is that old on `day`: the other way round of `anniversary`."""
    last = anniversary(day, -years)
    while anniversary(last + timedelta(days=1), years) <= day:  # 29 February, which ended on the 28th too
        last += timedelta(days=1)
    return last
