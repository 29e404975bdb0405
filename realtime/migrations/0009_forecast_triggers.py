"""Forecasts and what was said of them only grow."""

from django.db import migrations

from occ.ledger.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("realtime", "0008_forecast"), ("ledger", "0002_triggers")]
    operations = [append_only("realtime_forecast", "realtime_forecastday", "realtime_forecastevaluation")]
