"""A web process of the version before, which knows nothing of signers named, issues documents on until it is replaced.

And who is named in a document finds it by an index.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_signers_named")]
    operations = [
        migrations.AlterField("issueddocument", "slots", models.JSONField(db_default=[], default=list)),
        migrations.AddIndex(
            "issueddocument", GinIndex(fields=["slots"], opclasses=["jsonb_path_ops"], name="document_slots")
        ),
    ]
