"""Corrections and the history of marks only grow; what was handed over stays as it was."""

from django.db import migrations

from occ.ledger.append_only import append_only

HANDED = """
CREATE FUNCTION realtime_headcount_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'handed' THEN
        RAISE EXCEPTION 'a number of agents that was handed over stays as it was' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER realtime_headcount_stays BEFORE UPDATE OR DELETE ON realtime_headcount
FOR EACH ROW EXECUTE FUNCTION realtime_headcount_stays();
"""
UNDO = "DROP TRIGGER realtime_headcount_stays ON realtime_headcount; DROP FUNCTION realtime_headcount_stays()"


class Migration(migrations.Migration):
    dependencies = [("realtime", "0006_attendance"), ("ledger", "0002_triggers")]
    operations = [
        append_only("realtime_historicalattendancemark", "realtime_shiftcorrection"),
        migrations.RunSQL(HANDED, UNDO),
    ]
