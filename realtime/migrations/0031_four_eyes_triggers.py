"""What was agreed stays, and who wrote in a version did (RTM-1)."""

from django.db import migrations

from occ.ledger.append_only import append_only

FORWARD = """
CREATE FUNCTION realtime_swap_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'swap %: what was agreed stays', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER realtime_swap_agreed BEFORE UPDATE OF agreed ON realtime_shiftswap FOR EACH ROW
    WHEN (OLD.agreed IS DISTINCT FROM NEW.agreed) EXECUTE FUNCTION realtime_swap_guard();
"""
REVERSE = """
DROP TRIGGER realtime_swap_agreed ON realtime_shiftswap;
DROP FUNCTION realtime_swap_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("realtime", "0030_four_eyes"), ("ledger", "0002_triggers")]
    operations = [migrations.RunSQL(FORWARD, REVERSE), append_only("realtime_roster_hands")]
