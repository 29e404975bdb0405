"""A frozen month is never changed; its revisions follow each other, each with what it changed and why (RTM-12)."""

from django.db import migrations

from occ.ledger.append_only import append_only

GUARD = """
CREATE FUNCTION realtime_month_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    over timestamptz;
    expected int;
BEGIN
    SELECT (m.month + interval '1 month')::timestamp AT TIME ZONE s.timezone INTO over
      FROM public.realtime_servicemonth m JOIN public.people_site s ON s.id = m.site_id WHERE m.id = NEW.month_id
       FOR UPDATE OF m;
    IF NEW.frozen_at < over THEN
        RAISE EXCEPTION 'month % is not over', NEW.month_id USING ERRCODE = 'check_violation';
    END IF;
    SELECT coalesce(max(r.number) + 1, 0) INTO expected
      FROM public.realtime_monthrevision r WHERE r.month_id = NEW.month_id;
    IF NEW.number <> expected THEN
        RAISE EXCEPTION 'revision % of month % does not follow', NEW.number, NEW.month_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.number > 0 AND (btrim(NEW.reason) = '' OR jsonb_array_length(NEW.changes) = 0) THEN
        RAISE EXCEPTION 'a revision says what changed and why' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER realtime_monthrevision_guard BEFORE INSERT ON realtime_monthrevision
FOR EACH ROW EXECUTE FUNCTION realtime_month_guard();
"""
UNDO = """
DROP TRIGGER realtime_monthrevision_guard ON realtime_monthrevision;
DROP FUNCTION realtime_month_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0014_months"), ("ledger", "0002_triggers"), ("people", "0001_initial")]
    operations = [
        append_only("realtime_servicemonth", "realtime_monthrevision"),
        migrations.RunSQL(GUARD, UNDO),
    ]
