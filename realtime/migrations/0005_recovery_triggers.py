"""The history of recovery plans only grows."""

from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("realtime", "0004_recovery"), ("ledger", "0002_triggers")]
    operations = [append_only("realtime_historicalrecoveryplan")]
