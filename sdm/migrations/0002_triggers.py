from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("sdm", "0001_initial"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "sdm_historicalemployee",
            "sdm_historicalplacement",
            "sdm_historicalemployment",
            "sdm_historicalleaving",
            "sdm_historicalexitinterview",
            "sdm_historicalclearanceitem",
        )
    ]
