from celery import shared_task
from django.utils import timezone

from occ.ledger import heartbeats
from userids.reconciling import pulling
from userids.reconciling.findings import findings_wake
from userids.reconciling.hearing import heard_take_up


@shared_task
def reconcile() -> int:
    """Open again what was accepted until a day that is over, and have every list that is due fetched."""
    now = timezone.now()
    did = findings_wake(now=now) + heard_take_up(now=now)
    due = pulling.pulls_due(now=now)
    for pk in due:
        pulling.enqueue(pk)
    heartbeats.leave("reconcile", now=now, did=did + len(due))
    return did + len(due)


@shared_task
def hear() -> int:
    """What was done under leavers' IDs: an incident each."""
    return heard_take_up(now=timezone.now())


@shared_task
def pull(pull_id: int) -> bool:
    return pulling.pull_run(pull_id=pull_id, now=timezone.now())
