"""Rows of evidence stay as they were written: for every role, and without a setting that switches it off.

`occ_append_only()` is also used by the tables of other apps that keep history. The insert trigger takes the lock
that the sealer takes exclusively, and only then the number: numbers are given in an order in which no lower one
can still appear once a seal is made.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION occ_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION occ_ledger_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(13393569);
    NEW.id := nextval(pg_get_serial_sequence('ledger_entry', 'id'));
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_number BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION occ_ledger_number();
CREATE TRIGGER ledger_entry_stays BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION occ_append_only();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();
CREATE TRIGGER ledger_seal_stays BEFORE UPDATE OR DELETE ON ledger_seal
    FOR EACH ROW EXECUTE FUNCTION occ_append_only();
CREATE TRIGGER ledger_seal_no_truncate BEFORE TRUNCATE ON ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();
"""
REVERSE = "DROP FUNCTION occ_append_only() CASCADE; DROP FUNCTION occ_ledger_number() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
