"""Which period holds for a record (RET-3)."""

from collections.abc import Iterable
from datetime import date

from retention.models import Record, Schedule


def rules_on(day: date) -> list[Schedule]:
    """What holds on that day: of each kind, channel and client the latest that has begun."""
    found: dict[tuple[str, str, str], Schedule] = {}
    for one in Schedule.objects.filter(valid_from__lte=day).order_by("valid_from", "pk"):
        found[one.record_kind, one.channel, one.client] = one
    return list(found.values())


def rule_of(record: Record, rules: Iterable[Schedule]) -> Schedule | None:
    """The most particular one: of its channel and client, of its client, of its channel, of its kind."""
    by_scope = {(one.channel, one.client): one for one in rules if one.record_kind == record.kind}
    channel, client = record.channel, record.source.client
    for scope in ((channel, client), ("", client), (channel, ""), ("", "")):
        if scope in by_scope:
            return by_scope[scope]
    return None
