"""What beat has the retention module do, and what workers do for it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from retention.services.disposing import proposal_dispose, proposals_take_up
from retention.services.probing import probes_run_due
from retention.services.proposals import drafts_open

heartbeats.expect("disposals", timedelta(minutes=10))
heartbeats.expect("disposal_drafts", timedelta(hours=6))


@shared_task
def dispose(proposal_id: int) -> bool:
    """Some minutes of a deletion; what is left is asked for again."""
    more = proposal_dispose(proposal_id=proposal_id, clock=timezone.now)
    if more:
        dispose.delay(proposal_id)
    return more


@shared_task
def disposals() -> int:
    """Beat: have workers take up what is being deleted, and look whether what was destroyed is gone (RET-9)."""
    now = timezone.now()
    waiting = proposals_take_up(now=now)
    for pk in waiting:
        dispose.delay(pk)
    count = len(waiting) + probes_run_due(now=now)
    heartbeats.leave("disposals", now=now, did=count)
    return count


@shared_task
def disposal_drafts() -> int:
    """Beat: gather the month's proposals (RET-7)."""
    now = timezone.now()
    count = drafts_open(now=now)
    heartbeats.leave("disposal_drafts", now=now, did=count)
    return count
