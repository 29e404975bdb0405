"""Which records have reached an age of the schedule, as a condition on records (RET-3).

Which period governs a record is said in services.schedule alone: the first of its rows that fits.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, Value, When

from occ.times import end_of_day
from retention.deadlines import ended_by
from retention.models import Schedule
from retention.services.schedule import matching, rules_on


def rules_of(kind: str, day: date) -> list[Schedule]:
    """The periods of that kind that hold on that day, in the order in which they govern."""
    return [one for one in rules_on(day) if one.record_kind == kind]


def past(rules: Sequence[Schedule], field: str, day: date, zone: ZoneInfo) -> Q:
    """Records of the rules' kind that are older than their period; `field`: backup_after_years, delete_after_years.

    Older: the anniversary is over, so that its own day does not count.
    """
    cuts = [end_of_day(ended_by(day - timedelta(days=1), getattr(rule, field)), zone) for rule in rules]
    if len(rules) == 1 and not (rules[0].channel or rules[0].client):
        return Q(ended_at__lt=cuts[0])
    whens = [When(matching(rule), then=Value(cut)) for rule, cut in zip(rules, cuts, strict=True)]
    never = Value(datetime.min.replace(year=1970, tzinfo=zone))
    return Q(ended_at__lt=max(cuts)) & Q(ended_at__lt=Case(*whens, default=never))
