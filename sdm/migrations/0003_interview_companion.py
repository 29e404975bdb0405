import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("sdm", "0002_triggers")]
    operations = [
        migrations.AddField(
            "exitinterview", "companion",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="people.person", verbose_name="superior who was there",
            ),
        ),
        migrations.AddField(
            "historicalexitinterview", "companion",
            models.ForeignKey(
                blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+", to="people.person", verbose_name="superior who was there",
            ),
        ),
        migrations.AddField(
            "exitinterview", "alone_because",
            models.CharField(blank=True, max_length=300, verbose_name="why no superior was there", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "historicalexitinterview", "alone_because",
            models.CharField(blank=True, max_length=300, verbose_name="why no superior was there", default=""),
            preserve_default=False,
        ),
    ]  # fmt: skip
