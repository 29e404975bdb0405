"""Quarters of an hour computed anew from interactions and segments (RTM-10, RTM-11).

What changes one says so in `Stale`, in its own transaction; `intervals_compute` takes these and writes the figures. A
quarter that changes later than `SETTLED` after its end says that it was corrected.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from occ.people.models import Site
from occ.policies.services import policy_value
from realtime.choices import Category
from realtime.models import FORMULA
from realtime.policies import MENU_COUNTS, SHORT_ABANDON, WITHIN, response_limit, response_target

QUARTER = timedelta(minutes=15)
SETTLED = timedelta(hours=1)
AT_ONCE = 5_000
Spot = tuple[int | None, str, datetime]


def quarter_of(at: datetime) -> datetime:
    """The start of the quarter of an hour that `at` lies in; every zone's offset is a multiple of a quarter."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def touch(spots: Iterable[Spot], *, now: datetime | None = None) -> None:
    """These arrivals' quarters must be computed anew. Without a site there is no figure that they belong to."""
    rows = sorted({(site, channel, quarter_of(at)) for site, channel, at in spots if site is not None})
    _stale(rows, now or timezone.now())


def staff_touch(spans: Iterable[tuple[int | None, datetime, datetime | None]]) -> None:
    """Quarters that these times of an agent lie in; one that goes on is counted as far as it is asked for."""
    rows: set[tuple[int, str, datetime]] = set()
    now = timezone.now()
    for site, start, end in spans:
        if site is None:
            continue
        last = min(end or start, now)
        at = quarter_of(start)
        while at <= last and len(rows) < 200_000:
            rows.add((site, "", at))
            at += QUARTER
    _stale(sorted(rows), now)


def _stale(rows: list[tuple[int, str, datetime]], now: datetime) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO realtime_stale (site_id, channel, starts_at, since)
               SELECT s, c, t, %s FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS r(s, c, t)
               ON CONFLICT (site_id, channel, starts_at) DO NOTHING""",
            [now, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
        )


def intervals_compute(*, now: datetime) -> int:
    """Compute what is stale; how many quarters that were."""
    done = 0
    while step := _compute_some(now):
        done += step
    return done


@transaction.atomic
def _compute_some(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM realtime_stale WHERE id IN (
                   SELECT id FROM realtime_stale ORDER BY starts_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
               RETURNING site_id, channel, starts_at""",
            [AT_ONCE],
        )
        rows = sorted(cursor.fetchall())
        calls = [row for row in rows if row[1]]
        staff = [row for row in rows if not row[1]]
        if calls:
            cursor.execute(COMPUTE, _asked(calls, now))
        if staff:
            columns = {"site": [row[0] for row in staff], "starts": [row[2] for row in staff]}
            cursor.execute(STAFF, columns | {"now": now})
    return len(rows)


def _asked(rows: list[tuple[int, str, datetime]], now: datetime) -> dict[str, Any]:
    """The quarters as columns, each with the thresholds that held then."""
    sites = Site.objects.in_bulk({row[0] for row in rows})
    known: dict[tuple[int, Any], list[int]] = {}

    def thresholds(site_id: int, at: datetime) -> list[int]:
        key = (site_id, at.date())
        if key not in known:
            site, day = sites[site_id], at.replace(hour=0, minute=0) + timedelta(days=1)
            names = [SHORT_ABANDON, WITHIN, MENU_COUNTS]
            for category in Category.values:
                names += [response_target(category), response_limit(category)]
            known[key] = [round(float(policy_value(name, at=day, site=site)) * 1000) for name in names]
        return known[key]

    found = [thresholds(site, at) for site, _channel, at in rows]
    columns = {f"p{i}": [one[i] for one in found] for i in range(9)}
    return columns | {
        "site": [row[0] for row in rows], "channel": [row[1] for row in rows], "starts": [row[2] for row in rows],
        "now": now, "formula": FORMULA, "settled": SETTLED + QUARTER,
    }  # fmt: skip


