"""By which mapping a report was read stays known."""

from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("realtime", "0012_report_mappings"), ("ledger", "0002_triggers")]
    operations = [append_only("realtime_reportmapping")]
