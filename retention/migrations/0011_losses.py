"""Backups declared lost: incidents, and what was packed of their records."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

STATUSES = [("declared", "Declared"), ("lost", "Lost"), ("refused", "Refused")]


def to(model, name, **more):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=name, to=model, **more)


def once(model, **more):
    return models.ForeignKey(
        blank=True, null=True, db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+",
        to=model, **more,
    )  # fmt: skip


def facts():
    """The columns of a loss and of its history alike."""
    return [
        ("status", models.CharField(choices=STATUSES, default="declared", max_length=10, verbose_name="status")),
        ("reason", models.CharField(max_length=300, verbose_name="why it is lost")),
        ("records_count", models.PositiveIntegerField(default=0, verbose_name="records")),
        ("bytes_count", models.PositiveBigIntegerField(default=0, verbose_name="volume")),
        ("declared_at", models.DateTimeField(verbose_name="declared")),
        ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
    ]


class Migration(migrations.Migration):
    dependencies = [("retention", "0010_copying"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Loss",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="number")),
                *facts(),
                ("bag", to("retention.bag", "losses", verbose_name="bag")),
                ("decided_by", to(settings.AUTH_USER_MODEL, "+", null=True, verbose_name="decided by")),
                ("declared_by", to(settings.AUTH_USER_MODEL, "+", verbose_name="declared by")),
                ("finding", to("retention.finding", "losses", verbose_name="finding")),
                ("site", to("people.site", "+", verbose_name="site")),
            ],
            options={
                "verbose_name": "loss",
                "verbose_name_plural": "losses",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["declared", "lost", "refused"]), models.Q(("reason", ""), _negated=True)
                        ),
                        name="loss_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("status", "declared")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("status", "declared"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="loss_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("declared_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="loss_four_eyes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "declared")), fields=("finding",), name="loss_declared_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalLoss",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("number", models.CharField(db_index=True, max_length=30, verbose_name="number")),
                *facts(),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                ("bag", once("retention.bag", verbose_name="bag")),
                ("decided_by", once(settings.AUTH_USER_MODEL, verbose_name="decided by")),
                ("declared_by", once(settings.AUTH_USER_MODEL, verbose_name="declared by")),
                ("finding", once("retention.finding", verbose_name="finding")),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("site", once("people.site", verbose_name="site")),
            ],
            options={
                "verbose_name": "historical loss",
                "verbose_name_plural": "historical losses",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="LostPacked",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("offset", models.PositiveBigIntegerField()),
                ("length", models.PositiveBigIntegerField()),
                ("size", models.PositiveBigIntegerField(verbose_name="size")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("sha512", models.CharField(max_length=128, verbose_name="SHA-512")),
                ("key", models.BinaryField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
                ("loss", to("retention.loss", "lost")),
                ("pack", to("retention.pack", "lost")),
                ("record", to("retention.record", "lost")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("loss", "record"), name="lost_once"),
                    models.UniqueConstraint(fields=("pack", "offset"), name="lost_place_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("erased_at__isnull", False), ("key", None)),
                            models.Q(("erased_at", None), ("key__isnull", False)),
                            _connector="OR",
                        ),
                        name="lost_key_or_erased",
                    ),
                ],
            },
        ),
    ]
