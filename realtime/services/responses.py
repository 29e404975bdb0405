"""Non-voice (RTM-11, MO 3.2): response time = submission - origin by category against target and limit; who waits now.

A case belongs to the day on which it arrived, and is held against the target and limit of that day. One whose times
cannot be true is counted, and is in no average and no share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q

from occ.people.choices import Channel
from occ.people.models import Site
from occ.policies.models import Policy
from occ.policies.services import Values
from occ.times import end_of_day, local_day, start_of_day
from realtime.choices import Category, Outcome
from realtime.models import Interaction
from realtime.policies import response_limit, response_target
from realtime.services.readings import FORGOTTEN

CHANNELS = [str(one) for one in Channel.values if one != Channel.VOICE]
KEYS = [key(str(one)) for one in Category.values for key in (response_target, response_limit)]
NONE = ""  # a case whose category nobody said is held against that of complaints, the longest


@dataclass
class Responses:
    """Cases of one channel and category, or of several together."""

    cases: int = 0
    submitted: int = 0
    unmeasured: int = 0  # among the submitted
    response_ms: int = 0
    on_target: int = 0
    within_limit: int = 0
    slowest_ms: int = 0

    def __add__(self, other: Responses) -> Responses:
        found = Responses(*(getattr(self, one) + getattr(other, one) for one in self.__dataclass_fields__))
        found.slowest_ms = max(self.slowest_ms, other.slowest_ms)
        return found

    @property
    def measured(self) -> int:
        return self.submitted - self.unmeasured

    @property
    def seconds(self) -> float | None:
        return self.response_ms / 1000 / self.measured if self.measured else None

    @property
    def target_share(self) -> float | None:
        return 100 * self.on_target / self.measured if self.measured else None

    @property
    def limit_share(self) -> float | None:
        return 100 * self.within_limit / self.measured if self.measured else None


@dataclass(frozen=True)
class Queue:
    """Who waits now on a channel: how many, since when the first of them, and how many beyond their limit."""

    channel: str
    waiting: int
    oldest: datetime | None
    beyond: int


COUNT = """
SELECT i.channel, i.category, count(*), count(*) FILTER (WHERE done), count(*) FILTER (WHERE done AND NOT timed),
    COALESCE(sum(i.wait_ms) FILTER (WHERE done AND timed), 0),
    count(*) FILTER (WHERE timed AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN s.t_info
                     WHEN 'permintaan' THEN s.t_ask ELSE s.t_plain END),
    count(*) FILTER (WHERE timed AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN s.l_info
                     WHEN 'permintaan' THEN s.l_ask ELSE s.l_plain END),
    COALESCE(max(i.wait_ms) FILTER (WHERE done AND timed), 0)
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[], %(p0)s::bigint[], %(p1)s::bigint[], %(p2)s::bigint[],
            %(p3)s::bigint[], %(p4)s::bigint[], %(p5)s::bigint[])
     AS s(starts, ends, t_info, l_info, t_ask, l_ask, t_plain, l_plain)
JOIN LATERAL (
    SELECT x.channel, x.category, x.wait_ms, x.submitted_at IS NOT NULL AS done,
           NOT x.faults && '{negative,clock}'::varchar[] AS timed
    FROM realtime_interaction x
    WHERE x.site_id = %(site)s AND x.channel = ANY(%(channels)s) AND x.is_case
      AND x.arrived_at >= s.starts AND x.arrived_at < s.ends
) i ON true
GROUP BY i.channel, i.category
"""


def responses(*, site: Site, start: datetime, end: datetime, channel: str = "") -> dict[tuple[str, str], Responses]:
    """By channel and category; all channels but voice unless one is named."""
    spans = spans_of(site, start, end)
    columns = {f"p{i}": [one[2][i] for one in spans] for i in range(len(KEYS))}
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            columns | {"starts": [one[0] for one in spans], "ends": [one[1] for one in spans], "site": site.pk,
                       "channels": [channel] if channel else CHANNELS},
        )  # fmt: skip
        return {(row[0], row[1]): Responses(*map(int, row[2:])) for row in cursor.fetchall()}


def spans_of(site: Site, start: datetime, end: datetime) -> list[tuple[datetime, datetime, list[int]]]:
    """The time in parts that have the same targets and limits (milliseconds); a part begins and ends with a day."""
    changes = Policy.objects.standing().filter(key__in=KEYS, valid_from__gt=start, valid_from__lt=end)
    instants = changes.values_list("valid_from", flat=True)
    days = sorted({start_of_day(local_day(at, site.zone), site.zone) for at in instants})
    borders = [start, *(day for day in days if day > start), end]
    return [(begins, ends, limits_on(site, local_day(begins, site.zone))) for begins, ends in pairwise(borders)]


def limits_on(site: Site, day: date) -> list[int]:
    """Target and limit of each category as they held on that day, in milliseconds."""
    values = Values(KEYS, at=end_of_day(day, site.zone) - timedelta(microseconds=1))
    return [round(float(values(key, site.pk)) * 1000) for key in KEYS]


def together(found: dict[tuple[str, str], Responses], *, channel: str = "", category: str | None = None) -> Responses:
    rows = [one for (on, of), one in found.items() if channel in ("", on) and (category is None or category == of)]
    return sum(rows, Responses())


def queues(site: Site, now: datetime) -> list[Queue]:
    """One for each channel but voice. A chat that nobody told the end of waits four hours at most; a case for ever."""
    held = limits_on(site, local_day(now, site.zone))
    limits = dict(zip(Category.values, held[1::2], strict=True)) | {NONE: held[-1]}
    waits = Q(is_case=True) | Q(arrived_at__gt=now - FORGOTTEN)
    beyond = Q(pk__in=[])
    for category, limit in limits.items():
        beyond |= Q(is_case=True, category=category, arrived_at__lt=now - timedelta(milliseconds=limit))
    rows = Interaction.objects.filter(
        waits, site=site, outcome=Outcome.OPEN, channel__in=CHANNELS, arrived_at__lte=now
    ).order_by()
    counted: Any = rows.values_list("channel").annotate(
        n=Count("pk"), first=Min("arrived_at"), late=Count("pk", filter=beyond)
    )
    found = {channel: Queue(channel, n, first, late) for channel, n, first, late in counted}
    return [found.get(one, Queue(one, 0, None, 0)) for one in CHANNELS]
