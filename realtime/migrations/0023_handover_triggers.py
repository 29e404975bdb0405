"""What was signed is not changed, and a handover that both have signed stays as it is; its history only grows."""

from django.db import migrations

from occ.ledger.append_only import append_only

SIGNED = """
CREATE FUNCTION realtime_handover_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'taken' OR TG_OP = 'DELETE' AND OLD.status = 'handed' THEN
        RAISE EXCEPTION 'a handover that was signed stays as it is' USING ERRCODE = 'raise_exception';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF OLD.status = 'handed' AND NEW.status IN ('handed', 'taken') AND ROW(
        NEW.site_id, NEW.day, NEW.shift_id, NEW.to_shift_id, NEW.starts_at, NEW.ends_at, NEW.content::text,
        NEW.content_sha256, NEW.note, NEW.handed_at, NEW.handed_by_id, NEW.handed_name, NEW.handed_position
    ) IS DISTINCT FROM ROW(
        OLD.site_id, OLD.day, OLD.shift_id, OLD.to_shift_id, OLD.starts_at, OLD.ends_at, OLD.content::text,
        OLD.content_sha256, OLD.note, OLD.handed_at, OLD.handed_by_id, OLD.handed_name, OLD.handed_position
    ) THEN
        RAISE EXCEPTION 'what was signed is not changed' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER realtime_handover_stays BEFORE UPDATE OR DELETE ON realtime_handover
FOR EACH ROW EXECUTE FUNCTION realtime_handover_stays();
"""
UNDO = "DROP TRIGGER realtime_handover_stays ON realtime_handover; DROP FUNCTION realtime_handover_stays()"


class Migration(migrations.Migration):
    dependencies = [("realtime", "0022_handover"), ("ledger", "0002_triggers")]
    operations = [append_only("realtime_historicalhandover"), migrations.RunSQL(SIGNED, UNDO)]
