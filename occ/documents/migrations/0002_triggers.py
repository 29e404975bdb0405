"""What was issued stays as it was issued: the database refuses everything else, for every role and without a switch."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION occ_document_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['status', 'superseded_at', 'destroyed_at', 'destroyed_by_id', 'destruction_note', 'data'];
BEGIN
    IF to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free THEN
        RAISE EXCEPTION 'an issued document cannot be changed (%)', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.data IS DISTINCT FROM NEW.data AND NOT (NEW.status = 'destroyed' AND NEW.data = '{}'::jsonb) THEN
        RAISE EXCEPTION 'the data of an issued document cannot be changed (%)', OLD.number
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'destroyed' OR (OLD.status = 'superseded' AND NEW.status = 'valid')
        OR (OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at) THEN
        RAISE EXCEPTION 'an issued document does not go back (%)', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION occ_document_series_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - 'last_number' IS DISTINCT FROM to_jsonb(NEW) - 'last_number'
        OR NEW.last_number <> OLD.last_number + 1 THEN
        RAISE EXCEPTION 'numbers are given out one by one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION occ_document_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows stay', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER document_kept BEFORE UPDATE ON documents_issueddocument
    FOR EACH ROW EXECUTE FUNCTION occ_document_kept();
CREATE TRIGGER document_series_kept BEFORE UPDATE ON documents_series
    FOR EACH ROW EXECUTE FUNCTION occ_document_series_kept();
CREATE TRIGGER document_stays BEFORE DELETE ON documents_issueddocument
    FOR EACH ROW EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER document_series_stays BEFORE DELETE ON documents_series
    FOR EACH ROW EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER signature_stays BEFORE UPDATE OR DELETE ON documents_signature
    FOR EACH ROW EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER attachment_stays BEFORE UPDATE OR DELETE ON documents_attachment
    FOR EACH ROW EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER document_no_truncate BEFORE TRUNCATE ON documents_issueddocument
    FOR EACH STATEMENT EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER document_series_no_truncate BEFORE TRUNCATE ON documents_series
    FOR EACH STATEMENT EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER signature_no_truncate BEFORE TRUNCATE ON documents_signature
    FOR EACH STATEMENT EXECUTE FUNCTION occ_document_row_stays();
CREATE TRIGGER attachment_no_truncate BEFORE TRUNCATE ON documents_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION occ_document_row_stays();
"""
REVERSE = """
DROP FUNCTION occ_document_kept() CASCADE;
DROP FUNCTION occ_document_series_kept() CASCADE;
DROP FUNCTION occ_document_row_stays() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
