"""What a difference was reckoned of stays as it was proposed; what is settled is over."""

from django.db import migrations

from occ.ledger.append_only import append_only

# The amounts are ciphertexts, which a rotation of keys writes anew.
STAYS = """
CREATE FUNCTION sdm_correction_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (NEW.compensation_id, NEW.opened_at, NEW.starts_on, NEW.ends_on, NEW.months)
            IS DISTINCT FROM (OLD.compensation_id, OLD.opened_at, OLD.starts_on, OLD.ends_on, OLD.months)
        OR (OLD.status IN ('settled', 'refused', 'void') AND (NEW.status, NEW.settled_on, NEW.approved_by_id)
            IS DISTINCT FROM (OLD.status, OLD.settled_on, OLD.approved_by_id)) THEN
        RAISE EXCEPTION 'a difference to a compensation stays as it was' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdm_correction_stays BEFORE UPDATE OR DELETE ON sdm_compensationcorrection
FOR EACH ROW EXECUTE FUNCTION sdm_correction_stays();
"""
UNDO = "DROP TRIGGER sdm_correction_stays ON sdm_compensationcorrection; DROP FUNCTION sdm_correction_stays();"


class Migration(migrations.Migration):
    dependencies = [("sdm", "0022_compensation_corrections"), ("ledger", "0002_triggers")]
    operations = [append_only("sdm_historicalcompensationcorrection"), migrations.RunSQL(STAYS, UNDO)]
