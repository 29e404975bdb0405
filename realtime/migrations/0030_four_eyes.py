"""Who wrote in a version of a roster; what the two of a swap had when it was asked; lists page by page."""

from django.conf import settings
from django.db import migrations, models

# Whoever began a version wrote in it; who else did is known from now on.
FORWARD = """
INSERT INTO realtime_roster_hands (roster_id, user_id)
SELECT id, made_by_id FROM realtime_roster WHERE made_by_id IS NOT NULL AND NOT amends
"""


class Migration(migrations.Migration):
    dependencies = [
        ("realtime", "0023_handover_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "roster",
            "hands",
            models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="drawn up by"),
        ),
        migrations.AddField("shiftswap", "agreed", models.JSONField(default=list, verbose_name="agreed")),
        migrations.AddField("historicalshiftswap", "agreed", models.JSONField(default=list, verbose_name="agreed")),
        migrations.AddIndex(
            model_name="shiftrecord", index=models.Index(fields=["day", "id"], name="shift_record_listed")
        ),
        migrations.AddIndex(model_name="forecast", index=models.Index(fields=["made_at", "id"], name="forecast_made")),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
