"""The register of documents as a view: issued documents, backed-up batches, entries by hand (RET-11)."""

from django.db import migrations

# A batch is in the register once it has a bag. It may go when the last of its records may: the longest period of its
# kind that holds today, counted from the end of its month.
VIEW = """
CREATE VIEW retention_registerline AS
SELECT 'D' || d.id AS key, 'document' AS kind, d.id AS ref,
       CASE WHEN d.revision > 0 THEN d.number || '/R' || d.revision ELSE d.number END AS number,
       d.title, d.site_id,
       (d.issued_at AT TIME ZONE COALESCE(s.timezone, 'Asia/Jakarta'))::date AS issued_on,
       d.expires_on,
       (d.destroyed_at AT TIME ZONE COALESCE(s.timezone, 'Asia/Jakarta'))::date AS destroyed_on,
       d.owner_role, 'OCC' AS place, 'softcopy' AS medium,
       CASE d.status WHEN 'valid' THEN 'kept' ELSE d.status END AS status
  FROM documents_issueddocument d LEFT JOIN people_site s ON s.id = d.site_id
UNION ALL
SELECT 'B' || b.id, 'batch', b.id,
       s.code || '-' || b.kind || '-' || to_char(b.month, 'YYYYMM') || CASE WHEN b.part > 1 THEN '-' || b.part ELSE '' END,
       b.kind || ' ' || to_char(b.month, 'YYYY-MM'),
       b.site_id,
       (g.opened_at AT TIME ZONE s.timezone)::date,
       (b.month + interval '1 month' - interval '1 day' + make_interval(years => COALESCE(p.years, 2)))::date,
       CASE WHEN g.kept = 0 THEN (g.gone_at AT TIME ZONE s.timezone)::date END,
       'it', COALESCE(t.codes, '-'), 'softcopy',
       CASE WHEN g.kept = 0 THEN 'destroyed' ELSE 'kept' END
  FROM retention_batch b
  JOIN people_site s ON s.id = b.site_id
  JOIN (SELECT bag.batch_id, min(COALESCE(bag.completed_at, bag.opened_at)) AS opened_at,
               count(*) FILTER (WHERE bag.status <> 'gone') AS kept, max(bag.gone_at) AS gone_at
          FROM retention_bag bag WHERE bag.status <> 'building' GROUP BY bag.batch_id) g ON g.batch_id = b.id
  LEFT JOIN LATERAL (
       SELECT left(string_agg(o.code, ', ' ORDER BY o.code), 120) AS codes
         FROM retention_copy c JOIN retention_store o ON o.id = c.store_id
        WHERE c.gone_at IS NULL AND c.pack_id = (
              SELECT k.id FROM retention_pack k JOIN retention_bag a ON a.id = k.bag_id
               WHERE a.batch_id = b.id ORDER BY k.id DESC LIMIT 1)) t ON true
  LEFT JOIN LATERAL (
       SELECT max(y.delete_after_years) AS years FROM (
              SELECT DISTINCT ON (c.channel, c.client) c.delete_after_years FROM retention_schedule c
               WHERE c.record_kind = b.kind AND c.valid_from <= (now() AT TIME ZONE s.timezone)::date
               ORDER BY c.channel, c.client, c.valid_from DESC) y) p ON true
UNION ALL
SELECT 'E' || e.id, 'entry', e.id, e.number, e.title, e.site_id, e.issued_on, e.expires_on, e.destroyed_on,
       e.owner_role, e.place, e.medium, e.status
  FROM retention_entry e
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0004_disposal_triggers"), ("documents", "0002_triggers")]
    operations = [migrations.RunSQL(VIEW, "DROP VIEW retention_registerline")]
