"""The restore drill (RET-6): monthly a random batch is restored to a scratch place and compared, and leaves a report.

The draw is seeded and the seed kept, so that it can be made again. Each record is restored to a file of its own,
compared byte by byte with the file at its source where that still is what was backed up, by hash in any case, and
removed. A drill works in slices; one that was killed goes on where it stood.
"""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from occ.errors import Refused
from occ.ledger.services import record as record_in_ledger
from occ.people.actors import Actor
from occ.policies.services import policy_value
from retention.backing.bagging import from_tar
from retention.backing.frames import Broken
from retention.backing.keys import KeyWrong
from retention.choices import BagStatus, BatchStatus, CheckKind, Result
from retention.documents.drill import drill_issue
from retention.models import Bag, Batch, Check, Pack, Packed
from retention.policies import DRILL_DAYS
from retention.services.bags import bag_key, tags_opened
from retention.services.pulse import SILENT, beating
from retention.services.restoring import Restorer, packed_rows
from retention.services.store_lists import last_check
from retention.services.verifying import Clock
from retention.storing import PlaceAway, Shelf, Unreadable, opened
from retention.workflow import CHECKER

SOME = 200
SLICE = timedelta(minutes=4)
SHOWN = 20  # failures that the report names


def drill_run(*, clock: Clock, lasting: timedelta = SLICE) -> int:
    """Go on with the drill that is under way, or begin the one that is due; how many records were restored."""
    now = clock()
    check = Check.objects.filter(kind=CheckKind.DRILL, ended_at=None).order_by("pk").first()
    if check is None:
        last = last_check(CheckKind.DRILL)
        if last is not None and now - last < timedelta(days=policy_value(DRILL_DAYS, at=now)):
            return 0
        check = drill_begin(actor=CHECKER, now=now)
    return 0 if check is None else drill_go_on(check_id=check.pk, clock=clock, lasting=lasting)


@transaction.atomic
def drill_begin(
    *, actor: Actor, now: datetime, seed: str = "", batch: Batch | None = None, pack: Pack | None = None
) -> Check | None:
    """Draw a batch, unless one is given, perhaps with the one package of it that is to be restored.

    None where nothing is backed up yet, or a drill is under way.
    """
    batches = [batch.pk] if batch else list(drawn_from(now))
    if not batches or Check.objects.select_for_update(no_key=True).filter(kind=CheckKind.DRILL, ended_at=None).exists():
        return None
    seed = "" if batch else seed or secrets.token_hex(16)
    drawn = batch.pk if batch else draw(batches, seed)
    check = Check.objects.create(
        kind=CheckKind.DRILL, batch_id=drawn, pack=pack, started_at=now, by=str(actor)[:150], seed=seed,
        details={"drawn_from": len(batches), "compared": 0, "by_hash": 0, "destroyed": 0, "failed": []},
    )  # fmt: skip
    data = {"seed": seed, "batches": len(batches), "batch": drawn}
    record_in_ledger(actor=actor, action="retention.drill_drawn", subject=check, data=data, now=now)
    return check


def drawn_from(now: datetime) -> Any:
    """The batches that a drill at that instant draws from, in the order of their keys."""
    bags = Bag.objects.filter(status=BagStatus.COMPLETE, completed_at__lte=now)
    rows = Batch.objects.filter(status=BatchStatus.COMPLETE, completed_at__lte=now, pk__in=bags.values("batch"))
    return rows.order_by("pk").values_list("pk", flat=True)


def draw(batches: list[int], seed: str) -> int:
    return random.Random(seed).choice(batches)  # noqa: S311 - to be drawn again, not to be secret


