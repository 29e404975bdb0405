"""Which records have reached an age of the schedule, as a condition on records (RET-3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, Value, When

from occ.times import end_of_day
from retention.deadlines import anniversary
from retention.models import Schedule


def last_day_over(day: date, years: int) -> date:
    """The latest day whose anniversary is over on `day`: what ended on it or before has passed that age."""
    last = anniversary(day - timedelta(days=1), -years)
    while anniversary(last + timedelta(days=1), years) < day:  # 29 February is over with the 28th
        last += timedelta(days=1)
    return last


def rules_on(kind: str, day: date) -> list[Schedule]:
    """The periods of that kind that hold on that day, the most special first: a client's go before a channel's."""
    # What holds where no row does is what the procedure says (SOP-RET 5), as the first rows do.
    latest = {("", ""): Schedule(record_kind=kind, valid_from=day, backup_after_years=1, delete_after_years=2)}
    rows = Schedule.objects.filter(record_kind=kind, valid_from__lte=day)
    for row in rows.order_by("valid_from"):
        latest[row.channel, row.client] = row
    return sorted(latest.values(), key=lambda row: (not row.client, not row.channel))


def past(rules: list[Schedule], field: str, day: date, zone: ZoneInfo) -> Q:
    """Records of the rules' kind that are older than their period; `field`: backup_after_years, delete_after_years."""
    cuts = [end_of_day(last_day_over(day, getattr(rule, field)), zone) for rule in rules]
    if len(rules) == 1 and not (rules[0].channel or rules[0].client):
        return Q(ended_at__lt=cuts[0])
    whens = [When(_of(rule), then=Value(cut)) for rule, cut in zip(rules, cuts, strict=True)]
    never = Value(datetime.min.replace(year=1970, tzinfo=zone))
    return Q(ended_at__lt=max(cuts)) & Q(ended_at__lt=Case(*whens, default=never))


def _of(rule: Schedule) -> Q:
    """Of which records it speaks."""
    channel = Q(channel=rule.channel) if rule.channel else Q()
    return (channel & Q(source__client=rule.client) if rule.client else channel) or Q(pk__isnull=False)
