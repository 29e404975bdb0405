"""Beat's duties on the floor. What has arrived is worked in at once by the process `manage.py floor`; where that one is
away, beat does it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from realtime.forecasting.services import forecasts_make
from realtime.services.alerting import alerts_watch
from realtime.services.attendance import records_keep
from realtime.services.floor import floor_once
from realtime.services.handovers import handovers_open
from realtime.services.headcounts import headcounts_open
from realtime.services.months import months_freeze
from realtime.services.roster_checks import checks_watch
from realtime.services.rotg import violations_lapse

heartbeats.expect("floor", timedelta(minutes=3))
heartbeats.expect("alerts", timedelta(minutes=3))
heartbeats.expect("headcounts", timedelta(minutes=5))
heartbeats.expect("attendance", timedelta(minutes=10))
heartbeats.expect("forecasts", timedelta(hours=2))
heartbeats.expect("months", timedelta(hours=3))
heartbeats.expect("roster_checks", timedelta(minutes=15))
heartbeats.expect("violations", timedelta(minutes=10))


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


@shared_task
def forecasts() -> int:
    """The next days' forecasts, once a night (RTM-3)."""
    now = timezone.now()
    made, failed = forecasts_make(now=now)
    heartbeats.leave("forecasts", now=now, did=made, parked=failed)
    return made


@shared_task
def months() -> int:
    """Months that are over, frozen (RTM-12)."""
    now = timezone.now()
    did = months_freeze(now=now)
    heartbeats.leave("months", now=now, did=did)
    return did


@shared_task
def roster_checks() -> int:
    """What is owed of the next day's roster, and what was signed and is another by now (RTM-2)."""
    now = timezone.now()
    did = checks_watch(now=now)
    heartbeats.leave("roster_checks", now=now, did=did)
    return did


@shared_task
def violations() -> int:
    """Violations that wait for an answer: agents are reminded, and what was not answered goes on (RTM-9)."""
    now = timezone.now()
    did = violations_lapse(now=now)
    heartbeats.leave("violations", now=now, did=did)
    return did
