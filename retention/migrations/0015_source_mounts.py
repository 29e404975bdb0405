"""Disks of their own below a source: one that is not mounted is no disk without files."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0014_documents_for_all_sites")]
    operations = [
        migrations.AddField("source", "mounts", models.JSONField(default=list, editable=False)),
    ]
