"""Interval figures of a month with 1 000 000 calls computed anew, equal to an independent SQL computation (RTM-10).

The calls are two sites' of October 2026, with a day's curve, faults, abandons and calls that end in the menu; the
agents' states of the month are cut into quarters with them. Compared is every quarter, each count of it.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from typing import Any

from _bench import Report, use_database, yardstick

CALLS, AGENTS = 1_000_000, 120
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)

# Arrivals follow a day's curve: most between eight and twenty. One in five hundred has a fault.
FILL = """
INSERT INTO realtime_interaction (source_id, number, site_id, channel, category, is_case, outcome, arrived_at,
    queued_at, answered_at, ended_at, agent, wait_ms, talk_ms, hold_ms, wrapup_ms, handled, faults)
SELECT %(source)s, 'b' || n, CASE WHEN n %% 5 < 3 THEN %(jkt)s ELSE %(ygy)s END, 'voice', '', false, outcome,
    arrived_at, CASE WHEN outcome <> 'menu' THEN arrived_at + interval '10 seconds' END,
    CASE WHEN outcome = 'answered' THEN arrived_at + wait_ms * interval '1 millisecond' END,
    arrived_at + (wait_ms + COALESCE(talk_ms, 0)) * interval '1 millisecond',
    CASE WHEN outcome = 'answered' THEN 'A' || n %% 120 ELSE '' END,
    CASE WHEN outcome <> 'menu' THEN wait_ms END, talk_ms,
    CASE WHEN outcome = 'answered' THEN (n %% 7) * 1000 END, CASE WHEN outcome = 'answered' THEN 5000 + n %% 60000 END,
    (outcome = 'answered')::int,
    CASE WHEN n %% 500 <> 0 OR outcome <> 'answered' THEN '{}'::varchar[]
         WHEN n %% 1000 = 0 THEN '{negative}'::varchar[]
         ELSE '{overlap}'::varchar[] END
FROM (
    SELECT n, timestamptz '2026-09-30 17:00:00+00' + (n %% 31) * interval '1 day'
            + (8 + 12 * pow(random(), 1.3)) * interval '1 hour'
            * CASE WHEN n %% 11 = 0 THEN 0.4 ELSE 1 END AS arrived_at,
        CASE WHEN n %% 17 = 0 THEN 'menu' WHEN n %% 13 = 0 THEN 'abandoned' ELSE 'answered' END AS outcome,
        (random() * random() * 90000)::bigint AS wait_ms,
        CASE WHEN n %% 17 <> 0 AND n %% 13 <> 0 THEN (20000 + random() * random() * 900000)::bigint END AS talk_ms
    FROM generate_series(1, %(calls)s) n
) c ORDER BY arrived_at
"""
SEGMENTS = """
INSERT INTO realtime_agentsegment (source_id, agent, site_id, starts_at, ends_at, state, reason, gap)
SELECT %(source)s, 'A' || a, CASE WHEN a %% 5 < 3 THEN %(jkt)s ELSE %(ygy)s END, begins + n * interval '293 seconds',
    begins + (n + 1) * interval '293 seconds', (ARRAY['available', 'busy', 'wrapup', 'aux'])[1 + (n + a) %% 4], '',
    false
FROM generate_series(0, %(agents)s - 1) a, generate_series(0, 30) d, generate_series(0, 99) n,
    LATERAL (SELECT timestamptz '2026-10-01 00:00:00+00' + d * interval '1 day' + (a %% 3) * interval '4 hours'
             AS begins)
"""
STALE = """
INSERT INTO realtime_stale (site_id, channel, starts_at, since, late)
SELECT s.id, c, t, now(), false FROM people_site s, unnest(ARRAY['voice', '']) c,
    generate_series(timestamptz '2026-09-30 17:00:00+00', timestamptz '2026-10-31 16:45:00+00', interval '15 minutes') t
ON CONFLICT DO NOTHING
"""
# The same, said otherwise: grouped by the time's own quarter, each call looked at by itself.
OTHERWISE = """
SELECT site_id, date_bin('15 minutes', arrived_at, '2001-01-01') AS starts_at, sum((outcome <> 'menu')::int),
    sum((outcome = 'answered')::int), sum((outcome = 'abandoned')::int),
    sum((outcome = 'abandoned' AND wait_ms < 5000)::int), sum((outcome = 'menu')::int),
    sum((outcome = 'answered' AND wait_ms <= 20000 AND 'negative' <> ALL(faults))::int),
    sum(CASE WHEN outcome = 'answered' AND 'negative' <> ALL(faults) THEN wait_ms ELSE 0 END),
    sum(CASE WHEN cardinality(faults) = 0 THEN handled ELSE 0 END),
    sum(CASE WHEN cardinality(faults) = 0 THEN COALESCE(talk_ms, 0) ELSE 0 END),
    sum(CASE WHEN cardinality(faults) = 0 THEN COALESCE(hold_ms, 0) ELSE 0 END),
    sum(CASE WHEN cardinality(faults) = 0 THEN COALESCE(wrapup_ms, 0) ELSE 0 END), sum((cardinality(faults) > 0)::int)
