from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("userids", "0005_id_requests"), ("ledger", "0002_triggers")]
    operations = [append_only("userids_historicalidrequest")]
