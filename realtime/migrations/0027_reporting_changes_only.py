"""Of a source that tells changes only (a sign of life every 0 seconds) silence says nothing, in the views either."""

from django.db import migrations

VIEW = """
CREATE OR REPLACE VIEW reporting.source AS
SELECT o.code AS source, s.code AS site, o.received_at,
       extract(epoch FROM now() - o.received_at)::float8 AS silent_seconds,
       CASE WHEN NOT o.active THEN 'off' WHEN o.from_files THEN 'files' WHEN o.down_since IS NOT NULL THEN 'down'
            WHEN o.received_at IS NULL THEN 'never'
            WHEN {lives}now() - o.received_at > 2 * o.heartbeat_seconds * interval '1 second' THEN 'silent'
            ELSE 'live' END AS state
FROM realtime_source o LEFT JOIN people_site s ON s.id = o.site_id
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0026_plan_action_dropped")]

    operations = [migrations.RunSQL(VIEW.format(lives="o.heartbeat_seconds > 0 AND "), VIEW.format(lives=""))]
