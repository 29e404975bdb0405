"""What was packed leaves its table for nothing but a confirmed loss, key and all; and a lost key goes with its record only."""

from django.db import migrations

from occ.ledger.append_only import append_only

LOST = """
CREATE FUNCTION retention_packed_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.retention_lostpacked l JOIN public.retention_loss s ON s.id = l.loss_id
        WHERE s.status = 'lost' AND s.decided_by_id <> s.declared_by_id
          AND (l.record_id, l.pack_id, l.name, l."offset", l.length, l.size, l.sha256, l.sha512, l.key)
              IS NOT DISTINCT FROM
              (OLD.record_id, OLD.pack_id, OLD.name, OLD."offset", OLD.length, OLD.size, OLD.sha256, OLD.sha512, OLD.key)
    ) THEN
        RAISE EXCEPTION 'the backup of record % is given up only where a loss keeps it', OLD.record_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER retention_packed_stays ON retention_packed;
CREATE TRIGGER retention_packed_stays BEFORE DELETE ON retention_packed
    FOR EACH ROW EXECUTE FUNCTION retention_packed_leaves();

CREATE FUNCTION retention_lost_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT FROM public.retention_packed p WHERE p.key IS NOT NULL
              AND (p.record_id, p.pack_id, p.name, p."offset", p.length, p.size, p.sha256, p.sha512, p.key)
                  IS NOT DISTINCT FROM
                  (NEW.record_id, NEW.pack_id, NEW.name, NEW."offset", NEW.length, NEW.size, NEW.sha256, NEW.sha512, NEW.key)
        ) THEN
            RAISE EXCEPTION 'record % was not packed like that', NEW.record_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.loss_id, NEW.record_id, NEW.pack_id, NEW.name, NEW."offset", NEW.length, NEW.size, NEW.sha256, NEW.sha512)
       IS DISTINCT FROM
       (OLD.id, OLD.loss_id, OLD.record_id, OLD.pack_id, OLD.name, OLD."offset", OLD.length, OLD.size, OLD.sha256, OLD.sha512)
       OR NEW.key IS DISTINCT FROM OLD.key AND (NEW.key IS NOT NULL OR NOT public.retention_destroyed(OLD.record_id)) THEN
        RAISE EXCEPTION 'what is lost of record % stays as it was, its key until the record is destroyed', OLD.record_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_lost_guard BEFORE INSERT OR UPDATE ON retention_lostpacked
    FOR EACH ROW EXECUTE FUNCTION retention_lost_guard();

CREATE FUNCTION retention_loss_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'declared' AND
       (NEW.status, NEW.declared_by_id, NEW.decided_by_id, NEW.finding_id, NEW.bag_id, NEW.number)
       IS DISTINCT FROM
       (OLD.status, OLD.declared_by_id, OLD.decided_by_id, OLD.finding_id, OLD.bag_id, OLD.number) THEN
        RAISE EXCEPTION 'loss % was decided once', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_loss_guard BEFORE UPDATE ON retention_loss
    FOR EACH ROW EXECUTE FUNCTION retention_loss_guard();
"""
REVERSE = """
DROP TRIGGER retention_packed_stays ON retention_packed;
CREATE TRIGGER retention_packed_stays BEFORE DELETE ON retention_packed
    FOR EACH ROW EXECUTE FUNCTION occ_append_only();
DROP FUNCTION retention_packed_leaves();
DROP FUNCTION retention_lost_guard() CASCADE;
DROP FUNCTION retention_loss_guard() CASCADE;
"""
# A copy or a bag goes once nothing in it has a key, lost or not.
KEYS = """
CREATE OR REPLACE FUNCTION retention_copy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.retention_packed p WHERE p.pack_id = OLD.pack_id AND p.key IS NOT NULL) {copies} THEN
        RAISE EXCEPTION 'package % holds records that are kept', OLD.pack_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION retention_bag_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.retention_packed p JOIN public.retention_pack k ON k.id = p.pack_id
               WHERE k.bag_id = OLD.id AND p.key IS NOT NULL) {bags} THEN
        RAISE EXCEPTION 'bag % holds records that are kept', OLD.identifier USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
LOST_KEYS = {
    "copies": "OR EXISTS (SELECT FROM public.retention_lostpacked l WHERE l.pack_id = OLD.pack_id AND l.key IS NOT NULL)",
    "bags": "OR EXISTS (SELECT FROM public.retention_lostpacked l JOIN public.retention_pack k ON k.id = l.pack_id"
    " WHERE k.bag_id = OLD.id AND l.key IS NOT NULL)",
}
STAYING = ("retention_loss", "retention_lostpacked")
STAYS = "".join(
    f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION occ_append_only();"
    f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();"
    for table in STAYING
)
STAYS_REVERSE = "".join(
    f"DROP TRIGGER {table}_stays ON {table}; DROP TRIGGER {table}_no_truncate ON {table};" for table in STAYING
)


class Migration(migrations.Migration):
    dependencies = [("retention", "0011_losses"), ("ledger", "0002_triggers")]
    operations = [
        migrations.RunSQL(KEYS.format(**LOST_KEYS), KEYS.format(copies="", bags="")),
        migrations.RunSQL(LOST + STAYS, STAYS_REVERSE + REVERSE),
        append_only("retention_historicalloss"),
    ]
