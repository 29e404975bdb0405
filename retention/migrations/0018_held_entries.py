"""Also by SQL: a registered document does not leave the hold that covers it by another site or another day (RET-12)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION retention_entry_held_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF public.retention_paper_held(NULL, OLD.id) THEN
        RAISE EXCEPTION 'entry % is held: its site and its days stay', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_entry_held_guard BEFORE UPDATE OF site_id, issued_on, expires_on ON retention_entry FOR EACH ROW
    WHEN ((NEW.site_id, NEW.issued_on, NEW.expires_on) IS DISTINCT FROM (OLD.site_id, OLD.issued_on, OLD.expires_on))
    EXECUTE FUNCTION retention_entry_held_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0017_destroyed_by_key")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION retention_entry_held_guard() CASCADE")]
