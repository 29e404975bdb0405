"""What beat does, as one list: the schedule of the settings names the same tasks, `tick` does each once, here."""

from collections.abc import Callable
from datetime import datetime

from occ.documents.countersigning import signatures_settle
from occ.jobs import services as jobs
from occ.ledger.services import seal_entries
from occ.notifications.services import deliver_due
from occ.obligations.sweep import sweep
from occ.people.lifecycle import announce_left
from realtime.forecasting.services import forecasts_make
from realtime.services.alerting import alerts_watch
from realtime.services.attendance import records_keep
from realtime.services.floor import floor_once
from realtime.services.handovers import handovers_open
from realtime.services.headcounts import headcounts_open
from realtime.services.months import months_freeze
from realtime.services.roster_checks import checks_watch
from realtime.services.rotg import violations_lapse
from retention.services.compliance import figures_count
from retention.services.disposing import proposal_dispose, proposals_take_up
from retention.services.holds import holds_watch
from retention.services.probing import probes_run_due
from retention.services.proposals import drafts_open
from retention.services.transcripts import transcripts_make
from retention.tasks import duty as retention_duty
from retention.tasks import scans_run
from sdm.services.absence import leaves_end
from sdm.services.candidates import candidates_forget
from sdm.services.contract_renewals import renewals_watch
from sdm.services.contract_wages import compensations_keep
from sdm.services.evaluation_periods import periods_open
from sdm.services.placements import placements_take_effect
from userids.reconciling.pulling import reconcile_due
from userids.services.access_reviews import access_reviews_open
from userids.services.connecting import connect


def run_waiting_jobs(now: datetime) -> int:
    from occ.jobs.models import Job

    return sum(jobs.job_run(job_id=pk, now=now) for pk in Job.objects.claimable(now).values_list("pk", flat=True))


def dispose(now: datetime) -> int:
    """What is being deleted, to its end; and what was, looked for."""
    waiting = proposals_take_up(now=now)
    for pk in waiting:
        while proposal_dispose(proposal_id=pk, clock=lambda: now):
            pass
    return len(waiting) + probes_run_due(now=now)


# What goes on for as long as there is work does so in `tick` for this long.
TICK_SECONDS = 600.0
# kind -> what it does at an instant, returning how much it did; in the order in which one feeds the next.
DUTIES: dict[str, Callable[[datetime], int]] = {
    "lifecycle": lambda now: announce_left(now=now),
    "access_reviews": lambda now: access_reviews_open(now=now),
    "transfers": lambda now: placements_take_effect(now=now),
    "candidates": lambda now: candidates_forget(now=now),
    "evaluations": lambda now: periods_open(now=now),
    "contracts": lambda now: renewals_watch(now=now) + compensations_keep(now=now),
    "leaves": lambda now: leaves_end(now=now),
    "floor": lambda now: floor_once(now=now),
    "alerts": lambda now: alerts_watch(now=now),
    "headcounts": lambda now: headcounts_open(now=now) + handovers_open(now=now),
    "attendance": lambda now: records_keep(now=now),
    "forecasts": lambda now: forecasts_make(now=now)[0],
    "months": lambda now: months_freeze(now=now),
    "roster_checks": lambda now: checks_watch(now=now),
    "violations": lambda now: violations_lapse(now=now),
    "signatures": lambda now: signatures_settle(now=now)[0],
    "sweep": lambda now: sweep(now=now).steps,
    "connect": lambda now: connect(now=now),
    "reconcile": lambda now: reconcile_due(now=now),
    "scans": lambda now: scans_run(now=now),
    "retention": lambda now: retention_duty(now),
    "disposal_drafts": lambda now: drafts_open(now=now),
    "disposals": dispose,
    "holds": lambda now: holds_watch(now=now),
    "transcripts": lambda now: transcripts_make(now=now, seconds=TICK_SECONDS),
    "figures": lambda now: figures_count(now=now, seconds=TICK_SECONDS),
    "deliver": lambda now: deliver_due(now=now)[0],
    "jobs": run_waiting_jobs,
    "seal": lambda now: seal_entries(now=now),
}