# Of an interaction with a fault the counts are counted and the durations are not. A case has a response time in place
# of a wait and a talk.
COMPUTE = """
WITH asked AS (
    SELECT * FROM unnest(%(site)s::bigint[], %(channel)s::text[], %(starts)s::timestamptz[], %(p0)s::bigint[],
        %(p1)s::bigint[], %(p2)s::bigint[], %(p3)s::bigint[], %(p4)s::bigint[], %(p5)s::bigint[], %(p6)s::bigint[],
        %(p7)s::bigint[], %(p8)s::bigint[])
    AS a(site_id, channel, starts_at, short, within_ms, menu, t_info, l_info, t_ask, l_ask, t_plain, l_plain)
), found AS (
    SELECT a.site_id, a.channel, a.starts_at,
        count(*) FILTER (WHERE NOT i.is_case AND (i.outcome <> 'menu' OR a.menu > 0)) AS offered,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'answered') AS answered,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'abandoned') AS abandoned,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'abandoned' AND i.wait_ms < a.short) AS short_abandoned,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'menu') AS menu_only,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'open') AS waiting,
        count(*) FILTER (WHERE NOT i.is_case AND i.outcome = 'answered' AND i.wait_ms <= a.within_ms) AS within,
        COALESCE(sum(i.wait_ms) FILTER (WHERE NOT i.is_case AND i.outcome = 'answered'), 0) AS wait_ms,
        COALESCE(sum(i.wait_ms) FILTER (WHERE NOT i.is_case AND i.outcome = 'abandoned'), 0) AS lost_wait_ms,
        COALESCE(sum(i.handled) FILTER (WHERE NOT i.is_case AND i.faults = '{}'), 0) AS handled,
        COALESCE(sum(i.talk_ms) FILTER (WHERE NOT i.is_case AND i.faults = '{}'), 0) AS talk_ms,
        COALESCE(sum(i.hold_ms) FILTER (WHERE NOT i.is_case AND i.faults = '{}'), 0) AS hold_ms,
        COALESCE(sum(i.wrapup_ms) FILTER (WHERE NOT i.is_case AND i.faults = '{}'), 0) AS wrapup_ms,
        count(*) FILTER (WHERE i.faults <> '{}') AS faults,
        count(*) FILTER (WHERE i.is_case) AS cases,
        count(*) FILTER (WHERE i.is_case AND i.submitted_at IS NOT NULL) AS submitted,
        count(*) FILTER (WHERE i.is_case AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN a.t_info
                         WHEN 'permintaan' THEN a.t_ask ELSE a.t_plain END) AS on_target,
        count(*) FILTER (WHERE i.is_case AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN a.l_info
                         WHEN 'permintaan' THEN a.l_ask ELSE a.l_plain END) AS within_limit,
        COALESCE(sum(i.wait_ms) FILTER (WHERE i.is_case AND i.submitted_at IS NOT NULL), 0) AS response_ms
    FROM asked a
    LEFT JOIN LATERAL (
        SELECT * FROM realtime_interaction x WHERE x.site_id = a.site_id AND x.channel = a.channel
        AND x.arrived_at >= a.starts_at AND x.arrived_at < a.starts_at + interval '15 minutes'
    ) i ON true
    GROUP BY a.site_id, a.channel, a.starts_at
)
INSERT INTO realtime_interval (site_id, channel, starts_at, offered, answered, abandoned, short_abandoned, menu_only,
    waiting, within, wait_ms, lost_wait_ms, handled, talk_ms, hold_ms, wrapup_ms, faults, cases, submitted, on_target,
    within_limit, response_ms, formula, computed_at, corrections)
SELECT f.*, %(formula)s, %(now)s, 0 FROM found f
ON CONFLICT (site_id, channel, starts_at) DO UPDATE SET
    (offered, answered, abandoned, short_abandoned, menu_only, waiting, within, wait_ms, lost_wait_ms, handled, talk_ms,
     hold_ms, wrapup_ms, faults, cases, submitted, on_target, within_limit, response_ms, formula, computed_at,
     corrected_at, corrections) =
    (excluded.offered, excluded.answered, excluded.abandoned, excluded.short_abandoned, excluded.menu_only,
     excluded.waiting, excluded.within, excluded.wait_ms, excluded.lost_wait_ms, excluded.handled, excluded.talk_ms,
     excluded.hold_ms, excluded.wrapup_ms, excluded.faults, excluded.cases, excluded.submitted, excluded.on_target,
     excluded.within_limit, excluded.response_ms, excluded.formula, excluded.computed_at,
     CASE WHEN realtime_interval.computed_at > realtime_interval.starts_at + %(settled)s THEN excluded.computed_at
          ELSE realtime_interval.corrected_at END,
     realtime_interval.corrections
       + (realtime_interval.computed_at > realtime_interval.starts_at + %(settled)s)::int)
WHERE (realtime_interval.offered, realtime_interval.answered, realtime_interval.abandoned,
       realtime_interval.short_abandoned, realtime_interval.menu_only, realtime_interval.waiting,
       realtime_interval.within, realtime_interval.wait_ms, realtime_interval.lost_wait_ms, realtime_interval.handled,
       realtime_interval.talk_ms, realtime_interval.hold_ms, realtime_interval.wrapup_ms, realtime_interval.faults,
       realtime_interval.cases, realtime_interval.submitted, realtime_interval.on_target,
       realtime_interval.within_limit, realtime_interval.response_ms, realtime_interval.formula)
   IS DISTINCT FROM
      (excluded.offered, excluded.answered, excluded.abandoned, excluded.short_abandoned, excluded.menu_only,
       excluded.waiting, excluded.within, excluded.wait_ms, excluded.lost_wait_ms, excluded.handled, excluded.talk_ms,
       excluded.hold_ms, excluded.wrapup_ms, excluded.faults, excluded.cases, excluded.submitted, excluded.on_target,
       excluded.within_limit, excluded.response_ms, excluded.formula)
"""

