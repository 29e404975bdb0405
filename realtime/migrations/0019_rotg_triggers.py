"""Histories only grow; a finished walk, a version's words, an answer and a decision stay as they are."""

from django.db import migrations

from occ.ledger.append_only import append_only

STAYS = """
CREATE FUNCTION realtime_walk_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'finished' THEN
        RAISE EXCEPTION 'a finished floor walk stays as it was' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER realtime_walk_stays BEFORE UPDATE OR DELETE ON realtime_floorwalk
FOR EACH ROW EXECUTE FUNCTION realtime_walk_stays();

CREATE FUNCTION realtime_walk_line_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM realtime_floorwalk WHERE id = COALESCE(OLD.walk_id, NEW.walk_id)) = 'finished' THEN
        RAISE EXCEPTION 'a finished floor walk stays as it was' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER realtime_walk_line_stays BEFORE INSERT OR UPDATE OR DELETE ON realtime_walkline
FOR EACH ROW EXECUTE FUNCTION realtime_walk_line_stays();

CREATE FUNCTION realtime_rule_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.rule_id, NEW.version, NEW.text, NEW.severity, NEW.starts_on, NEW.reason)
        IS DISTINCT FROM (OLD.rule_id, OLD.version, OLD.text, OLD.severity, OLD.starts_on, OLD.reason) THEN
        RAISE EXCEPTION 'what a rule said stays; a change is a new version' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER realtime_rule_version_stays BEFORE UPDATE OR DELETE ON realtime_ruleversion
FOR EACH ROW EXECUTE FUNCTION realtime_rule_version_stays();

CREATE FUNCTION realtime_violation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.status IN ('upheld', 'dropped')
        OR (NEW.person_id, NEW.version_id, NEW.seen_at, NEW.seen_by_id, NEW.what)
            IS DISTINCT FROM (OLD.person_id, OLD.version_id, OLD.seen_at, OLD.seen_by_id, OLD.what)
        OR (OLD.answer <> '' AND NEW.answer <> OLD.answer) THEN
        RAISE EXCEPTION 'what was seen, answered and decided stays as it was' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER realtime_violation_stays BEFORE UPDATE OR DELETE ON realtime_violation
FOR EACH ROW EXECUTE FUNCTION realtime_violation_stays();
"""
UNDO = """
DROP TRIGGER realtime_walk_stays ON realtime_floorwalk; DROP FUNCTION realtime_walk_stays();
DROP TRIGGER realtime_walk_line_stays ON realtime_walkline; DROP FUNCTION realtime_walk_line_stays();
DROP TRIGGER realtime_rule_version_stays ON realtime_ruleversion; DROP FUNCTION realtime_rule_version_stays();
DROP TRIGGER realtime_violation_stays ON realtime_violation; DROP FUNCTION realtime_violation_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0018_rotg"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "realtime_historicalruleversion", "realtime_historicalviolation", "realtime_historicalrotgproposal"
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
