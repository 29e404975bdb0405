"""An action of a recovery plan that is not carried out says why (RTM-14)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("realtime", "0025_four_eyes_triggers")]
    operations = [
        migrations.AddField(
            "planaction", "dropped_why",
            models.CharField(blank=True, max_length=200, verbose_name="not carried out because"),
        ),
        migrations.AddConstraint(
            "planaction",
            models.CheckConstraint(
                condition=models.Q(("done_at", None), ("dropped_why", ""), _connector="OR"),
                name="plan_action_done_or_dropped",
            ),
        ),
    ]  # fmt: skip
