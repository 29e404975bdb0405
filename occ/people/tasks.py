from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.people.lifecycle import announce_left


@shared_task
def lifecycle() -> int:
    now = timezone.now()
    count = announce_left(now=now)
    heartbeats.leave("lifecycle", now=now, did=count)
    return count
