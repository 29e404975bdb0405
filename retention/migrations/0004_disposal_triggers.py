"""What keeps conversations from being destroyed without approval, whoever works on the tables (RET-7, RET-8, RET-9).

The whole question is asked in one place, when a record becomes "destroyed"; a key is then destroyed, and a tombstone
written, only for a record that is. Tables are named with their schema: a temporary table of the same name, which any
role may make, would be read instead.
"""

from django.db import migrations

from occ.ledger.append_only import append_only

HELD = """
CREATE FUNCTION retention_held(wanted bigint, on_day date DEFAULT NULL) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM public.retention_record r
        JOIN public.people_site s ON s.id = r.site_id
        JOIN public.retention_hold h ON h.site_id = r.site_id
        WHERE r.id = wanted AND h.lifted_at IS NULL
          AND (h.until IS NULL OR h.until >= coalesce(on_day, (now() AT TIME ZONE s.timezone)::date))
          AND (h.kind = '' OR h.kind = r.kind)
          AND (h.agent_id IS NULL OR h.agent_id = r.agent_id)
          AND (h.customer_mark = '' OR h.customer_mark = r.customer_mark)
          AND (h.first_day IS NULL OR h.begins_at <= r.ended_at)
          AND (h.last_day IS NULL OR h.ends_at > r.started_at)
          AND (NOT h.named OR EXISTS (
              SELECT FROM public.retention_holdrecord n WHERE n.hold_id = h.id AND n.record_id = r.id)))
$$;
"""

# Why a record may not be destroyed; NULL: it may.
REFUSED = """
CREATE FUNCTION retention_refused(wanted bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line record;
    why text;
BEGIN
    SELECT i.decision, i.state, p.status, p.list_sha256, p.cooling_until, p.executed_by_id,
           a.list_sha256 AS approved_sha256, a.decided_by_id, a.decision AS verdict, r.id AS recalled
      INTO line
      FROM public.retention_item i
      JOIN public.retention_proposal p ON p.id = i.proposal_id
      LEFT JOIN public.approvals_approval a ON a.id = p.approval_id
      LEFT JOIN public.approvals_recall r ON r.approval_id = a.id
     WHERE i.record_id = wanted AND i.live;
    IF NOT FOUND THEN why := 'no proposal has it on its list';
    ELSIF line.decision <> 'approved' THEN why := 'its line was not approved';
    ELSIF line.state NOT IN ('started', 'destroyed') THEN why := 'its deletion was not begun';
    ELSIF line.status <> 'executing' THEN why := 'its proposal is not being executed';
    ELSIF line.approved_sha256 IS DISTINCT FROM line.list_sha256 THEN why := 'another list was approved';
    ELSIF line.verdict NOT IN ('approved', 'in_part') THEN why := 'the list was refused';
    ELSIF line.recalled IS NOT NULL THEN why := 'the approval was called back';
    ELSIF line.cooling_until IS NULL OR line.cooling_until > now() THEN why := 'the cooling-off is not over';
    ELSIF line.executed_by_id IS NULL OR line.executed_by_id = line.decided_by_id THEN why := 'approver and executor are one';
    ELSIF public.retention_held(wanted) THEN why := 'a legal hold covers it';
    END IF;
    IF why IS NOT NULL AND EXISTS (SELECT FROM public.retention_journalproof j WHERE j.record_id = wanted) THEN
        RETURN NULL;
    END IF;
    RETURN why;
END $$;
"""

RECORD = """
CREATE FUNCTION retention_record_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    why text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'a record is not catalogued as destroyed' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'destroyed' THEN
        IF (NEW.id, NEW.state, NEW.source_id, NEW.external_id, NEW.path, NEW.kind, NEW.ended_at, NEW.size, NEW.sha256)
           IS DISTINCT FROM
           (OLD.id, OLD.state, OLD.source_id, OLD.external_id, OLD.path, OLD.kind, OLD.ended_at, OLD.size, OLD.sha256) THEN
            RAISE EXCEPTION 'record % was destroyed: its row stays', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    why := public.retention_refused(OLD.id);
    IF why IS NOT NULL OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'record % may not be destroyed: %', OLD.id, why USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_record_guard BEFORE UPDATE ON retention_record FOR EACH ROW
    WHEN (OLD.state = 'destroyed' OR NEW.state = 'destroyed') EXECUTE FUNCTION retention_record_guard();
CREATE TRIGGER retention_record_guard_new BEFORE INSERT ON retention_record FOR EACH ROW
    WHEN (NEW.state = 'destroyed') EXECUTE FUNCTION retention_record_guard();
"""

