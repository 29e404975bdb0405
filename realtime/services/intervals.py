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
from occ.policies.services import Values
from occ.times import end_of_day, local_day
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


def touch(spots: Iterable[Spot], *, now: datetime | None = None, late: bool = False) -> None:
    """These arrivals' quarters must be computed anew. Without a site there is no figure that they belong to.

    `late`: because of something that was told more than an hour after it happened.
    """
    rows = sorted({(site, channel, quarter_of(at)) for site, channel, at in spots if site is not None})
    _stale(rows, now or timezone.now(), late)


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


def _stale(rows: list[tuple[int, str, datetime]], now: datetime, late: bool = False) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO realtime_stale (site_id, channel, starts_at, since, late)
               SELECT s, c, t, %s, %s FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS r(s, c, t)
               ON CONFLICT (site_id, channel, starts_at) DO UPDATE SET late = true
               WHERE excluded.late AND NOT realtime_stale.late""",
            [now, late, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
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
               RETURNING site_id, channel, starts_at, late""",
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


def _asked(rows: list[tuple[int, str, datetime, bool]], now: datetime) -> dict[str, Any]:
    """The quarters as columns, each with the thresholds that held then."""
    sites = Site.objects.in_bulk({row[0] for row in rows})
    known: dict[tuple[int, Any], list[int]] = {}
    values: dict[datetime, Values] = {}
    names = [SHORT_ABANDON, WITHIN, MENU_COUNTS]
    for category in Category.values:
        names += [response_target(category), response_limit(category)]

    def thresholds(site_id: int, at: datetime) -> list[int]:
        site = sites[site_id]
        key = (site_id, local_day(at, site.zone))
        if key not in known:
            day = end_of_day(key[1], site.zone) - timedelta(microseconds=1)
            if day not in values:
                values[day] = Values(names, at=day)
            known[key] = [round(float(values[day](name, site_id)) * 1000) for name in names]
        return known[key]

    found = [thresholds(site, at) for site, _channel, at, _late in rows]
    columns = {f"p{i}": [one[i] for one in found] for i in range(9)}
    return columns | {
        "site": [row[0] for row in rows], "channel": [row[1] for row in rows], "starts": [row[2] for row in rows],
        "late": [row[3] for row in rows], "now": now, "formula": FORMULA, "settled": SETTLED + QUARTER, "aside": ASIDE,
    }  # fmt: skip


