"""What beat has the logbook do, and what workers do for it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from userids.services import connecting
from userids.services.access_reviews import access_reviews_open

heartbeats.expect("access_reviews", timedelta(hours=3))


@shared_task
def access_reviews() -> int:
    """Open the quarter's campaigns where there are none yet (UID-12)."""
    now = timezone.now()
    count = access_reviews_open(now=now)
    heartbeats.leave("access_reviews", now=now, did=count)
    return count


@shared_task
def order_run(order_id: int) -> bool:
    return connecting.order_run(order_id=order_id, now=timezone.now())


@shared_task
def connect() -> int:
    """Beat: order what the policy asks for at due time, and have workers take up what is due."""
    now = timezone.now()
    did = connecting.enforcement_open(now=now)
    connecting.orders_take_up(now=now)
    heartbeats.leave("connect", now=now, did=did)
    return did
