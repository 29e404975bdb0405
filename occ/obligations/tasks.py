from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.obligations.sweep import sweep as sweep_now


@shared_task
def sweep() -> int:
    now = timezone.now()
    swept = sweep_now(now=now)
    heartbeats.leave("sweep", now=now, did=swept.steps, parked=swept.parked)
    return swept.steps
