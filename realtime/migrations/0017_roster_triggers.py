"""What a version of a roster says stays, once it is validated (RTM-1): lines change in a draft only, and what was published
is nothing but revised. Lines come by thousands: one look for a statement, none for a row."""

from django.db import migrations

from occ.ledger.append_only import append_only

FORWARD = """
CREATE FUNCTION realtime_roster_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'revised'
       AND to_jsonb(OLD) - 'status' = to_jsonb(NEW) - 'status' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'roster % stays as it is', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER realtime_roster_stays BEFORE UPDATE ON realtime_roster FOR EACH ROW
    WHEN (OLD.status IN ('published', 'revised', 'discarded')) EXECUTE FUNCTION realtime_roster_guard();
CREATE TRIGGER realtime_roster_kept BEFORE DELETE ON realtime_roster FOR EACH ROW
    EXECUTE FUNCTION realtime_roster_guard();
CREATE TRIGGER realtime_roster_no_truncate BEFORE TRUNCATE ON realtime_roster
    FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();

CREATE FUNCTION realtime_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fixed bigint;
BEGIN
    SELECT c.roster_id INTO fixed FROM changed c JOIN public.realtime_roster r ON r.id = c.roster_id
     WHERE r.status <> 'draft' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'roster % is no draft: its lines stay', fixed USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER realtime_line_added AFTER INSERT ON realtime_rosterline REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION realtime_line_guard();
CREATE TRIGGER realtime_line_was AFTER UPDATE ON realtime_rosterline REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION realtime_line_guard();
CREATE TRIGGER realtime_line_is AFTER UPDATE ON realtime_rosterline REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION realtime_line_guard();
CREATE TRIGGER realtime_line_gone AFTER DELETE ON realtime_rosterline REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION realtime_line_guard();
CREATE TRIGGER realtime_line_no_truncate BEFORE TRUNCATE ON realtime_rosterline
    FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();
"""
REVERSE = """
DROP TRIGGER realtime_roster_stays ON realtime_roster;
DROP TRIGGER realtime_roster_kept ON realtime_roster;
DROP TRIGGER realtime_roster_no_truncate ON realtime_roster;
DROP FUNCTION realtime_roster_guard();
DROP TRIGGER realtime_line_added ON realtime_rosterline;
DROP TRIGGER realtime_line_was ON realtime_rosterline;
DROP TRIGGER realtime_line_is ON realtime_rosterline;
DROP TRIGGER realtime_line_gone ON realtime_rosterline;
DROP TRIGGER realtime_line_no_truncate ON realtime_rosterline;
DROP FUNCTION realtime_line_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0016_roster_versions"), ("ledger", "0002_triggers")]
    operations = [migrations.RunSQL(FORWARD, REVERSE), append_only("realtime_historicalshiftswap")]
