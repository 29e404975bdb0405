"""What a batch's run and a long check need to know of themselves."""

from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0010_catalogue_indexes")]
    operations = [
        migrations.AlterModelOptions(
            name="bag",
            options={"base_manager_name": "objects", "ordering": ["batch_id", "number"], "verbose_name": "bag"},
        ),
        migrations.AddField(
            "batch",
            "error",
            models.CharField(blank=True, default="", editable=False, max_length=300, verbose_name="stopped by"),
            preserve_default=False,
        ),
        migrations.AddField(
            "batch", "next_at", models.DateTimeField(editable=False, null=True, verbose_name="tried again")
        ),
        migrations.AddField("batch", "stops", models.PositiveSmallIntegerField(default=0, editable=False)),
        migrations.AddField("check", "details", models.JSONField(default=dict, editable=False)),
        migrations.AddField("check", "heard_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("check", "last", models.BigIntegerField(default=0, editable=False)),
        migrations.AddField("check", "run", models.UUIDField(editable=False, null=True)),
        migrations.AddField(
            "check",
            "seed",
            models.CharField(blank=True, default="", max_length=64, verbose_name="drawn with"),
            preserve_default=False,
        ),
        migrations.AddField("problem", "tried", models.BooleanField(default=True, editable=False)),
        migrations.AddField(
            "problem",
            "tried_at",
            models.DateTimeField(default=datetime(2026, 1, 1, tzinfo=UTC), verbose_name="last tried"),
            preserve_default=False,
        ),
    ]