# Of an interaction with a fault the counts are counted and the talk is not; nor is a wait whose ends cannot be true
# (`timed`). A case has a response time in place of a wait and a talk. Each quarter is summed by itself, by the index:
# as a join of all of them PostgreSQL may look at every call of the site for each.
# What was corrected by a late event is kept with what it had been.
COMPUTE = """
WITH asked AS (
    SELECT * FROM unnest(%(site)s::bigint[], %(channel)s::text[], %(starts)s::timestamptz[], %(late)s::boolean[],
        %(p0)s::bigint[], %(p1)s::bigint[], %(p2)s::bigint[], %(p3)s::bigint[], %(p4)s::bigint[], %(p5)s::bigint[],
        %(p6)s::bigint[], %(p7)s::bigint[], %(p8)s::bigint[])
    AS a(site_id, channel, starts_at, late, short, within_ms, menu, t_info, l_info, t_ask, l_ask, t_plain, l_plain)
), found AS (
SELECT a.site_id, a.channel, a.starts_at, f.*
FROM asked a
CROSS JOIN LATERAL (SELECT
    count(*) FILTER (WHERE i.call AND (i.outcome <> 'menu' OR a.menu > 0)) AS offered,
    count(*) FILTER (WHERE i.call AND i.outcome = 'answered') AS answered,
    count(*) FILTER (WHERE i.call AND i.outcome = 'abandoned') AS abandoned,
    count(*) FILTER (WHERE i.call AND i.outcome = 'abandoned' AND i.timed AND i.wait_ms < a.short) AS short_abandoned,
    count(*) FILTER (WHERE i.call AND i.outcome = 'menu') AS menu_only,
    count(*) FILTER (WHERE i.call AND i.outcome = 'open') AS waiting,
    count(*) FILTER (WHERE i.call AND i.outcome = 'answered' AND i.timed AND i.wait_ms <= a.within_ms) AS within,
    COALESCE(sum(i.wait_ms) FILTER (WHERE i.call AND i.outcome = 'answered' AND i.timed), 0) AS wait_ms,
    COALESCE(sum(i.wait_ms) FILTER (WHERE i.call AND i.outcome = 'abandoned' AND i.timed), 0) AS lost_wait_ms,
    COALESCE(sum(i.handled) FILTER (WHERE i.call AND i.sound), 0) AS handled,
    COALESCE(sum(i.talk_ms) FILTER (WHERE i.call AND i.sound), 0) AS talk_ms,
    COALESCE(sum(i.hold_ms) FILTER (WHERE i.call AND i.sound), 0) AS hold_ms,
    COALESCE(sum(i.wrapup_ms) FILTER (WHERE i.call AND i.sound), 0) AS wrapup_ms,
    count(*) FILTER (WHERE NOT i.sound) AS faults,
    count(*) FILTER (WHERE i.call AND i.outcome = 'answered' AND NOT i.timed) AS untimed,
    count(*) FILTER (WHERE NOT i.call) AS cases,
    count(*) FILTER (WHERE NOT i.call AND i.submitted_at IS NOT NULL) AS submitted,
    count(*) FILTER (WHERE NOT i.call AND i.timed AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN a.t_info
                     WHEN 'permintaan' THEN a.t_ask ELSE a.t_plain END) AS on_target,
    count(*) FILTER (WHERE NOT i.call AND i.timed AND i.wait_ms <= CASE i.category WHEN 'informasi' THEN a.l_info
                     WHEN 'permintaan' THEN a.l_ask ELSE a.l_plain END) AS within_limit,
    COALESCE(sum(i.wait_ms) FILTER (WHERE NOT i.call AND i.submitted_at IS NOT NULL AND i.timed), 0) AS response_ms,
    count(*) FILTER (WHERE NOT i.call AND i.submitted_at IS NOT NULL AND NOT i.timed) AS unmeasured,
    COALESCE(array_agg(DISTINCT i.source_id) FILTER (WHERE i.source_id IS NOT NULL), '{}') AS sources
FROM (
    SELECT x.*, NOT x.is_case AS call, x.faults = '{}' AS sound,
           NOT x.faults && '{negative,clock}'::varchar[] AS timed
    FROM realtime_interaction x WHERE x.site_id = a.site_id AND x.channel = a.channel
    AND x.arrived_at >= a.starts_at AND x.arrived_at < a.starts_at + interval '15 minutes'
) i) f
), was AS (
    SELECT v.*, a.late AND %(now)s > v.starts_at + %(settled)s AND v.formula = %(formula)s AS closed
    FROM realtime_interval v JOIN asked a USING (site_id, channel, starts_at)
), changed AS (
    SELECT f.*, COALESCE(w.closed, false) AS closed, COALESCE(w.corrections, 0) AS before, w.corrected_at
    FROM found f LEFT JOIN was w USING (site_id, channel, starts_at)
    WHERE w.id IS NULL OR w.formula <> %(formula)s OR
    (f.offered, f.answered, f.abandoned, f.short_abandoned, f.menu_only, f.waiting, f.within, f.wait_ms,
     f.lost_wait_ms, f.handled, f.talk_ms, f.hold_ms, f.wrapup_ms, f.faults, f.untimed, f.cases, f.submitted,
     f.on_target, f.within_limit, f.response_ms, f.unmeasured, f.sources) IS DISTINCT FROM
    (w.offered, w.answered, w.abandoned, w.short_abandoned, w.menu_only, w.waiting, w.within, w.wait_ms,
     w.lost_wait_ms, w.handled, w.talk_ms, w.hold_ms, w.wrapup_ms, w.faults, w.untimed, w.cases, w.submitted,
     w.on_target, w.within_limit, w.response_ms, w.unmeasured, w.sources)
), written AS (
    INSERT INTO realtime_interval (site_id, channel, starts_at,
     offered, answered, abandoned, short_abandoned, menu_only, waiting, within, wait_ms, lost_wait_ms, handled,
     talk_ms, hold_ms, wrapup_ms, faults, untimed, cases, submitted, on_target, within_limit, response_ms,
     unmeasured, sources, formula, computed_at, corrected_at, corrections)
    SELECT site_id, channel, starts_at,
     offered, answered, abandoned, short_abandoned, menu_only, waiting, within, wait_ms, lost_wait_ms, handled,
     talk_ms, hold_ms, wrapup_ms, faults, untimed, cases, submitted, on_target, within_limit, response_ms,
     unmeasured, sources, %(formula)s, %(now)s,
     CASE WHEN closed THEN %(now)s ELSE corrected_at END, before + closed::int
    FROM changed
    ON CONFLICT (site_id, channel, starts_at) DO UPDATE SET
    (offered, answered, abandoned, short_abandoned, menu_only, waiting, within, wait_ms, lost_wait_ms, handled,
     talk_ms, hold_ms, wrapup_ms, faults, untimed, cases, submitted, on_target, within_limit, response_ms,
     unmeasured, sources, formula, computed_at, corrected_at, corrections) =
    (excluded.offered, excluded.answered, excluded.abandoned, excluded.short_abandoned, excluded.menu_only,
     excluded.waiting, excluded.within, excluded.wait_ms, excluded.lost_wait_ms, excluded.handled,
     excluded.talk_ms, excluded.hold_ms, excluded.wrapup_ms, excluded.faults, excluded.untimed, excluded.cases,
     excluded.submitted, excluded.on_target, excluded.within_limit, excluded.response_ms, excluded.unmeasured,
     excluded.sources, excluded.formula, excluded.computed_at, excluded.corrected_at,
     excluded.corrections)
    RETURNING *
)
INSERT INTO realtime_correction (site_id, channel, starts_at, at, was, became)
SELECT n.site_id, n.channel, n.starts_at, %(now)s, to_jsonb(w) - %(aside)s::text[], to_jsonb(n) - %(aside)s::text[]
FROM written n JOIN was w USING (site_id, channel, starts_at) WHERE w.closed
"""
ASIDE = ["id", "site_id", "channel", "starts_at", "computed_at", "corrected_at", "corrections", "formula", "closed",
         "sources"]  # fmt: skip

