"""What beat has retention do, and what workers do for it."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from retention.services.compliance import figures_count
from retention.services.holds import holds_watch
from retention.services.transcripts import transcripts_make

heartbeats.expect("holds", timedelta(hours=3))
heartbeats.expect("figures", timedelta(hours=1))
heartbeats.expect("transcripts", timedelta(hours=1))
# How long one call works; the next one goes on.
SLICE = 240.0


@shared_task
def holds() -> int:
    """Tell of holds that end soon; write down those that have ended (RET-12)."""
    now = timezone.now()
    count = holds_watch(now=now)
    heartbeats.leave("holds", now=now, did=count)
    return count


@shared_task
def figures() -> int:
    """Count the compliance page's months anew where something changed (RET-14)."""
    now = timezone.now()
    count = figures_count(now=now, seconds=SLICE)
    heartbeats.leave("figures", now=now, did=count)
    return count


@shared_task
def transcripts() -> int:
    """The words by which chats are found (RET-13)."""
    now = timezone.now()
    count = transcripts_make(now=now, seconds=SLICE)
    heartbeats.leave("transcripts", now=now, did=count)
    return count