def drill_go_on(*, check_id: int, clock: Clock, lasting: timedelta = SLICE) -> int:
    """Restore and compare for about that long, if nobody else does; with the last record the report is issued."""
    now, run = clock(), uuid.uuid4()
    free = Q(run=None) | Q(heard_at__lt=now - SILENT)
    if not Check.objects.filter(free, pk=check_id, ended_at=None).update(run=run, heard_at=now):
        return 0
    check = Check.objects.select_related("batch__site").get(pk=check_id)
    ends_at, restorer, shelves, count = now + lasting, Restorer(), dict[int, Shelf](), 0
    mine = Check.objects.filter(pk=check_id, run=run)
    while clock() < ends_at or count == 0:
        of = {"pack": check.pack_id} if check.pack_id else {"pack__bag__batch": check.batch_id}
        rows = packed_rows().filter(**of, record_id__gt=check.last).order_by("record_id")
        some = list(rows.select_related("record__source__credential")[:SOME])
        if not some:
            _end(check, run, clock())
            return count
        with beating(check_id, run):
            for packed in some:
                _one(packed, check, restorer, shelves)
        check.last = some[-1].record_id
        kept = {"last": check.last, "details": check.details, "heard_at": clock(), "failures": check.failures}
        if not mine.update(objects_count=check.objects_count, bytes_count=check.bytes_count, **kept):
            return count
        count += len(some)
    mine.update(run=None)
    return count


def _one(packed: Packed, check: Check, restorer: Restorer, shelves: dict[int, Shelf]) -> None:
    said = check.details
    if packed.key is None:
        said["destroyed"] += 1
        return
    folder = Path(settings.VAR) / "retention-drill"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryFile(dir=folder) as scratch:
            for piece in restorer.bytes_of(packed):  # compares the SHA-256
                scratch.write(piece)
            source = packed.record.source
            shelf = shelves.setdefault(source.pk, opened(source))
            same = _same(scratch, shelf, packed)
    except Refused as refusal:
        wrong = str(refusal)
    else:
        wrong = _("It is not what lies at the source.") if same is False else ""
        said["compared" if same is not None else "by_hash"] += 1
    check.objects_count += 1
    check.bytes_count += packed.size
    if wrong:
        check.failures += 1
        if len(said["failed"]) < SHOWN:
            said["failed"].append([str(packed.record_id), wrong])


def _same(scratch: IO[bytes], shelf: Shelf, packed: Packed) -> bool | None:
    """Whether the source's file has the same bytes; None where it is away, or is another file by now."""
    scratch.seek(0)
    try:
        if shelf.head(packed.record.path).fingerprint != packed.record.fingerprint:
            return None
        for piece in shelf.read(packed.record.path):
            if scratch.read(len(piece)) != piece:
                return False
    except (FileNotFoundError, PlaceAway, Unreadable):
        return None
    return not scratch.read(1)


def _end(check: Check, run: uuid.UUID, now: datetime) -> None:
    check.details["manifests"] = manifests = _manifests(check)
    failures = check.failures + sum(not right for right in manifests.values())
    result = Result.FAILED if failures else Result.OK
    with transaction.atomic():
        mine = Check.objects.filter(pk=check.pk, run=run, ended_at=None)
        if not mine.update(run=None, ended_at=now, result=result, failures=failures, details=check.details):
            return
        check.refresh_from_db()
        with translation.override("id"):
            document = drill_issue(check, language="id", actor=CHECKER, now=now)
        Check.objects.filter(pk=check.pk).update(document=document)


def _manifests(check: Check) -> dict[str, bool]:
    """By bag of which something was restored: whether the tag files in a store are the ones that are known here."""
    import hashlib

    found = {}
    readable = Packed.objects.filter(pack__bag=OuterRef("pk"), key__isnull=False)
    bags = Bag.objects.filter(Exists(readable), batch=check.batch_id, status=BagStatus.COMPLETE)
    if check.pack_id:
        bags = bags.filter(packs=check.pack_id)
    for bag in bags.order_by("number"):
        pack = Pack.objects.get(bag=bag, number=0)
        found[bag.identifier] = any(
            hashlib.sha256(files.get("manifest-sha256.txt", b"")).hexdigest() == bag.manifest_sha256
            for files in _tags(bag, pack)
        )
    return found


def _tags(bag: Bag, pack: Pack) -> Iterator[dict[str, bytes]]:
    """The bag's tag files as each store gives them out."""
    copies = list(pack.copies.filter(gone_at=None).select_related("store__credential").order_by("pk"))
    for copy in copies:
        try:
            content = b"".join(opened(copy.store).read(pack.name))
            yield from_tar(tags_opened(content, by=bag_key(bag.pk), identifier=bag.identifier))
        except (PlaceAway, FileNotFoundError, Unreadable, KeyWrong, Broken):
            continue