# A state that goes on counts up to now.
STAFF = """
INSERT INTO realtime_staffinterval (site_id, starts_at, available_ms, busy_ms, wrapup_ms, aux_ms, unknown_ms,
    computed_at)
SELECT a.site_id, a.starts_at,
    COALESCE(sum(ms) FILTER (WHERE state = 'available'), 0),
    COALESCE(sum(ms) FILTER (WHERE state IN ('busy', 'hold')), 0),
    COALESCE(sum(ms) FILTER (WHERE state = 'wrapup'), 0), COALESCE(sum(ms) FILTER (WHERE state = 'aux'), 0),
    COALESCE(sum(ms) FILTER (WHERE state = 'unknown'), 0), %(now)s
FROM unnest(%(site)s::bigint[], %(starts)s::timestamptz[]) AS a(site_id, starts_at)
LEFT JOIN LATERAL (
    SELECT s.state, (EXTRACT(epoch FROM LEAST(COALESCE(s.ends_at, %(now)s), a.starts_at + interval '15 minutes')
                             - GREATEST(s.starts_at, a.starts_at)) * 1000)::bigint AS ms
    FROM realtime_agentsegment s
    WHERE s.site_id = a.site_id AND s.starts_at < a.starts_at + interval '15 minutes'
      AND s.starts_at > a.starts_at - interval '16 hours'
      AND (s.ends_at IS NULL OR s.ends_at > a.starts_at) AND s.state <> 'offline'
) s ON s.ms > 0
GROUP BY a.site_id, a.starts_at
ON CONFLICT (site_id, starts_at) DO UPDATE SET
    available_ms = excluded.available_ms, busy_ms = excluded.busy_ms, wrapup_ms = excluded.wrapup_ms,
    aux_ms = excluded.aux_ms, unknown_ms = excluded.unknown_ms, computed_at = excluded.computed_at
"""
