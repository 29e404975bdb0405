"""Also by SQL: nothing is destroyed before its period is over, periods and holds stay as they were set.

Which period governs a record is asked as retention.services.schedule does, and never less than the two years of the
procedure (RET-3, RET-8, RET-12). Destruction by a journal's proof, after a restore, is of what was destroyed before.
"""

from django.db import migrations

from occ.ledger.append_only import append_only

PERIOD = """
-- In PL/pgSQL, which keeps its plan: it is asked for each record that is destroyed.
CREATE FUNCTION retention_kept_until(wanted bigint) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT ((r.ended_at AT TIME ZONE s.timezone)::date + make_interval(years => greatest(2, coalesce((
               SELECT y.delete_after_years FROM (
                   SELECT DISTINCT ON (c.client, c.channel) c.client, c.channel, c.delete_after_years
                     FROM public.retention_schedule c
                    WHERE c.record_kind = r.kind AND c.channel IN ('', r.channel) AND c.client IN ('', o.client)
                      AND c.valid_from <= (now() AT TIME ZONE s.timezone)::date
                    ORDER BY c.client, c.channel, c.valid_from DESC) y
                ORDER BY y.client = '', y.channel = '' LIMIT 1), 2))))::date
      FROM public.retention_record r
      JOIN public.people_site s ON s.id = r.site_id
      JOIN public.retention_source o ON o.id = r.source_id
     WHERE r.id = wanted);
END $$;
CREATE FUNCTION retention_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date;
BEGIN
    SELECT (now() AT TIME ZONE s.timezone)::date INTO today FROM public.people_site s WHERE s.id = OLD.site_id;
    IF public.retention_kept_until(OLD.id) >= today
       AND NOT EXISTS (SELECT FROM public.retention_journalproof j WHERE j.record_id = OLD.id) THEN
        RAISE EXCEPTION 'record % may not be destroyed: it must be kept until %', OLD.id,
            public.retention_kept_until(OLD.id) USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_record_period_guard BEFORE UPDATE ON retention_record FOR EACH ROW
    WHEN (OLD.state <> 'destroyed' AND NEW.state = 'destroyed') EXECUTE FUNCTION retention_period_guard();
CREATE FUNCTION retention_record_identity_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'record % is the conversation that was catalogued, and as old', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER retention_record_identity_guard
    BEFORE UPDATE OF source_id, external_id, kind, site_id, started_at, ended_at ON retention_record FOR EACH ROW
    WHEN ((NEW.source_id, NEW.kind, NEW.site_id, NEW.started_at, NEW.ended_at)
          IS DISTINCT FROM (OLD.source_id, OLD.kind, OLD.site_id, OLD.started_at, OLD.ended_at)
          -- An ID that holds the customer is masked when its record is destroyed.
          OR (NEW.external_id IS DISTINCT FROM OLD.external_id AND NEW.state <> 'destroyed'))
    EXECUTE FUNCTION retention_record_identity_guard();
"""

HOLD = """
CREATE FUNCTION retention_hold_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.site_id, NEW.kind, NEW.agent_id, NEW.customer_mark, NEW.first_day, NEW.last_day,
        NEW.begins_at, NEW.ends_at, NEW.named, NEW.set_by_id, NEW.set_at)
       IS DISTINCT FROM
       (OLD.id, OLD.number, OLD.site_id, OLD.kind, OLD.agent_id, OLD.customer_mark, OLD.first_day, OLD.last_day,
        OLD.begins_at, OLD.ends_at, OLD.named, OLD.set_by_id, OLD.set_at) THEN
        RAISE EXCEPTION 'hold % covers what it was set for', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.until IS DISTINCT FROM OLD.until AND (OLD.until IS NULL OR NEW.until < OLD.until) THEN
        RAISE EXCEPTION 'hold % is extended or lifted, and never shortened', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_hold_guard BEFORE UPDATE ON retention_hold FOR EACH ROW EXECUTE FUNCTION retention_hold_guard();
CREATE FUNCTION retention_holdrecord_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a hold covers the records that it was set for' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER retention_holdrecord_guard BEFORE UPDATE ON retention_holdrecord
    FOR EACH ROW EXECUTE FUNCTION retention_holdrecord_guard();
"""
FUNCTIONS = (
    "retention_period_guard()", "retention_kept_until(bigint)", "retention_hold_guard()", "retention_holdrecord_guard()",
    "retention_record_identity_guard()",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("retention", "0012_loss_triggers"), ("ledger", "0002_triggers")]
    operations = [
        migrations.RunSQL(PERIOD + HOLD, "".join(f"DROP FUNCTION {one} CASCADE;" for one in FUNCTIONS)),
        append_only("retention_schedule"),
    ]
