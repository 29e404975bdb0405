"""What beat has retention do, and what workers do for it."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from occ.errors import WrongState
from occ.ledger import heartbeats
from occ.people.actors import BEAT, Actor
from occ.people.models import User
from retention.services.scanning import scan_enqueue, scans_overdue, source_scan, sources_due

logger = logging.getLogger(__name__)
heartbeats.expect("scans", timedelta(minutes=5))
LONGEST = 4 * 3600  # seconds: a bucket of fifty million objects is a long list


@shared_task
def scans() -> int:
    """Have every source that is due read, each by a task of its own; say which has not been read for long."""
    now = timezone.now()
    due = sources_due(now=now)
    for pk in due:
        scan_enqueue(pk)
    did = len(due) + scans_overdue(now=now)
    heartbeats.leave("scans", now=now, did=did)
    return did


@shared_task(time_limit=LONGEST)
def scan(source_id: int, user_id: int | None = None) -> bool:
    actor: Actor = User.objects.get(pk=user_id) if user_id else BEAT
    try:
        source_scan(source_id=source_id, actor=actor, now=timezone.now())
    except WrongState:  # another worker reads it already
        return False
    return True


def scans_run(*, now: datetime) -> int:
    """All that is due, here and one after another: for `tick`. One that fails does not stop the others."""
    count = scans_overdue(now=now)
    for pk in sources_due(now=now):
        try:
            source_scan(source_id=pk, actor=BEAT, now=now)
            count += 1
        except WrongState:
            continue
        except Exception:
            logger.exception("scan failed", extra={"data": {"source": pk}})
    return count
