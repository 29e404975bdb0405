from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("sdm", "0015_absence"), ("ledger", "0002_triggers")]
    operations = [append_only("sdm_historicalleaverequest")]
