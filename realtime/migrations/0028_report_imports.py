"""What a report brought in, and that it was taken back: both stay known (append-only)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_triggers"),
        ("people", "0001_initial"),
        ("realtime", "0027_reporting_changes_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                ("known", models.PositiveIntegerField()),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("events", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("imported_at", models.DateTimeField(verbose_name="imported")),
                (
                    "imported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="imported by",
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="realtime.reportmapping",
                        verbose_name="mapping of a report",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                        verbose_name="site",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="realtime.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of a report",
                "ordering": ["-imported_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="realtime.reportimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "import taken back",
            },
        ),
        migrations.AddIndex(
            model_name="reportimport",
            index=models.Index(fields=["site", "-imported_at"], name="report_import_site"),
        ),
        migrations.AddConstraint(
            model_name="reportwithdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="report_withdrawal_reasoned"
            ),
        ),
        append_only("realtime_reportimport", "realtime_reportwithdrawal"),
    ]
