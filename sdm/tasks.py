from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.people.lifecycle import announce_left
from sdm.models import Placement, Renewal
from sdm.services.absence import leaves_end
from sdm.services.candidates import candidates_forget
from sdm.services.contract_renewals import renewals_watch
from sdm.services.contract_wages import compensations_keep
from sdm.services.evaluation_periods import periods_open
from sdm.services.placements import placements_take_effect

heartbeats.expect("contracts", timedelta(hours=1))


@shared_task
def take_effect() -> int:
    """Transfers and returns whose day has come; who has left by then is told of first."""
    now = timezone.now()
    announce_left(now=now)
    count = placements_take_effect(now=now)
    heartbeats.leave("transfers", now=now, did=count, parked=Placement.objects.stuck().count())
    return count


@shared_task
def forget_candidates() -> int:
    """Candidates who were not taken on and whose time is over are anonymised (UU 27/2022)."""
    now = timezone.now()
    count = candidates_forget(now=now)
    heartbeats.leave("candidates", now=now, did=count)
    return count


heartbeats.expect("candidates", timedelta(hours=3))
heartbeats.expect("evaluations", timedelta(hours=4))


@shared_task
def evaluations() -> int:
    """Months that are over and whose evaluations are due."""
    now = timezone.now()
    count = periods_open(now=now)
    heartbeats.leave("evaluations", now=now, did=count)
    return count


@shared_task
def contracts() -> int:
    """Contracts that end: their renewals opened, those undecided run out, compensations owed (SDM-7)."""
    now = timezone.now()
    did = renewals_watch(now=now) + compensations_keep(now=now)
    parked = Renewal.objects.undecided().exclude(stuck_because="").count()
    heartbeats.leave("contracts", now=now, did=did, parked=parked)
    return did


@shared_task
def leaves() -> int:
    """Leave whose last day is over was taken."""
    now = timezone.now()
    count = leaves_end(now=now)
    heartbeats.leave("leaves", now=now, did=count)
    return count
