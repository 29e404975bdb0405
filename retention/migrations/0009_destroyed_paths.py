"""A destroyed record keeps no path, for a recorder's paths may hold the customer's number; probes ask a trail of their own."""

import django.db.models.deletion
from django.db import migrations, models

import occ.encryption

# The owner's deed: the row of a destroyed record stays as it is for everybody else.
MARKS = """
ALTER TABLE retention_record DISABLE TRIGGER retention_record_guard;
UPDATE retention_record r SET path = encode(sha256(convert_to(s.code || E'\\n' || r.path, 'UTF8')), 'hex')
  FROM retention_source s WHERE s.id = r.source_id AND r.state = 'destroyed' AND r.path !~ '^[0-9a-f]{64}$';
ALTER TABLE retention_record ENABLE TRIGGER retention_record_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0008_hold_without_agent")]
    operations = [
        migrations.CreateModel(
            name="Trail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("files", models.PositiveIntegerField()),
                ("names", occ.encryption.EncryptedTextField()),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trails", to="retention.proposal"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.source"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(MARKS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "record",
            models.CheckConstraint(
                condition=models.Q(("state", "destroyed"), _negated=True) | models.Q(("path__regex", "^[0-9a-f]{64}$")),
                name="record_destroyed_without_path",
            ),
        ),
    ]
