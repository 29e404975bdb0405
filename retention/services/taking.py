"""A file that was legitimately changed between catalogue and backup, taken as it is now (RET-5).

Invariants: never once a record has been backed up, whose bytes are known and stay what they were; what somebody looked
at is what is taken. The ledger keeps what it was and what it is, and why.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record as keep
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from retention.choices import FindingKind, ProblemKind, RecordState
from retention.models import Batch, Finding, Problem, Record
from retention.personal import WAIVERS
from retention.services.batches import problems_settle
from retention.services.findings import findings_over
from retention.storing import Object, PlaceAway, Unreadable, opened

CHANGES = (ProblemKind.CHANGED, ProblemKind.TRUNCATED, ProblemKind.GREW)


@dataclass(frozen=True)
class Looked:
    """A file as it is now; `size` in bytes."""

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


def file_look(*, record_id: int, actor: User) -> Looked:
    """Read it whole; never inside a transaction. Raises NotAllowed, WrongState, Invalid (it changes meanwhile)."""
    record = Record.objects.select_related("site", "source__credential").get(pk=record_id)
    _check(record, actor)
    before, sha256, size = file_now(record), hashlib.sha256(), 0
    try:
        for piece in opened(record.source).read(record.path):
            sha256.update(piece)
            size += len(piece)
    except (PlaceAway, Unreadable, FileNotFoundError) as error:
        raise Invalid(_("It could not be read: %(why)s") % {"why": error}) from error
    if file_now(record).fingerprint != before.fingerprint or size != before.size:
        raise Invalid(
            _("It changed while it was read. Find out what is still writing it, then try again."), code="changes"
        )
    return Looked(size, before.fingerprint, sha256.hexdigest())


def _check(record: Record, actor: User) -> None:
    if not has_role(actor, WAIVERS, site=record.site):
        raise NotAllowed
    if record.state != RecordState.CATALOGUED or record.lost.exists():
        raise WrongState(_("It has been backed up: its bytes are known, and no other file takes their place."))
    if not _changed(record):
        raise WrongState(_("Its file is the one that was catalogued: there is nothing to be taken."))


def record_take_file(
    *, record_id: int, reason: str, fingerprint: str = "", looked: Looked | None = None, actor: User, now: datetime
) -> Record:
    """The record is its file of now. `fingerprint`: of the file that was shown, "" where none was; `looked`: what was
    read right before.

    Raises NotAllowed, WrongState (backed up; not changed), Invalid (no reason; it changed since it was shown or read).
    """
    if not reason.strip():
        raise Invalid(_("Say why the file was changed, and who says so."), field="reason")
    is_now = looked or file_look(record_id=record_id, actor=actor)
    if fingerprint and fingerprint != is_now.fingerprint:
        raise Invalid(_("It has changed again since you looked at it. Look at it again."), code="changed")
    with transaction.atomic():
        rows = Record.objects.select_for_update(of=("self",), no_key=True).select_related("site", "source")
        row = rows.defer("customer").get(pk=record_id)
        _check(row, actor)
        grown = is_now.size - row.size
        was = {"size": row.size, "sha256": row.sha256, "fingerprint": row.fingerprint}
        if is_now.fingerprint == row.fingerprint and is_now.sha256 == row.sha256:
            raise WrongState(_("Its file is the one that was catalogued: there is nothing to be taken."))
        row.size, row.sha256, row.fingerprint = is_now.size, is_now.sha256, is_now.fingerprint
        row.save(update_fields=["size", "sha256", "fingerprint"])
        if row.batch_id is not None:
            Batch.objects.filter(pk=row.batch_id).update(bytes_count=F("bytes_count") + grown)
        words = kept(gettext_noop("The file was taken as it is now: %(reason)s"), reason=reason.strip()[:200])
        problems_settle(row, words, now=now)
        findings_over(rows=_findings(row), now=now)
        facts = {"size": row.size, "sha256": row.sha256, "fingerprint": row.fingerprint}
        data = {"reason": reason.strip()[:300], "was": was, "is": facts}
        keep(actor=actor, action="retention.record_file_taken", subject=row, data=data, now=now, site=row.site)
    return row
