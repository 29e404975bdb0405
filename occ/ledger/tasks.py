from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats, services


@shared_task
def seal() -> int:
    now = timezone.now()
    count = services.seal_entries(now=now)
    heartbeats.leave("seal", now=now, did=count)
    return count
