"""Who signs a document after its issue is named in it; two more things that somebody signs for."""

from django.db import migrations, models

CHOICES = [
    ("prepared", "Prepared by"),
    ("checked", "Checked by"),
    ("approved", "Approved by"),
    ("acknowledged", "Acknowledged by"),
    ("executed", "Executed by"),
    ("witnessed", "Witness"),
]


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_triggers")]
    operations = [
        migrations.AddField("issueddocument", "slots", models.JSONField(default=list)),
        migrations.AlterField("signature", "purpose", models.CharField("purpose", max_length=20, choices=CHOICES)),
        migrations.RemoveConstraint("signature", "signature_purpose_known"),
        migrations.AddConstraint(
            "signature",
            models.CheckConstraint(
                condition=models.Q(purpose__in=[value for value, _label in CHOICES]), name="signature_purpose_known"
            ),
        ),
    ]
