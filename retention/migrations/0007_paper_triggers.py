"""What keeps documents from being destroyed without approval, whoever works on the tables (RET-8, RET-11).

As for records (0004): the whole question is asked in one place, when a document or an entry becomes "destroyed"; its line
and its tombstone then only follow. Tables are named with their schema.
"""

from django.db import migrations

from occ.ledger.append_only import append_only

# A hold that names no kind, agent, customer or record covers what was issued in its period, or is about it.
HELD = """
CREATE FUNCTION retention_paper_held(wanted_document bigint, wanted_entry bigint, on_day date DEFAULT NULL)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT d.site_id, least(d.period_from, (d.issued_at AT TIME ZONE z.timezone)::date) AS first,
                   greatest(d.period_to, (d.issued_at AT TIME ZONE z.timezone)::date) AS last
              FROM public.documents_issueddocument d JOIN public.people_site z ON z.id = d.site_id
             WHERE d.id = wanted_document
            UNION ALL
            SELECT e.site_id, e.issued_on, e.issued_on FROM public.retention_entry e WHERE e.id = wanted_entry
        ) p
        JOIN public.people_site s ON s.id = p.site_id
        JOIN public.retention_hold h ON h.site_id = p.site_id
        WHERE h.lifted_at IS NULL
          AND (h.until IS NULL OR h.until >= coalesce(on_day, (now() AT TIME ZONE s.timezone)::date))
          AND h.kind = '' AND h.agent_id IS NULL AND h.customer_mark = '' AND NOT h.named
          AND (h.first_day IS NULL OR h.first_day <= p.last) AND (h.last_day IS NULL OR h.last_day >= p.first))
$$;
"""

# Why a document or an entry may not be destroyed; NULL: it may.
REFUSED = """
CREATE FUNCTION retention_paper_refused(wanted_document bigint, wanted_entry bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line record;
    last_day date;
    today date;
    why text;
BEGIN
    SELECT i.id, i.decision, i.state, p.status, p.list_sha256, p.cooling_until, p.executed_by_id,
           a.list_sha256 AS approved_sha256, a.decided_by_id, a.decision AS verdict, r.id AS recalled
      INTO line
      FROM public.retention_item i
      JOIN public.retention_proposal p ON p.id = i.proposal_id
      LEFT JOIN public.approvals_approval a ON a.id = p.approval_id
      LEFT JOIN public.approvals_recall r ON r.approval_id = a.id
     WHERE i.live AND (i.document_id = wanted_document OR i.entry_id = wanted_entry);
    IF NOT FOUND THEN why := 'no proposal has it on its list';
    ELSIF line.decision <> 'approved' THEN why := 'its line was not approved';
    ELSIF line.state NOT IN ('started', 'destroyed') THEN why := 'its deletion was not begun';
    ELSIF line.status <> 'executing' THEN why := 'its proposal is not being executed';
    ELSIF line.approved_sha256 IS DISTINCT FROM line.list_sha256 THEN why := 'another list was approved';
    ELSIF line.verdict NOT IN ('approved', 'in_part') THEN why := 'the list was refused';
    ELSIF line.recalled IS NOT NULL THEN why := 'the approval was called back';
    ELSIF line.cooling_until IS NULL OR line.cooling_until > now() THEN why := 'the cooling-off is not over';
    ELSIF line.executed_by_id IS NULL OR line.executed_by_id = line.decided_by_id THEN why := 'approver and executor are one';
    ELSIF public.retention_paper_held(wanted_document, wanted_entry) THEN why := 'a legal hold covers it';
    ELSIF EXISTS (SELECT FROM public.retention_proposal q WHERE q.document_id = wanted_document) THEN
        why := 'it is the proof of a destruction';
    ELSIF wanted_entry IS NOT NULL
          AND NOT EXISTS (SELECT FROM public.retention_shredding z WHERE z.item_id = line.id) THEN
        why := 'nobody has said how it was destroyed';
    END IF;
    IF why IS NULL THEN
        SELECT x.expires_on, (now() AT TIME ZONE s.timezone)::date INTO last_day, today FROM (
            SELECT d.expires_on, d.site_id FROM public.documents_issueddocument d WHERE d.id = wanted_document
            UNION ALL SELECT e.expires_on, e.site_id FROM public.retention_entry e WHERE e.id = wanted_entry
        ) x JOIN public.people_site s ON s.id = x.site_id;
        IF last_day IS NULL OR last_day >= today THEN why := 'it must still be kept'; END IF;
    END IF;
    IF why IS NOT NULL AND EXISTS (
        SELECT FROM public.retention_documentproof j
         WHERE j.document_id = wanted_document OR j.entry_id = wanted_entry) THEN
        RETURN NULL;
    END IF;
    RETURN why;
END $$;
CREATE FUNCTION retention_paper_destroyed(wanted_document bigint, wanted_entry bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.documents_issueddocument d WHERE d.id = wanted_document AND d.status = 'destroyed')
        OR EXISTS (SELECT FROM public.retention_entry e WHERE e.id = wanted_entry AND e.status = 'destroyed')
$$;
"""

