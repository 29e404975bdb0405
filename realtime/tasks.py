"""Beat's duties on the floor. What has arrived is worked in at once by the process `manage.py floor`; where that one is
away, beat does it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from realtime.services.alerting import alerts_watch
from realtime.services.attendance import records_keep
from realtime.services.floor import floor_once
from realtime.services.handovers import handovers_open
from realtime.services.headcounts import headcounts_open

heartbeats.expect("floor", timedelta(minutes=3))
heartbeats.expect("alerts", timedelta(minutes=3))
heartbeats.expect("headcounts", timedelta(minutes=5))
heartbeats.expect("attendance", timedelta(minutes=10))


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
def headcounts() -> int:
    """Shifts that have begun owe the number of their agents (RTM-6), those about to end their handover (RTM-15)."""
    now = timezone.now()
    did = headcounts_open(now=now) + handovers_open(now=now)
    heartbeats.leave("headcounts", now=now, did=did)
    return did


@shared_task
def attendance() -> int:
    """Shifts that are over are kept, and made anew when more is told of them (RTM-7)."""
    now = timezone.now()
    did = records_keep(now=now)
    heartbeats.leave("attendance", now=now, did=did)
    return did
