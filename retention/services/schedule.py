"""How long what is kept: which dated row holds for a record on a day, and which records a row makes due (RET-3).

The row for a client and a channel goes before the client's, the client's before the channel's, the channel's before
the rest; of one such line the latest that has begun holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from occ.times import JAKARTA, end_of_day
from retention.deadlines import ended_by
from retention.models import Record, Schedule


@dataclass(frozen=True)
class Bound:
    """What a row makes due on a day. `among`: the records that this row and no more special one governs."""

    rule: Schedule
    among: Q
    # Those that ended before these instants have turned the age at which they are to be backed up; may be destroyed.
    backup_before: datetime
    delete_before: datetime


def rules_on(day: date) -> list[Schedule]:
    """The rows in force on that day, the most special first: the first that fits a record governs it."""
    return in_force(Schedule.objects.filter(valid_from__lte=day), day)


def in_force(rows: Iterable[Schedule], day: date) -> list[Schedule]:
    latest: dict[tuple[str, str, str], Schedule] = {}
    for row in sorted(rows, key=lambda one: one.valid_from):
        if row.valid_from <= day:
            latest[row.record_kind, row.channel, row.client] = row
    return sorted(latest.values(), key=lambda one: (not one.client, not one.channel, one.record_kind))


def rule_of(record: Record, rules: Sequence[Schedule]) -> Schedule:
    """The row that governs the record; `rules` as `rules_on` gives them. Asks for `record.source`: select it too."""
    return next(one for one in rules if _fits(one, record.kind, record.channel, record.source.client))


def schedule_for(kind: str, channel: str, client: str, on: date) -> Schedule:
    return next(one for one in rules_on(on) if _fits(one, kind, channel, client))


def due_bounds(day: date, zone: ZoneInfo = JAKARTA, rules: Sequence[Schedule] | None = None) -> list[Bound]:
    """For each row in force on `day`: which records it governs, and before when they ended to be due on that day.

    Together the rows' `among` hold every record once.
    """
    rules = rules_on(day) if rules is None else rules
    return [
        Bound(
            rule, _among(rule, rules[:at]),
            end_of_day(ended_by(day, rule.backup_after_years), zone),
            end_of_day(ended_by(day - timedelta(days=1), rule.delete_after_years), zone),
        )
        for at, rule in enumerate(rules)
    ]  # fmt: skip


def _fits(rule: Schedule, kind: str, channel: str, client: str) -> bool:
    return rule.record_kind == kind and rule.channel in ("", channel) and rule.client in ("", client)


def _match(rule: Schedule) -> Q:
    found = Q(kind=rule.record_kind)
    if rule.channel:
        found &= Q(channel=rule.channel)
    return found & Q(source__client=rule.client) if rule.client else found


def _among(rule: Schedule, before: Sequence[Schedule]) -> Q:
    found = _match(rule)
    for other in before:
        apart = any(
            mine and theirs and mine != theirs
            for mine, theirs in ((rule.channel, other.channel), (rule.client, other.client))
        )
        if other.record_kind == rule.record_kind and not apart:
            found &= ~_match(other)
    return found
