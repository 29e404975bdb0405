from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from occ.people.lifecycle import announce_left
from sdm.models import Placement
from sdm.services.placements import placements_take_effect


@shared_task
def take_effect() -> int:
    """Transfers and returns whose day has come; who has left by then is told of first."""
    now = timezone.now()
    announce_left(now=now)
    count = placements_take_effect(now=now)
    heartbeats.leave("transfers", now=now, did=count, parked=Placement.objects.stuck().count())
    return count
