"""Disks of their own below a source are remembered; a path may be that of several records, of which one is not destroyed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0014_documents_for_all_sites")]
    operations = [
        migrations.AddField("source", "mounts", models.JSONField(default=list, editable=False)),
        migrations.RemoveConstraint("record", "record_file_once"),
        migrations.AddConstraint(
            "record",
            models.UniqueConstraint(
                condition=models.Q(("state", "destroyed"), _negated=True), fields=("source", "path"),
                name="record_file_once",
            ),
        ),
    ]  # fmt: skip
