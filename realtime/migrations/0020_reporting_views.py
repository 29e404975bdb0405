"""Views that others read the floor by (RTM-16): schema `reporting`, described in docs/reporting.md. They name nobody.

Views work with their owner's rights: who reads them needs none on the tables. `reporting.open_to()` gives a role that.
"""

from django.db import migrations

FORWARD = """
CREATE SCHEMA reporting;
COMMENT ON SCHEMA reporting IS 'Read-only views for dashboards; see docs/reporting.md';

CREATE VIEW reporting.site AS SELECT code AS site, name, timezone FROM people_site;

CREATE VIEW reporting.service_interval AS
SELECT s.code AS site, i.channel, i.starts_at, i.offered, i.answered, i.abandoned, i.short_abandoned, i.menu_only,
       i.waiting, i.within, i.handled, i.cases, i.submitted, i.on_target, i.within_limit, i.faults, i.corrections,
       i.wait_ms / 1000.0::float8 AS wait_seconds, i.talk_ms / 1000.0::float8 AS talk_seconds,
       i.hold_ms / 1000.0::float8 AS hold_seconds, i.wrapup_ms / 1000.0::float8 AS wrapup_seconds,
       i.response_ms / 1000.0::float8 AS response_seconds,
       100.0::float8 * i.answered / nullif(i.offered, 0) AS scr,
       100.0::float8 * i.within / nullif(i.offered, 0) AS service_level,
       (i.talk_ms + i.hold_ms) / (1000.0::float8 * nullif(i.handled, 0)) AS aht,
       (i.talk_ms + i.hold_ms + i.wrapup_ms) / (1000.0::float8 * nullif(i.handled, 0)) AS aht_with_wrapup,
       i.wait_ms / (1000.0::float8 * nullif(i.answered - i.untimed, 0)) AS asa,
       i.response_ms / (1000.0::float8 * nullif(i.submitted - i.unmeasured, 0)) AS response_time,
       i.untimed, i.unmeasured, i.formula, i.computed_at
FROM realtime_interval i JOIN people_site s ON s.id = i.site_id;

CREATE VIEW reporting.staff_interval AS
SELECT s.code AS site, i.starts_at, i.available_ms / 1000.0::float8 AS available_seconds,
       i.busy_ms / 1000.0::float8 AS busy_seconds, i.wrapup_ms / 1000.0::float8 AS wrapup_seconds,
       i.aux_ms / 1000.0::float8 AS aux_seconds, i.unknown_ms / 1000.0::float8 AS unknown_seconds,
       100.0::float8 * (i.busy_ms + i.wrapup_ms) / nullif(i.busy_ms + i.wrapup_ms + i.available_ms, 0) AS occupancy
FROM realtime_staffinterval i JOIN people_site s ON s.id = i.site_id;

CREATE VIEW reporting.source AS
SELECT o.code AS source, s.code AS site, o.received_at,
       extract(epoch FROM now() - o.received_at)::float8 AS silent_seconds,
       CASE WHEN NOT o.active THEN 'off' WHEN o.from_files THEN 'files' WHEN o.down_since IS NOT NULL THEN 'down'
            WHEN o.received_at IS NULL THEN 'never'
            WHEN now() - o.received_at > 2 * o.heartbeat_seconds * interval '1 second' THEN 'silent'
            ELSE 'live' END AS state
FROM realtime_source o LEFT JOIN people_site s ON s.id = o.site_id;

CREATE VIEW reporting.agents_now AS
SELECT a.site, a.channel, a.state, a.reason, count(*) AS agents, min(a.since) AS longest_since
FROM (
    SELECT s.code AS site, n.channel, n.since,
           CASE WHEN doubt.doubtful THEN 'unknown' ELSE n.state END AS state,
           CASE WHEN NOT doubt.doubtful AND n.state = 'aux' THEN n.reason ELSE '' END AS reason
    FROM realtime_agentnow n JOIN people_site s ON s.id = n.site_id
    JOIN realtime_source o ON o.id = n.source_id JOIN reporting.source f ON f.source = o.code
    CROSS JOIN LATERAL (
        SELECT f.state IN ('down', 'silent', 'off') OR (
            n.state <> 'offline' AND o.each_agent AND now() > n.heard_at + 2 * o.heartbeat_seconds * interval '1 second'
        ) AS doubtful
    ) doubt
) a
GROUP BY a.site, a.channel, a.state, a.reason;

CREATE VIEW reporting.queue_now AS
SELECT s.code AS site, i.channel, count(*) AS waiting, min(i.arrived_at) AS oldest_at,
       extract(epoch FROM now() - min(i.arrived_at))::float8 AS oldest_seconds
FROM realtime_interaction i JOIN people_site s ON s.id = i.site_id
WHERE i.outcome = 'open' AND NOT i.is_case AND i.arrived_at > now() - interval '4 hours' AND i.arrived_at <= now()
GROUP BY s.code, i.channel;

CREATE VIEW reporting.attendance_shift AS
SELECT s.code AS site, r.day, r.code AS shift, min(r.starts_at) AS starts_at, max(r.ends_at) AS ends_at,
       count(*) AS rostered,
       count(*) FILTER (WHERE said.status = 'present') AS present,
       count(*) FILTER (WHERE said.status = 'late') AS late,
       count(*) FILTER (WHERE said.status = 'absent') AS absent,
       count(*) FILTER (WHERE said.status IN ('permission', 'sick', 'leave', 'swap')) AS excused,
       count(*) FILTER (WHERE said.status IN ('unknown', 'awaited')) AS unknown,
       count(m.id) AS confirmed,
       sum(r.late_ms)::float8 / 60000 AS late_minutes, sum(r.early_ms)::float8 / 60000 AS early_minutes,
       100.0::float8 * sum(r.in_ms)::float8 / nullif(sum(r.in_ms + r.out_ms), 0)::float8 AS adherence,
       100.0::float8 * sum(r.worked_ms)::float8 / nullif(sum(r.planned_ms), 0)::float8 AS conformance
FROM realtime_shiftrecord r JOIN people_site s ON s.id = r.site_id
LEFT JOIN realtime_attendancemark m ON m.person_id = r.person_id AND m.day = r.day
CROSS JOIN LATERAL (SELECT coalesce(m.status, r.status) AS status) said
WHERE r.kind = 'shift'
GROUP BY s.code, r.day, r.code;

CREATE VIEW reporting.headcount AS
SELECT s.code AS site, h.day, f.code AS shift, h.starts_at, h.ends_at, h.status, h.handed_at,
       (h.counts ->> 'rostered')::int AS rostered, (h.counts ->> 'there')::int AS there
FROM realtime_headcount h JOIN people_site s ON s.id = h.site_id JOIN realtime_shift f ON f.id = h.shift_id;

CREATE VIEW reporting.alert AS
SELECT a.id, s.code AS site, a.kind, CASE WHEN a.kind = 'overrun' THEN '' ELSE a.about END AS about, a.opened_at,
       a.acknowledged_at, a.closed_at,
       CASE WHEN a.closed_at IS NOT NULL THEN 'closed' WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
            ELSE 'open' END AS status,
       extract(epoch FROM coalesce(a.closed_at, now()) - a.opened_at)::float8 / 60 AS minutes
FROM realtime_alert a JOIN people_site s ON s.id = a.site_id;

CREATE VIEW reporting.recovery_plan AS
SELECT p.id, s.code AS site, p.channel, p.status, p.cause, p.alert_id, p.opened_at, p.started_at, p.done_at,
       p.verified_at, count(x.id) AS actions, count(x.done_at) AS actions_done
FROM realtime_recoveryplan p JOIN people_site s ON s.id = p.site_id
LEFT JOIN realtime_planaction x ON x.plan_id = p.id
GROUP BY p.id, s.code;

CREATE VIEW reporting.obligation AS
SELECT o.id, s.code AS site, o.rule, o.clause, o.owner_role, o.state, o.starts_at, o.due_at, o.fulfilled_at,
       o.breached_at, (o.state = 'open' AND o.due_at < now()) AS overdue, (o.parked_at IS NOT NULL) AS parked
FROM obligations_obligation o JOIN people_site s ON s.id = o.site_id;

CREATE VIEW reporting.compliance AS
SELECT c.site, c.clause, c.month, c.met, c.late, c.overdue, c.running,
       100.0::float8 * c.met / nullif(c.met + c.late + c.overdue, 0) AS share
FROM (
    SELECT s.code AS site, o.clause, date_trunc('month', o.due_at AT TIME ZONE s.timezone)::date AS month,
           count(*) FILTER (WHERE o.state = 'fulfilled' AND o.fulfilled_at <= o.due_at) AS met,
           count(*) FILTER (WHERE o.state = 'fulfilled' AND o.fulfilled_at > o.due_at) AS late,
           count(*) FILTER (WHERE o.state = 'open' AND o.due_at < now()) AS overdue,
           count(*) FILTER (WHERE o.state = 'open' AND o.due_at >= now()) AS running
    FROM obligations_obligation o JOIN people_site s ON s.id = o.site_id
    WHERE o.state <> 'cancelled'
    GROUP BY 1, 2, 3
) c;

CREATE FUNCTION reporting.open_to(reader name DEFAULT 'occ_reporting') RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA reporting TO %I', reader);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO %I', reader);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION reporting.open_to(name) FROM PUBLIC;
SELECT reporting.open_to();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("realtime", "0019_rotg_triggers"), ("obligations", "0001_initial"), ("people", "0001_initial"),
    ]  # fmt: skip
    operations = [migrations.RunSQL(FORWARD, "DROP SCHEMA reporting CASCADE")]