BACKUPS = """
CREATE FUNCTION retention_destroyed(wanted bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.retention_record r WHERE r.id = wanted AND r.state = 'destroyed')
$$;
CREATE FUNCTION retention_packed_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.record_id, NEW.pack_id, NEW.name, NEW."offset", NEW.length, NEW.size, NEW.sha256, NEW.sha512)
       IS DISTINCT FROM
       (OLD.record_id, OLD.pack_id, OLD.name, OLD."offset", OLD.length, OLD.size, OLD.sha256, OLD.sha512) THEN
        RAISE EXCEPTION 'where record % lies in its package is written once', OLD.record_id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.key IS DISTINCT FROM OLD.key AND (NEW.key IS NOT NULL OR NOT public.retention_destroyed(OLD.record_id)) THEN
        RAISE EXCEPTION 'the key of record % is destroyed with its record, and never changed', OLD.record_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_packed_guard BEFORE UPDATE ON retention_packed
    FOR EACH ROW EXECUTE FUNCTION retention_packed_guard();

CREATE FUNCTION retention_tombstone_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT public.retention_destroyed(NEW.record_id) THEN
        RAISE EXCEPTION 'record % is not destroyed', NEW.record_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_tombstone_guard BEFORE INSERT ON retention_tombstone
    FOR EACH ROW EXECUTE FUNCTION retention_tombstone_guard();

CREATE FUNCTION retention_pack_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'package % is what it was when it was compared', OLD.name USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER retention_pack_guard BEFORE UPDATE ON retention_pack FOR EACH ROW
    WHEN ((NEW.id, NEW.bag_id, NEW.number, NEW.name, NEW.size, NEW.sha256)
          IS DISTINCT FROM (OLD.id, OLD.bag_id, OLD.number, OLD.name, OLD.size, OLD.sha256))
    EXECUTE FUNCTION retention_pack_guard();

CREATE FUNCTION retention_copy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.retention_packed p WHERE p.pack_id = OLD.pack_id AND p.key IS NOT NULL) THEN
        RAISE EXCEPTION 'package % holds records that are kept', OLD.pack_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_copy_guard BEFORE UPDATE ON retention_copy FOR EACH ROW
    WHEN (OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL) EXECUTE FUNCTION retention_copy_guard();

CREATE FUNCTION retention_bag_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.retention_packed p JOIN public.retention_pack k ON k.id = p.pack_id
               WHERE k.bag_id = OLD.id AND p.key IS NOT NULL) THEN
        RAISE EXCEPTION 'bag % holds records that are kept', OLD.identifier USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_bag_guard BEFORE UPDATE ON retention_bag FOR EACH ROW
    WHEN (OLD.key <> '' AND NEW.key = '' OR OLD.status <> 'gone' AND NEW.status = 'gone')
    EXECUTE FUNCTION retention_bag_guard();
"""

