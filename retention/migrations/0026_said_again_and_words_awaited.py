"""One hold takes back what was said of a draft more than once: when it is set, and when it is widened.

And an index of the chats whose search words are tried again.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0025_conditions_and_sheets")]
    operations = [
        migrations.AddField("condition", "again", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.RemoveConstraint("condition", "condition_once"),
        migrations.AddConstraint(
            "condition",
            models.UniqueConstraint(
                fields=("proposal", "key", "after", "again"), name="condition_once", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            "transcript",
            models.Index(
                fields=["made_at"], name="transcript_waiting",
                condition=models.Q(why__in=["away", "customer shut", "key back"]),
            ),
        ),
    ]  # fmt: skip
