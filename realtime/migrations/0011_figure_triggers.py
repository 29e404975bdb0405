"""What was corrected stays known; figures of an older formula are computed anew."""

from django.db import migrations

from occ.ledger.append_only import append_only

ANEW = """
INSERT INTO realtime_stale (site_id, channel, starts_at, since, late)
SELECT site_id, channel, starts_at, now(), false FROM realtime_interval WHERE formula < 2
ON CONFLICT (site_id, channel, starts_at) DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0010_figures"), ("ledger", "0002_triggers")]
    operations = [
        append_only("realtime_correction"),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
