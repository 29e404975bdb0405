from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_triggers")]

    operations = [
        migrations.AddIndex(
            model_name="entry", index=models.Index(fields=["action", "id"], name="ledger_entry_action")
        ),
    ]
