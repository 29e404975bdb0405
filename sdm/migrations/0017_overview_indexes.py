from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("sdm", "0016_absence_triggers")]
    operations = [
        migrations.AddIndex(
            "placement",
            models.Index(fields=["ends_on"], name="placement_ends", condition=Q(ends_on__isnull=False)),
        ),
        migrations.AddIndex(
            "placement",
            models.Index(fields=["starts_on"], name="placement_stints", condition=~Q(began="transferred")),
        ),
    ]
