"""A hold on an agent may cover records whose agent nobody knew: asked where a destruction asks for holds."""

from django.db import migrations, models

HELD = """
CREATE OR REPLACE FUNCTION retention_held(wanted bigint, on_day date DEFAULT NULL) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM public.retention_record r
        JOIN public.people_site s ON s.id = r.site_id
        JOIN public.retention_hold h ON h.site_id = r.site_id
        WHERE r.id = wanted AND h.lifted_at IS NULL
          AND (h.until IS NULL OR h.until >= coalesce(on_day, (now() AT TIME ZONE s.timezone)::date))
          AND (h.kind = '' OR h.kind = r.kind)
          AND (h.agent_id IS NULL OR h.agent_id = r.agent_id {without_agent})
          AND (h.customer_mark = '' OR h.customer_mark = r.customer_mark)
          AND (h.first_day IS NULL OR h.begins_at <= r.ended_at)
          AND (h.last_day IS NULL OR h.ends_at > r.started_at)
          AND (NOT h.named OR EXISTS (
              SELECT FROM public.retention_holdrecord n WHERE n.hold_id = h.id AND n.record_id = r.id)))
$$;
"""
FIELD = {"default": False, "verbose_name": "also records without an agent"}


class Migration(migrations.Migration):
    dependencies = [("retention", "0007_paper_triggers")]
    operations = [
        migrations.AddField("hold", "without_agent", models.BooleanField(**FIELD)),
        migrations.AddField("historicalhold", "without_agent", models.BooleanField(**FIELD)),
        migrations.AddConstraint(
            "hold",
            models.CheckConstraint(
                condition=models.Q(("without_agent", False), ("agent__isnull", False), _connector="OR"),
                name="hold_without_agent_has_one",
            ),
        ),
        migrations.RunSQL(
            HELD.format(without_agent="OR h.without_agent AND r.agent_id IS NULL"), HELD.format(without_agent="")
        ),
    ]
