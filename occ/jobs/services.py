"""Starting, running and clearing away jobs.

A job does its deed and becomes "done" in one transaction: a worker killed at any line leaves a running job without a
deed, and when it has been silent long enough another worker begins it anew.
"""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import connections, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from occ.errors import NotAllowed, Refused
from occ.jobs.kinds import KINDS, Outcome
from occ.jobs.models import ATTEMPTS, KEPT, Job, State
from occ.ledger.services import record
from occ.people.models import User

logger = logging.getLogger(__name__)


class TakenOver(Exception):
    """Another worker has the job by now: what this one did is undone."""


@transaction.atomic
def job_start(
    *, kind: str, params: dict[str, Any], owner: User, now: datetime, file: "File[bytes] | None" = None
) -> Job:
    """Ask for work in the background. Raises NotAllowed. With the broker away the job waits for beat to find it."""
    if not KINDS[kind].may(owner):
        raise NotAllowed
    job = Job(kind=kind, owner=owner, params=params, language=(translation.get_language() or "id")[:2], created_at=now)
    if file is not None:
        job.input_name = (file.name or "")[-200:]
        job.input_file = storages["default"].save(f"jobs/{job.pk.hex}.in", file)
    job.save()
    record(actor=owner, action="job.started", subject=job, data={"kind": kind, "params": params}, now=now)
    transaction.on_commit(lambda: enqueue(job.pk))
    return job


def enqueue(pk: uuid.UUID) -> None:
    from occ.jobs.tasks import run

    try:
        run.delay(str(pk))
    except OperationalError:  # the broker is away: beat takes the job up later
        logger.warning("job not enqueued", extra={"data": {"job": str(pk)}})


def job_run(*, job_id: uuid.UUID, now: datetime) -> bool:
    """Run the job if nobody else does; whether this call did."""
    claimed = Job.objects.claimable(now).filter(pk=job_id)
    if not claimed.update(state=State.RUNNING, claimed_at=now, heard_at=now, progress=0):
        return False
    job = Job.objects.select_related("owner").get(pk=job_id)
    if job.attempts >= ATTEMPTS:
        _finish(job, State.FAILED, error=_("It was tried several times and did not end. Tell Team IT."))
        return True
    Job.objects.filter(pk=job_id).update(attempts=job.attempts + 1)
    with translation.override(job.language), Heard(job) as heard:
        try:
            _do(job, heard, now)
        except TakenOver:
            return False
        except Refused as refusal:
            _finish(job, State.REFUSED, error=str(refusal))
        except Exception:
            logger.exception("job failed", extra={"data": {"job": str(job_id), "kind": job.kind}})
            _finish(job, State.FAILED, error=_("OCC made a mistake here; nothing was changed. Tell Team IT."))
    return True


@transaction.atomic
def _do(job: Job, heard: "Heard", now: datetime) -> None:
    kind = KINDS[job.kind]
    if not kind.may(job.owner):
        raise NotAllowed
    outcome = kind.run(job, heard.progress, now)
    _finish(job, State.DONE, outcome=outcome)


def _finish(job: Job, state: State, *, error: str = "", outcome: Outcome | None = None) -> None:
    outcome = outcome or Outcome()
    fields: dict[str, Any] = {"result": outcome.result, "url": outcome.url, "output_name": outcome.name[:200]}
    if outcome.content is not None:
        fields["output_file"] = storages["default"].save(f"jobs/{uuid.uuid4().hex}.out", ContentFile(outcome.content))
    mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, claimed_at=job.claimed_at)
    if not mine.update(state=state, error=error, progress=100, finished_at=timezone.now(), **fields):
        raise TakenOver


class Heard:
    """Progress as others see it while the job's transaction is open: on a connection of its own."""

    def __init__(self, job: Job) -> None:
        self.job, self.last = job, 0
        self.connection = connections["default"].copy()

    def __enter__(self) -> "Heard":
        return self

    def __exit__(self, *raised: object) -> None:
        self.connection.close()

    def progress(self, share: float) -> None:
        percent = max(0, min(99, int(share * 100)))
        if percent == self.last:
            return
        self.last = percent
        with self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET progress = %s, heard_at = now() WHERE id = %s AND state = 'running'",
                [percent, self.job.pk],
            )


def jobs_take_up(*, now: datetime) -> int:
    """Enqueue what waits without a worker: the broker was away, or a worker died."""
    waiting = Job.objects.claimable(now).filter(created_at__lt=now - timedelta(seconds=30)).order_by("created_at")
    pks = list(waiting.values_list("pk", flat=True)[:50])
    for pk in pks:
        enqueue(pk)
    return len(pks)


def jobs_clear(*, now: datetime) -> int:
    """Remove the files of jobs that ended long ago; the rows stay."""
    old = Job.objects.filter(finished_at__lt=now - KEPT).exclude(input_file="", output_file="")
    for job in old:
        for name in filter(None, (job.input_file, job.output_file)):
            storages["default"].delete(name)
    return old.update(input_file="", output_file="")
