from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "retention_historicalbatch",
            "retention_historicalentry",
            "retention_historicalfinding",
            "retention_historicalhold",
            "retention_historicalproposal",
            "retention_historicalsource",
            "retention_historicalstore",
            "retention_tombstone",
        )
    ]
