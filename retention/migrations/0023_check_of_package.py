"""A check that somebody asks for may be of one package of the batch."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0022_open_findings_indexed")]
    operations = [
        migrations.AddField(
            "check",
            "pack",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="checks",
                to="retention.pack",
            ),
        ),
        migrations.AddConstraint(
            "check",
            models.CheckConstraint(
                condition=models.Q(("pack", None), ("batch__isnull", False), _connector="OR"), name="check_pack_of_batch"
            ),
        ),
    ]  # fmt: skip
