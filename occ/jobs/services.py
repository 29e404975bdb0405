"""Starting, running and clearing away jobs.

A job does its deed and becomes "done" in one transaction: a worker killed at any line leaves a running job without a
deed, and when it has been silent long enough another worker begins it anew.
"""

import contextlib
import logging
import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import DatabaseError, connections, transaction
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from occ.errors import Invalid, NotAllowed, Refused
from occ.jobs.kinds import KINDS, Outcome
from occ.jobs.models import ATTEMPTS, KEPT, Job, State
from occ.ledger.services import record
from occ.masking import masked_text
from occ.people.models import User
from occ.people.scope import still_covers
from occ.texts import kept_within, worded
from occ.texts import told as _
from occ.times import JAKARTA, local_day

logger = logging.getLogger(__name__)
FOLDER = "jobs"
HEARTBEAT_SECONDS = 20
LARGEST_INPUT = 50  # MiB: what a job is to read
OUTSIDE_SECONDS = 4 * 3600  # what holds no transaction may last: the largest file of a slow source is read whole


class TakenOver(Exception):
    """Another worker has the job by now: what this one did is undone."""


@transaction.atomic
def job_start(
    *, kind: str, params: dict[str, Any], owner: User, now: datetime, file: "File[bytes] | None" = None
) -> Job:
    """Ask for work in the background. Raises NotAllowed, Invalid (the file is too large: nothing of it is stored).

    With the broker away the job waits for beat to find it.
    """
    if not KINDS[kind].may(owner):
        raise NotAllowed
    if file is not None and file.size > LARGEST_INPUT * 2**20:
        words = _("The file is larger than %(limit)s MiB.") % {"limit": LARGEST_INPUT}
        raise Invalid(words, field="file", code="too_large")
    job = Job(kind=kind, owner=owner, params=params, language=(translation.get_language() or "id")[:2], created_at=now)
    if file is not None:
        job.input_name = (file.name or "")[-200:]
        job.input_file = storages["default"].save(f"{FOLDER}/{job.pk.hex}.in", file)
    job.save()
    # What was searched for may be a customer's number, and the ledger only grows.
    said = {name: masked_text(value) if isinstance(value, str) else value for name, value in params.items()}
    record(actor=owner, action="job.started", subject=job, data={"kind": kind, "params": said}, now=now)
    transaction.on_commit(lambda: enqueue(job.pk, job.kind))
    return job


def must_still_cover(user: User, job: Job) -> None:
    """What a job read was chosen by its owner's roles of then: nobody reads by its file or its result what theirs do
    not cover any more. Raises NotAllowed."""
    if not still_covers(user, since=local_day(job.claimed_at or job.created_at, JAKARTA)):
        raise NotAllowed(_("It was made while you had a role that has ended. Ask for it anew."))


def enqueue(pk: uuid.UUID, kind: str) -> None:
    from occ.jobs.tasks import run

    longer: dict[str, Any] = {"time_limit": OUTSIDE_SECONDS} if kind in KINDS and KINDS[kind].outside else {}
    try:
        run.apply_async((str(pk),), **longer)
    except OperationalError:  # the broker is away: beat takes the job up later
        logger.warning("job not enqueued", extra={"data": {"job": str(pk)}})


def job_run(*, job_id: uuid.UUID, now: datetime) -> bool:
    """Run the job if nobody else does; whether this call did."""
    claimed = Job.objects.claimable(now).filter(pk=job_id)
    if not claimed.update(state=State.RUNNING, claimed_at=now, heard_at=now, progress=0):
        return False
    job = Job.objects.select_related("owner").get(pk=job_id)
    if job.attempts >= ATTEMPTS:
        return _finish(job, State.FAILED, error=_("It was tried several times and did not end. Tell Team IT."))
    Job.objects.filter(pk=job_id).update(attempts=job.attempts + 1)
    with translation.override(job.language), Heard(job) as heard:
        try:
            _do(job, heard, now)
        except TakenOver:
            return False
        except Refused as refusal:
            return _finish(job, State.REFUSED, error=worded(refusal.message))
        except Exception:
            logger.exception("job failed", extra={"data": {"job": str(job_id), "kind": job.kind}})
            return _finish(job, State.FAILED, error=_("OCC made a mistake here; nothing was changed. Tell Team IT."))
    return True


