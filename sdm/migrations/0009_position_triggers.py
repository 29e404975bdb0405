from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("sdm", "0008_positions"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "sdm_historicalpositionversion",
            "sdm_historicalplanline",
            "sdm_historicalrecruitment",
            "sdm_historicalcandidate",
            "sdm_historicalcriterion",
            "sdm_schemecheck",
        )
    ]
