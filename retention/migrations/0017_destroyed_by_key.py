"""Whether a record is destroyed is asked by its key.

The partial index over destroyed records, which begins with other columns, looks cheaper while few are destroyed; it was
then read from end to end for each record of a deletion.
"""

from django.db import migrations

DESTROYED = """
CREATE OR REPLACE FUNCTION retention_destroyed(wanted bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    {}
$$;
"""
BY_KEY = "SELECT coalesce((SELECT r.state = 'destroyed' FROM public.retention_record r WHERE r.id = wanted), false)"
BEFORE = "SELECT EXISTS (SELECT FROM public.retention_record r WHERE r.id = wanted AND r.state = 'destroyed')"


class Migration(migrations.Migration):
    dependencies = [("retention", "0016_paths_again")]
    operations = [migrations.RunSQL(DESTROYED.format(BY_KEY), DESTROYED.format(BEFORE))]
