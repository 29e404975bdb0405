from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.notifications import services


@shared_task
def deliver_due() -> int:
    now = timezone.now()
    sent, failed = services.deliver_due(now=now)
    heartbeats.leave("deliver", now=now, did=sent, parked=failed)
    return sent
