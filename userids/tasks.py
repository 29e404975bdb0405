"""What beat has the logbook do."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from userids.services.access_reviews import access_reviews_open

heartbeats.expect("access_reviews", timedelta(hours=3))


@shared_task
def access_reviews() -> int:
    """Open the quarter's campaigns where there are none yet (UID-12)."""
    now = timezone.now()
    count = access_reviews_open(now=now)
    heartbeats.leave("access_reviews", now=now, did=count)
    return count
