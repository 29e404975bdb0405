"""Beat's duties on the floor. What has arrived is worked in at once by the process `manage.py floor`; where that one is
away, beat does it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from realtime.services.alerting import alerts_watch
from realtime.services.floor import floor_once
from realtime.services.months import months_freeze

heartbeats.expect("floor", timedelta(minutes=3))
heartbeats.expect("alerts", timedelta(minutes=3))
heartbeats.expect("months", timedelta(hours=3))


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
def months() -> int:
    """Months that are over, frozen (RTM-12)."""
    now = timezone.now()
    did = months_freeze(now=now)
    heartbeats.leave("months", now=now, did=did)
    return did
