"""A path may be that of several records one after the other: all but the last are destroyed, and keep its mark."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0015_source_mounts")]
    operations = [
        migrations.RemoveConstraint("record", "record_file_once"),
        migrations.AddConstraint(
            "record",
            models.UniqueConstraint(
                condition=models.Q(("state", "destroyed"), _negated=True), fields=("source", "path"),
                name="record_file_once",
            ),
        ),
    ]  # fmt: skip