FROM realtime_interaction GROUP BY 1, 2 ORDER BY 1, 2
"""
MINE = """
SELECT site_id, starts_at, offered, answered, abandoned, short_abandoned, menu_only, within, wait_ms, handled, talk_ms,
    hold_ms, wrapup_ms, faults
FROM realtime_interval WHERE offered + menu_only > 0 ORDER BY 1, 2
"""
# A second of a state is a second of its quarter.
STAFF_OTHERWISE = """
SELECT site_id, date_bin('15 minutes', at, '2001-01-01') AS starts_at,
    1000 * count(*) FILTER (WHERE state = 'available'),
    1000 * count(*) FILTER (WHERE state = 'busy'), 1000 * count(*) FILTER (WHERE state = 'wrapup'),
    1000 * count(*) FILTER (WHERE state = 'aux')
FROM realtime_agentsegment, generate_series(starts_at, ends_at - interval '1 second', interval '1 second') at
WHERE starts_at < '2026-10-04'
GROUP BY 1, 2 ORDER BY 1, 2
"""
STAFF_MINE = """
SELECT site_id, starts_at, available_ms, busy_ms, wrapup_ms, aux_ms FROM realtime_staffinterval
WHERE available_ms + busy_ms + wrapup_ms + aux_ms > 0 AND starts_at < '2026-10-03 17:00:00+00' ORDER BY 1, 2
"""


def main() -> None:
    use_database("bench_figures")
    from django.db import connection
    from django.utils import timezone

    from occ.people.models import Site
    from occ.policies.services import install_defaults
    from realtime.models import Source
    from realtime.services.figures import figures, total
    from realtime.services.intervals import intervals_compute

    install_defaults()
    jkt, ygy = (Site.objects.create(code=code, name=code) for code in ("JKT", "YGY"))
    source = Source.objects.create(code="omni", name="omni")
    values = {"source": source.pk, "jkt": jkt.pk, "ygy": ygy.pk, "calls": CALLS, "agents": AGENTS}
    report = Report("realtime_figures")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(FILL, values)
        cursor.execute(SEGMENTS, values)
        cursor.execute("VACUUM ANALYZE realtime_interaction, realtime_agentsegment")
    for turn in ("computed anew", "computed anew once more"):
        with connection.cursor() as cursor:
            cursor.execute(STALE)
        began = time.monotonic()
        count = intervals_compute(now=timezone.now())
        report.add(
            turn, calls=CALLS, quarters=count, seconds=(took := time.monotonic() - began), share_of_target=took / 10
        )
    compare(connection, MINE, OTHERWISE, report, "counts")
    compare(connection, STAFF_MINE, STAFF_OTHERWISE, report, "agents' times", until="2026-10-03 17:00:00+00:00")
    began = time.monotonic()
    rows = figures(site=jkt, channel="voice", first=FIRST, last=LAST, interval="15")
    report.add("read by quarter", rows=len(rows), seconds=time.monotonic() - began)
    began = time.monotonic()
    whole = total(jkt, "voice", *span(jkt))
    report.add("the month in one", offered=whole["offered"], scr=whole["scr"], aht=whole["aht"],
               seconds=time.monotonic() - began)  # fmt: skip
    report.add("yardstick", seconds=yardstick())
    report.write()


def span(site: Any) -> tuple[Any, Any]:
    from occ.times import end_of_day, start_of_day

    return start_of_day(FIRST, site.zone), end_of_day(LAST, site.zone)


def compare(connection: Any, mine: str, otherwise: str, report: Report, what: str, until: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(mine)
        found = cursor.fetchall()
        cursor.execute(otherwise)
        expected = [row for row in cursor.fetchall() if not until or str(row[1]) < until]
    expected = [tuple(map(as_one, row)) for row in expected]
    found = [tuple(map(as_one, row)) for row in found]
    different = sum(one != other for one, other in zip(found, expected, strict=False))
    report.add(
        f"{what}: equal to the other computation", quarters=len(found), others=len(expected), different=different
    )
    if found != expected:
        sys.exit(f"{what} differ: {len(found)} and {len(expected)} quarters, {different} of them unlike")


def as_one(value: Any) -> Any:
    return int(value) if not hasattr(value, "tzinfo") else value


if __name__ == "__main__":
    main()