GUARDS = """
CREATE FUNCTION retention_document_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    why text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'a document is not issued as destroyed' USING ERRCODE = 'check_violation';
    END IF;
    why := public.retention_paper_refused(OLD.id, NULL);
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'document % may not be destroyed: %', OLD.number, why USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_document_guard BEFORE UPDATE ON documents_issueddocument FOR EACH ROW
    WHEN (OLD.status <> 'destroyed' AND NEW.status = 'destroyed') EXECUTE FUNCTION retention_document_guard();
CREATE TRIGGER retention_document_guard_new BEFORE INSERT ON documents_issueddocument FOR EACH ROW
    WHEN (NEW.status = 'destroyed') EXECUTE FUNCTION retention_document_guard();

CREATE FUNCTION retention_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['status', 'destroyed_on'];
    why text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'an entry is not made as destroyed' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'destroyed' THEN
        RAISE EXCEPTION 'entry % was destroyed: its row stays', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    why := public.retention_paper_refused(NULL, OLD.id);
    IF why IS NOT NULL OR to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free THEN
        RAISE EXCEPTION 'entry % may not be destroyed: %', OLD.number, why USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_entry_guard BEFORE UPDATE ON retention_entry FOR EACH ROW
    WHEN (OLD.status = 'destroyed' OR NEW.status = 'destroyed') EXECUTE FUNCTION retention_entry_guard();
CREATE TRIGGER retention_entry_guard_new BEFORE INSERT ON retention_entry FOR EACH ROW
    WHEN (NEW.status = 'destroyed') EXECUTE FUNCTION retention_entry_guard();

CREATE FUNCTION retention_document_tombstone_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT public.retention_paper_destroyed(NEW.document_id, NEW.entry_id) THEN
        RAISE EXCEPTION '% is not destroyed', NEW.name USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_document_tombstone_guard BEFORE INSERT ON retention_documenttombstone
    FOR EACH ROW EXECUTE FUNCTION retention_document_tombstone_guard();

CREATE FUNCTION retention_item_paper_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT public.retention_paper_destroyed(NEW.document_id, NEW.entry_id) THEN
        RAISE EXCEPTION 'what line % stands for is not destroyed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_item_paper_guard BEFORE UPDATE ON retention_item FOR EACH ROW
    WHEN (NEW.record_id IS NULL AND OLD.state <> 'destroyed' AND NEW.state = 'destroyed')
    EXECUTE FUNCTION retention_item_paper_guard();

CREATE FUNCTION retention_shredding_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.retention_item i
          JOIN public.retention_proposal p ON p.id = i.proposal_id
          JOIN public.approvals_approval a ON a.id = p.approval_id
         WHERE i.id = NEW.item_id AND i.live AND i.entry_id IS NOT NULL AND i.state = 'started'
           AND p.status = 'executing' AND a.decided_by_id <> NEW.said_by_id) THEN
        RAISE EXCEPTION 'no paper of line % waits to be destroyed by them', NEW.item_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_shredding_guard BEFORE INSERT ON retention_shredding
    FOR EACH ROW EXECUTE FUNCTION retention_shredding_guard();

CREATE TRIGGER retention_documentproof_guard BEFORE INSERT ON retention_documentproof
    FOR EACH ROW EXECUTE FUNCTION retention_proof_guard();
CREATE TRIGGER retention_entry_stays BEFORE DELETE ON retention_entry
    FOR EACH ROW EXECUTE FUNCTION occ_append_only();
CREATE TRIGGER retention_entry_no_truncate BEFORE TRUNCATE ON retention_entry
    FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();
"""

FUNCTIONS = (
    "retention_document_guard()", "retention_entry_guard()", "retention_document_tombstone_guard()",
    "retention_item_paper_guard()", "retention_shredding_guard()", "retention_paper_refused(bigint, bigint)",
    "retention_paper_destroyed(bigint, bigint)", "retention_paper_held(bigint, bigint, date)",
)  # fmt: skip
REVERSE = """
DROP TRIGGER retention_documentproof_guard ON retention_documentproof;
DROP TRIGGER retention_entry_stays ON retention_entry;
DROP TRIGGER retention_entry_no_truncate ON retention_entry;
""" + "".join(f"DROP FUNCTION {one} CASCADE;" for one in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0006_papers"), ("documents", "0002_triggers"), ("approvals", "0002_triggers"),
        ("ledger", "0002_triggers"), ("people", "0001_initial"),
    ]  # fmt: skip
    operations = [
        migrations.RunSQL(HELD + REFUSED + GUARDS, REVERSE),
        append_only("retention_shredding", "retention_documenttombstone", "retention_documentproof"),
    ]
