"""Open findings are found by their bag and by the copy that they are about: lists of batches ask for both."""

from django.db import migrations, models

OPEN = models.Q(("status__in", ["open", "proposed"]))


class Migration(migrations.Migration):
    dependencies = [("retention", "0021_witness_in_full")]
    operations = [
        migrations.AddIndex(
            "finding", models.Index(condition=OPEN, fields=["bag", "kind"], name="finding_open_of_bag")
        ),
        migrations.AddIndex(
            "finding", models.Index(condition=OPEN, fields=["name", "store"], name="finding_open_of_copy")
        ),
    ]