# A state that goes on counts up to now. Quarters that follow each other are a run, whose states are read once and cut
# at each border.
STAFF = """
WITH asked AS (
    SELECT * FROM unnest(%(site)s::bigint[], %(starts)s::timestamptz[]) AS a(site_id, starts_at)
), runs AS (
    SELECT site_id, min(starts_at) AS begins, max(starts_at) + interval '15 minutes' AS until
    FROM (SELECT site_id, starts_at,
                 starts_at - row_number() OVER (PARTITION BY site_id ORDER BY starts_at) * interval '15 minutes' AS run
          FROM asked) o
    GROUP BY site_id, run
), cut AS (
    SELECT r.site_id, q AS starts_at, s.state,
           (1000 * EXTRACT(epoch FROM LEAST(s.ends, q + interval '15 minutes') - GREATEST(s.starts_at, q)))::bigint
           AS ms
    FROM runs r CROSS JOIN LATERAL (
        SELECT x.state, x.starts_at, LEAST(COALESCE(x.ends_at, %(now)s), r.until) AS ends
        FROM realtime_agentsegment x
        WHERE x.site_id = r.site_id AND x.starts_at < r.until AND x.starts_at > r.begins - interval '16 hours'
          AND (x.ends_at IS NULL OR x.ends_at > r.begins) AND x.state <> 'offline'
        OFFSET 0
    ) s CROSS JOIN LATERAL generate_series(
        date_bin('15 minutes', GREATEST(s.starts_at, r.begins), '2001-01-01 00:00:00+00'),
        LEAST(s.ends, s.starts_at + interval '16 hours') - interval '1 microsecond', interval '15 minutes') q
), summed AS (
    SELECT site_id, starts_at,
        sum(ms) FILTER (WHERE state = 'available') AS available,
        sum(ms) FILTER (WHERE state IN ('busy', 'hold')) AS busy,
        sum(ms) FILTER (WHERE state = 'wrapup') AS wrapup, sum(ms) FILTER (WHERE state = 'aux') AS aux,
        sum(ms) FILTER (WHERE state = 'unknown') AS unknown
    FROM cut WHERE ms > 0 GROUP BY site_id, starts_at
)
INSERT INTO realtime_staffinterval (site_id, starts_at, available_ms, busy_ms, wrapup_ms, aux_ms, unknown_ms,
    computed_at)
SELECT a.site_id, a.starts_at, COALESCE(available, 0), COALESCE(busy, 0), COALESCE(wrapup, 0), COALESCE(aux, 0),
    COALESCE(unknown, 0), %(now)s
FROM asked a LEFT JOIN summed USING (site_id, starts_at)
ON CONFLICT (site_id, starts_at) DO UPDATE SET
    available_ms = excluded.available_ms, busy_ms = excluded.busy_ms, wrapup_ms = excluded.wrapup_ms,
    aux_ms = excluded.aux_ms, unknown_ms = excluded.unknown_ms, computed_at = excluded.computed_at
"""