ITEMS = """
CREATE FUNCTION retention_item_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    p record;
BEGIN
    SELECT status, frozen_at INTO p FROM public.retention_proposal WHERE id = NEW.proposal_id;
    IF TG_OP = 'INSERT' THEN
        IF p.frozen_at IS NOT NULL OR p.status <> 'draft' OR NEW.decision <> 'pending' OR NEW.state <> 'listed' THEN
            RAISE EXCEPTION 'the list of proposal % is closed', NEW.proposal_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.proposal_id, NEW.record_id, NEW.document_id, NEW.entry_id)
       IS DISTINCT FROM (OLD.id, OLD.proposal_id, OLD.record_id, OLD.document_id, OLD.entry_id)
       OR (NEW.live AND NOT OLD.live)
       OR p.frozen_at IS NOT NULL
          AND (NEW.line, NEW.position, NEW.reason) IS DISTINCT FROM (OLD.line, OLD.position, OLD.reason) THEN
        RAISE EXCEPTION 'line % stays as it was put before the client', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.decision, NEW.decision_reason, NEW.again_on) IS DISTINCT FROM (OLD.decision, OLD.decision_reason, OLD.again_on)
       AND p.status <> 'with_client' THEN
        RAISE EXCEPTION 'line % is decided while it lies before the client', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND (
        OLD.state = 'destroyed'
        OR NEW.state IN ('started', 'destroyed', 'failed') AND p.status <> 'executing'
        OR NEW.state = 'listed'
        OR NEW.state = 'destroyed' AND NEW.record_id IS NOT NULL AND NOT public.retention_destroyed(NEW.record_id)
    ) THEN
        RAISE EXCEPTION 'line % cannot become % now', OLD.id, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_item_guard BEFORE INSERT OR UPDATE ON retention_item
    FOR EACH ROW EXECUTE FUNCTION retention_item_guard();

CREATE FUNCTION retention_condition_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.retention_proposal p WHERE p.id = NEW.proposal_id AND p.status = 'draft') THEN
        RAISE EXCEPTION 'conditions are met before the list goes to the client' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_condition_guard BEFORE INSERT ON retention_condition
    FOR EACH ROW EXECUTE FUNCTION retention_condition_guard();
"""

PROPOSAL = """
CREATE FUNCTION retention_list_sha256(wanted bigint, lines integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(i.line || E'\\n', '' ORDER BY i.position), ''), 'UTF8')), 'hex')
      FROM public.retention_item i WHERE i.proposal_id = wanted AND i.position <= lines
$$;
CREATE FUNCTION retention_proposal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    a record;
    zone text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' OR NEW.frozen_at IS NOT NULL OR NEW.approval_id IS NOT NULL THEN
            RAISE EXCEPTION 'a proposal begins as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.frozen_at IS NOT NULL AND (
        (NEW.id, NEW.number, NEW.site_id, NEW.kind, NEW.frozen_at, NEW.list_sha256, NEW.items_count, NEW.bytes_count)
        IS DISTINCT FROM
        (OLD.id, OLD.number, OLD.site_id, OLD.kind, OLD.frozen_at, OLD.list_sha256, OLD.items_count, OLD.bytes_count)
    ) THEN
        RAISE EXCEPTION 'proposal % stays as it was put before the client', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.approval_id IS NOT NULL AND (NEW.approval_id, NEW.cooling_until, NEW.approved_count)
       IS DISTINCT FROM (OLD.approval_id, OLD.cooling_until, OLD.approved_count) THEN
        RAISE EXCEPTION 'proposal % was decided once', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    SELECT f.list_sha256, f.decision, f.decided_by_id, f.decided_at, f.object_id, t.model, t.app_label,
           EXISTS (SELECT FROM public.approvals_recall r WHERE r.approval_id = f.id) AS recalled
      INTO a FROM public.approvals_approval f
      JOIN public.django_content_type t ON t.id = f.content_type_id WHERE f.id = NEW.approval_id;
    IF NEW.approval_id IS NOT NULL AND OLD.approval_id IS NULL THEN
        SELECT s.timezone INTO zone FROM public.people_site s WHERE s.id = NEW.site_id;
        IF a.list_sha256 IS DISTINCT FROM NEW.list_sha256
           OR (a.app_label, a.model, a.object_id) IS DISTINCT FROM ('retention', 'proposal', NEW.id)
           OR a.recalled OR a.decision <> 'refused' AND coalesce(NEW.cooling_until < a.decided_at, true) THEN
            RAISE EXCEPTION 'this is no approval of the list of proposal %', NEW.number USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM public.people_roleassignment g
            WHERE g.user_id = a.decided_by_id AND g.role = 'client' AND (g.site_id IS NULL OR g.site_id = NEW.site_id)
              AND g.starts_on <= (a.decided_at AT TIME ZONE zone)::date
              AND (g.ends_on IS NULL OR g.ends_on >= (a.decided_at AT TIME ZONE zone)::date)
        ) THEN
            RAISE EXCEPTION 'only the client approves proposal %', NEW.number USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.status = OLD.status THEN RETURN NEW; END IF;
    IF (OLD.status, NEW.status) NOT IN (
        ('draft', 'with_client'), ('draft', 'withdrawn'), ('with_client', 'approved'), ('with_client', 'refused'),
        ('with_client', 'withdrawn'), ('with_client', 'void'), ('approved', 'withdrawn'), ('approved', 'void'),
        ('approved', 'executing'), ('partial', 'executing'), ('executing', 'partial'), ('executing', 'destroyed'), ('executing', 'void'),
        ('destroyed', 'closed')
    ) THEN
        RAISE EXCEPTION 'proposal % does not go from % to %', OLD.number, OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status IN ('with_client', 'executing')
       AND NEW.list_sha256 IS DISTINCT FROM public.retention_list_sha256(NEW.id, NEW.items_count) THEN
        RAISE EXCEPTION 'the list of proposal % is not the one of its hash', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'approved' AND (NEW.approval_id IS NULL OR a.decision = 'refused' OR NEW.approved_count <> (
        SELECT count(*) FROM public.retention_item i WHERE i.proposal_id = NEW.id AND i.decision = 'approved')) THEN
        RAISE EXCEPTION 'proposal % was not approved', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'executing' AND (
        NEW.approval_id IS NULL OR a.recalled OR a.decision = 'refused' OR a.list_sha256 <> NEW.list_sha256
        OR coalesce(NEW.cooling_until > now(), true) OR coalesce(NEW.executed_by_id = a.decided_by_id, true)
    ) THEN
        RAISE EXCEPTION 'proposal % may not be executed', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'destroyed' AND EXISTS (
        SELECT FROM public.retention_item i WHERE i.proposal_id = NEW.id AND i.decision = 'approved'
           AND i.state IN ('listed', 'started', 'failed')
    ) THEN
        RAISE EXCEPTION 'proposal % has lines that are not destroyed', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'closed' AND NEW.document_id IS NULL THEN
        RAISE EXCEPTION 'proposal % has no berita acara', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_proposal_guard BEFORE INSERT OR UPDATE ON retention_proposal
    FOR EACH ROW EXECUTE FUNCTION retention_proposal_guard();
"""

