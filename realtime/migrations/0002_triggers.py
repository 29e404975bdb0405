"""Events and histories only grow. Events come ten thousand a second: one trigger for a statement, none for a row."""

from django.db import migrations

from occ.ledger.append_only import append_only

EVENTS = """
CREATE TRIGGER realtime_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON realtime_event
FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0001_initial"), ("ledger", "0002_triggers")]
    operations = [
        migrations.RunSQL(EVENTS, "DROP TRIGGER realtime_event_stays ON realtime_event"),
        append_only("realtime_historicalsource", "realtime_historicalshift", "realtime_historicalroster"),
    ]
