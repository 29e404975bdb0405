"""Beat's duties on the floor. What has arrived is worked in at once by the process `manage.py floor`; where that one is
away, beat does it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from realtime.services.alerting import alerts_watch
from realtime.services.floor import floor_once
from realtime.services.roster_checks import checks_watch

heartbeats.expect("floor", timedelta(minutes=3))
heartbeats.expect("alerts", timedelta(minutes=3))
heartbeats.expect("roster_checks", timedelta(minutes=15))


@shared_task
def alerts() -> int:
    """What is bad on the floor, and what is better again (RTM-13)."""
    now = timezone.now()
    did = alerts_watch(now=now)
    heartbeats.leave("alerts", now=now, did=did)
    return did


@shared_task
def floor() -> int:
    now = timezone.now()
    did = floor_once(now=now)
    heartbeats.leave("floor", now=now, did=did)
    return did


@shared_task
def roster_checks() -> int:
    """What is owed of the next day's roster, and what was signed and is another by now (RTM-2)."""
    now = timezone.now()
    did = checks_watch(now=now)
    heartbeats.leave("roster_checks", now=now, did=did)
    return did
