"""The sessions of before say nothing of whose they are; everybody logs in once more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("login", "0001_sessions")]
    operations = [migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop)]
