"""A file that was legitimately changed between catalogue and backup, taken as it is now (RET-5).

It is read in the background first; who decides sees its size and SHA-256, and gives them back with the reason.
Invariants: never once a record has been backed up, whose bytes are known and stay what they were; what somebody looked
at is what is taken. The ledger keeps what it was and what it is, and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_start
from occ.ledger.services import record as keep
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from retention.choices import FindingKind, ProblemKind, RecordState
from retention.models import Batch, Finding, Problem, Record
from retention.personal import WAIVERS
from retention.services.bags import let_go
from retention.services.batches import problems_settle
from retention.services.findings import findings_taken
from retention.storing import Object, PlaceAway, Unreadable, opened

CHANGES = (ProblemKind.CHANGED, ProblemKind.TRUNCATED, ProblemKind.GREW)
LOOK = "retention.file_look"  # the kind of job
AT_ONCE = 10  # of one user: they are long, and others wait behind them


@dataclass(frozen=True)
class Looked:
    """A file as it was read whole; `size` in bytes."""

    size: int
    fingerprint: str
    sha256: str


def file_now(record: Record) -> Object:
    """Asks the source, so never inside a transaction. Raises Invalid (it cannot be asked, or has no such file)."""
    try:
        return opened(record.source).head(record.path)
    except (PlaceAway, Unreadable) as error:
        raise Invalid(str(error)) from error
    except FileNotFoundError as error:
        raise Invalid(_("The source does not have the file any more."), code="missing") from error


def may_take(record: Record, user: User) -> bool:
    """Whether it can be done, and by this user."""
    return has_role(user, WAIVERS, site=record.site) and _changed(record)


def _changed(record: Record) -> bool:
    if record.state != RecordState.CATALOGUED or record.lost.exists():
        return False
    problem = Problem.objects.filter(record=record, settled_at=None, kind__in=CHANGES)
    return problem.exists() or _findings(record).open().exists()


def _findings(record: Record) -> Any:
    return Finding.objects.filter(record=record, kind=FindingKind.FILE_CHANGED)


def _record(pk: int) -> Record:
    return Record.objects.select_related("site", "source__credential").defer("customer").get(pk=pk)


def _check(record: Record, actor: User) -> None:
    if not has_role(actor, WAIVERS, site=record.site):
        raise NotAllowed
    if record.lost.exists():
        raise WrongState(
            _(
                "An earlier backup of this record was declared lost, and its SHA-256 is known from then. Only that same"
                " file can be backed up; no other one takes its place."
            )
        )
    if record.state != RecordState.CATALOGUED:
        raise WrongState(
            _("This record is already “%(state)s”. A file can be taken as it is only before the first backup.")
            % {"state": record.get_state_display()}
        )
    if not _changed(record):
        raise WrongState(
            _("Neither a backup nor a scan has found this file different from the catalogue: there is nothing to take.")
        )


def file_look(*, record_id: int, actor: User, progress: Callable[[float], None] = lambda share: None) -> Looked:
    """Read it whole, for as long as that takes; neither lock nor connection is held. `progress` hears the share that
    is read.

    Raises NotAllowed, WrongState, Invalid (it changes meanwhile).
    """
    record = _record(record_id)
    _check(record, actor)
    let_go()
    before, sha256, size = file_now(record), hashlib.sha256(), 0
    try:
        for piece in opened(record.source).read(record.path):
            sha256.update(piece)
            size += len(piece)
            progress(size / max(1, before.size))
            if size > before.size:  # also of a file that never ends
                break
    except (PlaceAway, Unreadable, FileNotFoundError) as error:
        raise Invalid(_("It could not be read: %(why)s") % {"why": error}) from error
    if file_now(record).fingerprint != before.fingerprint or size != before.size:
        raise Invalid(
            _("It changed while it was read. Find out what is still writing it, then try again."), code="changes"
        )
    return Looked(size, before.fingerprint, sha256.hexdigest())


def file_look_ask(*, record_id: int, actor: User, now: datetime) -> Job:
    """Have it read in the background; one that is being read is not read twice.

    Raises NotAllowed, WrongState (nothing to be taken; too many are being read for the actor).
    """
    record = Record.objects.select_related("site").defer("customer").get(pk=record_id)
    _check(record, actor)
    last = looks(record, actor).first()
    if last is not None and last.is_open:
        return last
    being_read = Job.objects.visible_to(actor).filter(kind=LOOK, state__in=[State.QUEUED, State.RUNNING]).count()
    if being_read >= AT_ONCE:
        words = _("Files that are being read for you: %(n)s. Ask for this one when one of them is done.")
        raise WrongState(words % {"n": being_read}, code="too_many")
    return job_start(kind=LOOK, params={"record": record.pk}, owner=actor, now=now)


def looks(record: Record, actor: User) -> QuerySet[Job]:
    """What this user had read of it, the latest first."""
    return Job.objects.visible_to(actor).filter(kind=LOOK, params__record=record.pk).order_by("-created_at")


def looked_at(job: Job | None) -> Looked | None:
    """What came of it; None while it runs, where it failed, and once results of that age are forgotten."""
    if job is None or job.state != State.DONE or not job.result:
        return None
    return Looked(job.result["size"], job.result["fingerprint"], job.result["sha256"])


def file_looked(*, record_id: int, sha256: str, size: int, actor: User) -> Looked:
    """The file that the actor was shown with that hash and size, if the source still has that one; asks the source, so
    never inside a transaction.

    Raises NotAllowed, Invalid (the source cannot be asked), WrongState (it was not read; it is another file by now).
    """
    record = _record(record_id)
    _check(record, actor)
    shown = (looked_at(job) for job in looks(record, actor)[:20])
    found = next((one for one in shown if one), None)  # what an earlier reading showed is no longer looked at
    if found is None or (found.sha256, found.size) != (sha256.lower(), size):
        raise WrongState(_("No file with this SHA-256 and size was read for you. Have it read first."), code="not_read")
    if file_now(record).fingerprint != found.fingerprint:
        raise WrongState(_("The file has changed again since you looked at it. Have it read again."), code="changed")
    return found


def record_take_file(*, record_id: int, reason: str, looked: Looked, actor: User, now: datetime) -> Record:
    """The record is its file of now, as `file_looked` found it right before.

    Raises NotAllowed, WrongState (backed up; not changed), Invalid (no reason).
    """
    if not reason.strip():
        raise Invalid(_("Say why the file was changed, and who says so."), field="reason")
    with transaction.atomic():
        rows = Record.objects.select_for_update(of=("self",), no_key=True).select_related("site", "source")
        row = rows.defer("customer").get(pk=record_id)
        _check(row, actor)
        grown = looked.size - row.size
        was = {"size": row.size, "sha256": row.sha256, "fingerprint": row.fingerprint}
        if looked.fingerprint == row.fingerprint and looked.sha256 == row.sha256:
            raise WrongState(_("The catalogue already has the file as it is now: there is nothing to take."))
        row.size, row.sha256, row.fingerprint = looked.size, looked.sha256, looked.fingerprint
        row.save(update_fields=["size", "sha256", "fingerprint"])
        if row.batch_id is not None:
            Batch.objects.filter(pk=row.batch_id).update(bytes_count=F("bytes_count") + grown)
        words = gettext_noop("%(who)s took the file as it is now: %(reason)s")
        who, why = str(actor)[:50], reason.strip()[:300]
        problems_settle(row, kept(words, who=who, reason=why[:130]), now=now)
        findings_taken(rows=_findings(row).open(), note=kept(words, who=who, reason=why), now=now)
        facts = {"size": row.size, "sha256": row.sha256, "fingerprint": row.fingerprint}
        data = {"reason": reason.strip()[:300], "was": was, "is": facts}
        keep(actor=actor, action="retention.record_file_taken", subject=row, data=data, now=now, site=row.site)
    return row
