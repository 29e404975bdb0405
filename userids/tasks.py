from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from userids.services import connecting


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
