from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.people.lifecycle import announce_left
from sdm.models import Placement
from sdm.services.absence import leaves_end
from sdm.services.placements import placements_take_effect


@shared_task
def take_effect() -> int:
    """Transfers and returns whose day has come; who has left by then is told of first."""
    now = timezone.now()
    announce_left(now=now)
    count = placements_take_effect(now=now)
    heartbeats.leave("transfers", now=now, did=count, parked=Placement.objects.stuck().count())
    return count


@shared_task
def leaves() -> int:
    """Leave whose last day is over was taken."""
    now = timezone.now()
    count = leaves_end(now=now)
    heartbeats.leave("leaves", now=now, did=count)
    return count
