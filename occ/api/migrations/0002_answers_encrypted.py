"""Answers kept so far stand in plain text: they are dropped, as they are repeats' only, and kept encrypted from now on."""

from django.db import migrations

import occ.encryption


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial")]

    operations = [
        migrations.RunSQL("DELETE FROM api_idempotentanswer", migrations.RunSQL.noop),
        migrations.RemoveField("idempotentanswer", "body"),
        migrations.AddField("idempotentanswer", "body", occ.encryption.EncryptedTextField(blank=True, default="")),
    ]
