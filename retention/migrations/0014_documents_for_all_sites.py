"""Documents of no site come up at the first one's, and a hold of any site keeps them (RET-11)."""

from importlib import import_module

from django.db import migrations

before = import_module("retention.migrations.0007_paper_triggers")
FIRST = "(SELECT f.timezone FROM public.people_site f ORDER BY f.code LIMIT 1)"


def replaced(sql: str, *changes: tuple[str, str]) -> str:
    for old, new in (("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), *changes):
        assert old in sql, old
        sql = sql.replace(old, new)
    return sql


HELD = replaced(
    before.HELD,
    ("JOIN public.people_site z ON", "LEFT JOIN public.people_site z ON"),
    ("AT TIME ZONE z.timezone", f"AT TIME ZONE coalesce(z.timezone, {FIRST})"),
    ("JOIN public.people_site s ON s.id = p.site_id\n        JOIN public.retention_hold h ON h.site_id = p.site_id",
     "JOIN public.retention_hold h ON h.site_id = p.site_id OR p.site_id IS NULL\n"
     "        JOIN public.people_site s ON s.id = h.site_id"),
)  # fmt: skip
_refused = before.REFUSED[: before.REFUSED.index("CREATE FUNCTION retention_paper_destroyed")]
REFUSED = replaced(
    _refused,
    ("JOIN public.people_site s ON s.id = x.site_id", "LEFT JOIN public.people_site s ON s.id = x.site_id"),
    ("AT TIME ZONE s.timezone", f"AT TIME ZONE coalesce(s.timezone, {FIRST})"),
)
BACK = replaced(before.HELD) + replaced(_refused)


class Migration(migrations.Migration):
    dependencies = [("retention", "0013_periods_and_holds")]
    operations = [migrations.RunSQL(HELD + REFUSED, BACK)]