def _do(job: Job, heard: "Heard", now: datetime) -> None:
    kind = KINDS[job.kind]
    with contextlib.nullcontext() if kind.outside else transaction.atomic():
        if not kind.may(job.owner):
            raise NotAllowed
        outcome = kind.run(job, heard.progress, now)
        if not _finish(job, State.DONE, outcome=outcome):
            raise TakenOver


def _finish(job: Job, state: State, *, error: str = "", outcome: Outcome | None = None) -> bool:
    """False where another worker has the job by now: how it ends is that one's to say."""
    outcome = outcome or Outcome()
    fields: dict[str, Any] = {"result": outcome.result, "url": outcome.url, "output_name": outcome.name[:200]}
    if outcome.content is not None:
        content = outcome.content if isinstance(outcome.content, bytes) else File(outcome.content)
        file = ContentFile(content) if isinstance(content, bytes) else content
        fields["output_file"] = storages["default"].save(f"{FOLDER}/{uuid.uuid4().hex}.out", file)
    mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, claimed_at=job.claimed_at)
    if not mine.update(state=state, error=kept_within(error), progress=100, finished_at=timezone.now(), **fields):
        if "output_file" in fields:
            storages["default"].delete(fields["output_file"])
        return False
    return True


class Heard:
    """Progress as others see it while the job's transaction is open, and the sign that its worker lives.

    Written from a thread with a connection of its own: it dies with the worker, and not because a step is long. Only as
    long as the job is this worker's: one that was taken over from it gets its signs from who has it now.
    """

    def __init__(self, job: Job) -> None:
        self.mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, claimed_at=job.claimed_at)
        self.percent = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._keep, name=f"heard-{job.pk}", daemon=True)

    def __enter__(self) -> "Heard":
        self.thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        self.thread.join()

    def progress(self, share: float) -> None:
        self.percent = max(0, min(99, int(share * 100)))

    def _keep(self) -> None:
        shown, since = 0, 0
        try:
            while not self.over.wait(1):
                since += 1
                if self.percent != shown or since >= HEARTBEAT_SECONDS:
                    shown, since = self.percent, 0
                    self._write(shown)
        finally:
            connections.close_all()

    def _write(self, percent: int) -> None:
        try:
            self.mine.update(progress=percent, heard_at=timezone.now())
        except DatabaseError:  # it is away: so is the job's own connection, and that one tells
            connections.close_all()


def jobs_take_up(*, now: datetime) -> int:
    """Enqueue what waits without a worker: the broker was away, or a worker died."""
    waiting = Job.objects.claimable(now).filter(created_at__lt=now - timedelta(seconds=30)).order_by("created_at")
    found = list(waiting.values_list("pk", "kind")[:50])
    for pk, kind in found:
        enqueue(pk, kind)
    return len(found)


def jobs_clear(*, now: datetime) -> int:
    """Remove the files and results of jobs that ended long ago, and files that no job knows (of a worker killed while
    it wrote)."""
    storage = storages["default"]
    old = Job.objects.filter(finished_at__lt=now - KEPT).exclude(input_file="", output_file="", result={})
    cleared = old.update(input_file="", output_file="", result={})
    known = {name for pair in Job.objects.values_list("input_file", "output_file") for name in pair if name}
    with contextlib.suppress(FileNotFoundError):
        for name in storage.listdir(FOLDER)[1]:
            path = f"{FOLDER}/{name}"
            if path not in known and storage.get_modified_time(path) < now - timedelta(days=1):
                storage.delete(path)
    return cleared
