"""Counted quarters of past days, as the floor leaves them."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta

from occ.people.choices import Channel
from occ.people.models import Site
from realtime.models import Interval
from tests.factories import NOW, site

TODAY = date(2026, 11, 20)
AHT = 330.0


def calls_in(quarter: int, day: date) -> int:
    """From 08:00 to 20:00; weekends half, Mondays half as many again."""
    if not 32 <= quarter < 80:
        return 0
    weekly = (1.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5)[day.weekday()]
    return round(20 * weekly * math.sin((quarter - 28) / 56 * math.pi))


def lived(where: Site | None = None, *, days: int = 25, channel: str = Channel.VOICE, more: float = 1.0,
          until: date = TODAY) -> None:  # fmt: skip
    where = where or site("JKT")
    rows = []
    for n in range(days):
        day = until - timedelta(days=n + 1)
        for quarter in range(96):
            calls = round(calls_in(quarter, day) * more)
            if calls:
                at = datetime.combine(day, time(quarter // 4, quarter % 4 * 15), tzinfo=where.zone)
                rows.append(
                    Interval(
                        site=where, channel=channel, starts_at=at, offered=calls, answered=calls, handled=calls,
                        talk_ms=calls * 300_000, wrapup_ms=calls * 30_000, computed_at=NOW,
                    )
                )  # fmt: skip
    Interval.objects.bulk_create(rows)
