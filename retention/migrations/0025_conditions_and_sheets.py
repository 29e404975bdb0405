"""A condition said before a hold counts no more and is said again; a berita acara's signature sheet is a proof too."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from occ.ledger.append_only import append_only

before = import_module("retention.migrations.0014_documents_for_all_sites")
FORWARD = before.replaced(
    before.REFUSED.replace("CREATE OR REPLACE FUNCTION", "CREATE FUNCTION"),
    (
        "ELSIF EXISTS (SELECT FROM public.retention_proposal q WHERE q.document_id = wanted_document) THEN",
        """ELSIF EXISTS (SELECT FROM public.retention_proposal q WHERE q.document_id = wanted_document) OR EXISTS (
        SELECT FROM public.documents_issueddocument d JOIN public.retention_proposal q ON q.document_id::text = d.subject_id
         WHERE d.id = wanted_document AND d.subject_type = 'documents.issueddocument') THEN""",
    ),
)


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0003_signers_named"),
        ("ledger", "0002_triggers"),
        ("retention", "0024_ids_that_name_customers"),
    ]
    operations = [
        migrations.AddField(
            "condition",
            "after",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.hold"
            ),
        ),
        migrations.RemoveConstraint("condition", "condition_once"),
        migrations.AddConstraint(
            "condition",
            models.UniqueConstraint(
                fields=("proposal", "key", "after"), name="condition_once", nulls_distinct=False
            ),
        ),
        migrations.CreateModel(
            name="Unsaid",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "condition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="unsaid", to="retention.condition"
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.hold"
                    ),
                ),
            ],
        ),
        append_only("retention_unsaid"),
        migrations.RunSQL(FORWARD, before.REFUSED),
    ]  # fmt: skip
