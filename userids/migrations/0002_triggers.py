from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("userids", "0001_initial"), ("ledger", "0002_triggers")]
    operations = [
        append_only(
            "userids_historicalaccount",
            "userids_historicalassignment",
            "userids_historicalresignation",
            "userids_historicaldeactivationrequest",
            "userids_historicalreplacementrequest",
            "userids_historicalbreachreview",
            "userids_historicalaccessreview",
            "userids_historicalaccessreviewitem",
            "userids_historicalapplication",
            "userids_enforcement",
            "userids_historicalfinding",
            "userids_findingsighting",
        )
    ]
