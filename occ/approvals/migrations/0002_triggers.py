from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("ledger", "0002_triggers")]
    operations = [append_only("approvals_approval", "approvals_recall")]
