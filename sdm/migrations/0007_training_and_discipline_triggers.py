"""Histories and what was said in a pembinaan only grow; what a warning letter says and how it was received stays."""

from django.db import migrations

from occ.ledger.append_only import append_only

STAYS = """
CREATE FUNCTION sdm_warning_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (NEW.case_id, NEW.person_id, NEW.violated_on, NEW.reason, NEW.clause, NEW.requested_by_id, NEW.requested_at)
            IS DISTINCT FROM
            (OLD.case_id, OLD.person_id, OLD.violated_on, OLD.reason, OLD.clause, OLD.requested_by_id, OLD.requested_at)
        OR (OLD.level IS NOT NULL AND (NEW.level, NEW.issued_on, NEW.valid_until, NEW.issued_by_id)
            IS DISTINCT FROM (OLD.level, OLD.issued_on, OLD.valid_until, OLD.issued_by_id))
        OR (OLD.receipt <> '' AND (NEW.receipt, NEW.receipt_at, NEW.witnesses)
            IS DISTINCT FROM (OLD.receipt, OLD.receipt_at, OLD.witnesses))
        OR (OLD.returned_at IS NOT NULL AND NEW.level IS NOT NULL)
        OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at) THEN
        RAISE EXCEPTION 'a warning letter and its receipt stay as they were' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdm_warning_stays BEFORE UPDATE OR DELETE ON sdm_warningletter
FOR EACH ROW EXECUTE FUNCTION sdm_warning_stays();
"""
UNDO = "DROP TRIGGER sdm_warning_stays ON sdm_warningletter; DROP FUNCTION sdm_warning_stays();"


class Migration(migrations.Migration):
    dependencies = [("sdm", "0006_training_and_discipline"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "sdm_historicaldisciplinecase",
            "sdm_historicalwarningletter",
            "sdm_caseentry",
            "sdm_historicaltrainingbatch",
            "sdm_historicalparticipant",
            "sdm_historicaltrainingresult",
            "sdm_historicalrecordingsample",
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
