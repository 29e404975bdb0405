"""What the catalogue's page is filtered by: a state, and how an ID begins."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0003_schedule")]
    operations = [
        *(
            migrations.AddIndex(
                model_name="record",
                index=models.Index(
                    fields=["ended_at", "id"], name=f"record_{state}", condition=models.Q(("state", state))
                ),
            )
            for state in ("catalogued", "backed_up", "waived", "destroyed")
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["external_id"], opclasses=["varchar_pattern_ops"], name="record_external_id"),
        ),
    ]
