"""Beat's duties and the long work, in slices: a task that is not done hands itself on."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from occ.errors import Refused, WrongState
from occ.ledger import heartbeats
from occ.people.actors import BEAT, Actor
from occ.people.models import User
from retention.backing.packing import Stopped
from retention.models import Finding, Store
from retention.services import backups, batches, checking, drilling, filling, losing, repairing, store_lists, verifying
from retention.services.compliance import figures_count
from retention.services.disposing import proposal_dispose, proposals_take_up
from retention.services.holds import holds_watch
from retention.services.probing import probes_run_due
from retention.services.proposals import drafts_open
from retention.services.pulse import finding_claimed
from retention.services.scanning import scan_enqueue, scans_overdue, source_scan, sources_due
from retention.services.sending import back_up_send
from retention.services.transcripts import transcripts_make

logger = logging.getLogger(__name__)
heartbeats.expect("scans", timedelta(minutes=5))
LONGEST = 4 * 3600  # seconds: a list of fifty million objects, a package with a record of many hours


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


@shared_task
def run_batches() -> int:
    """Gather, escalate and start batches whose time has come, and have those backed up that wait for it."""
    now = timezone.now()
    did = batches.batches_run(now=now)
    due = list(backups.batches_due(now).order_by("due_at", "pk").values_list("pk", flat=True))
    for pk in due:
        back_up_send(pk)
    heartbeats.leave("retention_batches", now=now, did=did + len(due))
    return did + len(due)


@shared_task
def back_up(batch_id: int) -> str:
    outcome = backups.batch_back_up(batch_id=batch_id, clock=timezone.now)
    if outcome is backups.Outcome.MORE:
        back_up_send(batch_id)
    return outcome


@shared_task(time_limit=LONGEST)
def check_stores() -> int:
    """The lists that are due, a slice of copying and of fixity, the drill, and the alarm over what was not run."""
    did = checks_run(clock=timezone.now)
    heartbeats.leave("retention_checks", now=timezone.now(), did=did)
    return did


def checks_run(*, clock: Callable[[], datetime]) -> int:
    did = store_lists.listing_run(clock=clock) + filling.fill_run(clock=clock)
    did += checking.checks_go_on(clock=clock)
    did += verifying.fixity_run(clock=clock) + drilling.drill_run(clock=clock)
    return did + store_lists.alarms(now=clock())


def duty(now: datetime) -> int:
    """All that beat and its tasks would do at that instant, here."""
    did = batches.batches_run(now=now)
    for pk in list(backups.batches_due(now).order_by("due_at", "pk").values_list("pk", flat=True)):
        did += backups.batch_back_up(batch_id=pk, clock=lambda: now) is not backups.Outcome.BUSY
    return did + checks_run(clock=lambda: now)


@shared_task(time_limit=LONGEST)
def repair(finding_id: int, user_id: int) -> bool:
    """Write a copy anew, unless another run is at it: what takes long is delivered again meanwhile."""
    with finding_claimed(finding_id) as claimed:
        if not claimed:
            return False
        try:
            user = User.objects.get(pk=user_id)
            repairing.finding_repair(finding_id=finding_id, actor=user, now=timezone.now())
        except (Refused, Stopped) as why:
            repairing.finding_repair_failed(finding_id=finding_id, why=str(why))
            return False
        return True


@shared_task(time_limit=LONGEST)
def check_asked(check_id: int) -> int:
    """Some minutes of a check that somebody asked for; what is left beat goes on with."""
    return checking.check_go_on(check_id=check_id, clock=timezone.now)


@shared_task(time_limit=LONGEST)
def reverify(finding_id: int, user_id: int) -> int:
    """Read again the packages whose keys open by now, unless another run does; what is in order settles its finding."""
    with finding_claimed(finding_id) as claimed:
        if not claimed:
            return 0
        finding = Finding.objects.get(pk=finding_id)
        actor = User.objects.get(pk=user_id)
        check = verifying.packs_verify(packs=losing.packs_of(finding), actor=actor, clock=timezone.now)
        return check.objects_count


@shared_task(time_limit=LONGEST)
def fill(store_id: int, again: bool = False) -> int:
    """Some minutes of copying into a store what it lacks; what is left beat goes on with."""
    store = Store.objects.active().select_related("credential").filter(pk=store_id).first()
    if store is None:
        return 0
    return filling.store_fill(store=store, clock=timezone.now, ends_at=timezone.now() + filling.SLICE, again=again)


# Destruction ---------------------------------------------------------------------------------------------------------

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


# Holds, figures, words -----------------------------------------------------------------------------------------------

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
