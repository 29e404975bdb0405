"""Beat's duties and the long work, in slices: a task that is not done hands itself on."""

from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from occ.errors import Refused
from occ.ledger import heartbeats
from occ.people.models import User
from retention.backing.packing import Stopped
from retention.services import backups, batches, drilling, listing, repairing, verifying
from retention.services.sending import send


@shared_task
def run_batches() -> int:
    """Gather, escalate and start batches whose time has come, and have those backed up that wait for it."""
    now = timezone.now()
    did = batches.batches_run(now=now)
    due = list(backups.batches_due(now).order_by("due_at", "pk").values_list("pk", flat=True))
    for pk in due:
        send("back_up", pk)
    heartbeats.leave("retention_batches", now=now, did=did + len(due))
    return did + len(due)


@shared_task
def back_up(batch_id: int) -> str:
    outcome = backups.batch_back_up(batch_id=batch_id, clock=timezone.now)
    if outcome is backups.Outcome.MORE:
        send("back_up", batch_id)
    return outcome


@shared_task
def check_stores() -> int:
    """A slice of fixity, the lists that are due, the drill, and the alarm over what was not run."""
    did = checks_run(clock=timezone.now)
    heartbeats.leave("retention_checks", now=timezone.now(), did=did)
    return did


def checks_run(*, clock: Callable[[], datetime]) -> int:
    did = listing.listing_run(clock=clock) + verifying.fixity_run(clock=clock) + drilling.drill_run(clock=clock)
    return did + listing.alarms(now=clock())


def duty(now: datetime) -> int:
    """All that beat and its tasks would do at that instant, here."""
    did = batches.batches_run(now=now)
    for pk in list(backups.batches_due(now).order_by("due_at", "pk").values_list("pk", flat=True)):
        did += backups.batch_back_up(batch_id=pk, clock=lambda: now) is not backups.Outcome.BUSY
    return did + checks_run(clock=lambda: now)


@shared_task
def repair(finding_id: int, user_id: int) -> bool:
    try:
        user = User.objects.get(pk=user_id)
        repairing.finding_repair(finding_id=finding_id, actor=user, now=timezone.now())
    except (Refused, Stopped) as why:
        repairing.finding_repair_failed(finding_id=finding_id, why=str(why))
        return False
    return True
