"""The periods of SOP-RET 5: backed up after one year, destroyed after two with the client's approval."""

from datetime import UTC, date, datetime

from django.db import migrations


def begin(apps, schema_editor):
    rows = apps.get_model("retention", "Schedule").objects
    for kind, backup, delete in (("chat", "5.1", "5.3"), ("recording", "5.2", "5.4")):
        rows.get_or_create(
            record_kind=kind,
            channel="",
            client="",
            valid_from=date(1990, 1, 1),
            defaults={
                "backup_after_years": 1,
                "delete_after_years": 2,
                "basis": f"SOP-RET {backup}, {delete}",
                "reason": "SOP-RET 5",
                "set_at": datetime(1990, 1, 1, tzinfo=UTC),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("retention", "0002_triggers")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