# Rows of these never go, whoever asks.
STAYING = (
    "retention_record", "retention_packed", "retention_pack", "retention_copy", "retention_bag", "retention_item",
    "retention_proposal", "retention_probe", "retention_hold", "retention_holdrecord",
)  # fmt: skip
STAYS = "".join(
    f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION occ_append_only();"
    f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();"
    for table in STAYING
)

PROOFS = """
CREATE FUNCTION retention_proof_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID), 'MEMBER') THEN
        RAISE EXCEPTION 'only a restore of the database writes proofs' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_proof_guard BEFORE INSERT ON retention_journalproof
    FOR EACH ROW EXECUTE FUNCTION retention_proof_guard();
"""

FUNCTIONS = (
    "retention_record_guard()", "retention_packed_guard()", "retention_tombstone_guard()", "retention_pack_guard()",
    "retention_copy_guard()", "retention_bag_guard()", "retention_item_guard()", "retention_condition_guard()",
    "retention_proposal_guard()", "retention_proof_guard()", "retention_refused(bigint)",
    "retention_held(bigint, date)", "retention_destroyed(bigint)", "retention_list_sha256(bigint, integer)",
)  # fmt: skip
REVERSE = "".join(
    f"DROP TRIGGER {table}_stays ON {table}; DROP TRIGGER {table}_no_truncate ON {table};" for table in STAYING
) + "".join(f"DROP FUNCTION {one} CASCADE;" for one in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0003_schedule"), ("approvals", "0002_triggers"), ("ledger", "0002_triggers"),
        ("people", "0001_initial"), ("contenttypes", "0002_remove_content_type_name"),
    ]  # fmt: skip
    operations = [
        migrations.RunSQL(HELD + REFUSED + BACKUPS + RECORD + ITEMS + PROPOSAL + STAYS + PROOFS, REVERSE),
        append_only("retention_condition", "retention_journal", "retention_journalproof"),
    ]
