"""What of a report looks wrong before it is counted (RTM-4): a mapping can be fit for its columns and still mislead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from occ.people.models import Site
from realtime.choices import Outcome
from realtime.models import Interval
from realtime.reports.mapping import Mapping
from realtime.reports.reading import Event

BEFORE = timedelta(weeks=4)
QUEUED = frozenset({str(Outcome.ANSWERED), str(Outcome.ABANDONED)})
APART = 15  # points between what the file says and what was usual
HALF = 50  # percent; below it a mapping has more likely taken one outcome for another
ENOUGH = 20  # calls; of fewer any share can be


def report_hints(mapping: Mapping, events: Sequence[Event], site: Site) -> dict[str, Any]:
    """As JSON: how many of the queued calls were answered, in percent too, and in the four weeks before (None: nothing
    is known), how many of them say nothing of their wait, and whether that share is `odd`. Empty without calls."""
    calls = [one for one in events if one["type"] == "interaction.record" and one.get("outcome") in QUEUED]
    if mapping.kind != "calls" or not calls:
        return {}
    answered = sum(one["outcome"] == Outcome.ANSWERED for one in calls)
    share = round(100 * answered / len(calls), 1)
    usual = _usual(mapping, min(datetime.fromisoformat(one["occurred_at"]) for one in calls), site)
    apart = usual is not None and abs(share - usual) > APART
    return {
        "answered": answered, "calls": len(calls), "share": share, "usual": usual,
        "unqueued": sum(not one.get("queued_at") and one.get("wait_s") is None for one in calls),
        "odd": len(calls) >= ENOUGH and (apart or share < HALF or answered == len(calls)),
    }  # fmt: skip


def _usual(mapping: Mapping, first: datetime, site: Site) -> float | None:
    rows = Interval.objects.filter(
        site=site, channel=mapping.channel, starts_at__gte=first - BEFORE, starts_at__lt=first
    )
    found = rows.aggregate(answered=Sum("answered"), offered=Sum("offered"))
    return round(100 * found["answered"] / found["offered"], 1) if found["offered"] else None
