"""A web process of the version before, which knows nothing of signers named, issues documents on until it is replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_signers_named")]
    operations = [
        migrations.AlterField("issueddocument", "slots", models.JSONField(db_default=[], default=list)),
    ]
