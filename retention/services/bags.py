"""A bag from its first package to its tag files (RET-5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from occ.encryption import Unreadable
from occ.times import JAKARTA, local_day
from retention.backing import keys
from retention.backing.bagging import Line, tag_files, tar_of
from retention.backing.frames import FRAME, opened, sealed
from retention.backing.keys import KeyWrong
from retention.backing.packing import spooled, written
from retention.choices import BagStatus
from retention.marks import id_mark
from retention.models import Bag, Batch, Copy, LostPacked, Pack, Packed, Store
from retention.services.schedule import rules_on
from retention.storing import Shelf

# Package 0: this, the wrapped key of what follows, and the tag files as a tar, sealed like a record.
TAGS = b"OCCTAGS\x01"


def let_go() -> None:
    """Hold no connection while bytes are worked on; a test's or a demo's transaction keeps its own."""
    if not connection.in_atomic_block:
        connection.close()


def bag_open(*, batch_id: int, now: datetime) -> Bag:
    """The bag that is being built, or a new one. In the caller's transaction, which has the batch locked."""
    found = Bag.objects.filter(batch=batch_id, status=BagStatus.BUILDING).first()
    if found is not None:
        return found
    batch = Batch.objects.select_related("site").get(pk=batch_id)
    number = (Bag.objects.filter(batch=batch).aggregate(last=Max("number"))["last"] or 0) + 1
    return Bag.objects.create(
        batch=batch, number=number, identifier=f"{batch.identifier}-{number:02}", opened_at=now,
        key=keys.as_text(keys.new_key()),
    )  # fmt: skip


def bag_key(bag_id: int) -> bytes:
    """What wraps the keys of the bag's records. Raises KeyWrong: destroyed, or ENCRYPTION_KEYS does not open it."""
    try:
        return keys.from_text(Bag.objects.values_list("key", flat=True).get(pk=bag_id))
    except Unreadable as error:
        raise KeyWrong(str(error)) from error


def bag_lines(bag: Bag) -> list[Line]:
    """What of the bag is not destroyed, in the order of the records' keys."""
    rows = Packed.objects.filter(pack__bag=bag, key__isnull=False).order_by("record_id")
    rows = rows.select_related("record__site", "record__source").defer("record__customer", "key")
    return [line_of(row) for row in rows.iterator(chunk_size=2_000)]


def line_of(row: Packed) -> Line:
    record = row.record
    zone = record.site.zone
    mark = id_mark(record.source.code, record.external_id)
    return Line(
        row.name, record.pk, mark, record.kind, record.channel, record.site.code, record.source.code,
        record.started_at.astimezone(zone), record.ended_at.astimezone(zone), row.size, row.sha256, row.sha512,
    )  # fmt: skip


def bag_info(bag: Bag, day: Any) -> dict[str, str]:
    """What bag-info.txt says beside what every bag's says."""
    batch = bag.batch
    rule = next(
        (one for one in rules_on(day) if (one.record_kind, one.channel, one.client) == (batch.kind, "", "")), None
    )
    kept = (
        f"; backed up after {rule.backup_after_years}, kept {rule.delete_after_years} years ({rule.basis})"
        if rule
        else ""
    )
    return {
        "Bag-Group-Identifier": batch.identifier,
        "External-Description": f"{batch.kind} of {batch.site.code}, {batch.month:%Y-%m}, part {batch.part}",
        "Retention-Class": f"{batch.kind}{kept}",
    }


def bag_finish(
    *, bag: Bag, stores: Sequence[Store], shelves: Sequence[Shelf], folder: Path, mine: Callable[[], Any], now: datetime
) -> None:
    """Write the tag files as package 0, and the bag is complete; one in which nothing lies yet waits for more.

    `mine` locks the batch and refuses who has it no more. Raises Stopped, KeyWrong.
    """
    if not Pack.objects.filter(bag=bag).exists():
        return
    by, day = bag_key(bag.pk), local_day(now, JAKARTA)
    bag = Bag.objects.select_related("batch__site").get(pk=bag.pk)
    files = tag_files(bag_lines(bag), identifier=bag.identifier, info=bag_info(bag, day), day=day)
    let_go()
    content, own = tar_of(files), keys.new_key()
    with spooled(folder) as spool:
        spool.write(TAGS)
        spool.write(keys.wrap(own, by=by, name=f"{bag.identifier}/tags"))
        for part in sealed((content[at : at + FRAME] for at in range(0, len(content), FRAME)), own):
            spool.write(part)
        name = f"bags/{bag.identifier}/{0:06}-{token_hex(8)}.pack"
        versions = written(spool, name, shelves)
        size, sha256 = spool.size, spool.sha.hexdigest()
    with transaction.atomic():
        mine()
        pack = Pack.objects.create(bag=bag, number=0, name=name, size=size, sha256=sha256, written_at=now)
        Copy.objects.bulk_create(Copy(pack=pack, store=one, version=versions[one.pk], checked_at=now) for one in stores)
        manifest = hashlib.sha256(files["manifest-sha256.txt"]).hexdigest()
        done = {"status": BagStatus.COMPLETE, "completed_at": now, "manifest_sha256": manifest}
        Bag.objects.filter(pk=bag.pk).update(**done)


def tags_opened(content: bytes, *, by: bytes, identifier: str) -> bytes:
    """The tar that a package 0 holds. Raises KeyWrong, Broken."""
    if not content.startswith(TAGS):
        raise KeyWrong("not a package of tag files")
    end = len(TAGS) + keys.WRAPPED
    own = keys.unwrap(content[len(TAGS) : end], by=by, name=f"{identifier}/tags")
    return b"".join(opened([content[end:]], own))


def orphans_remove(shelf: Shelf, identifier: str, named: set[str]) -> int:
    """Remove what a run left in the bag's place that no row names; how many objects. Raises PlaceAway."""
    under = f"bags/{identifier}"
    shelf.sweep(under)
    orphans = [one.name for one in shelf.objects(under) if one.name not in named]
    for name in orphans:
        shelf.delete(name)
    return len(orphans)


def held(pack: Pack) -> bool:
    """Whether anything of it can be read; locked, so that what would destroy the last of it waits."""
    if pack.number == 0:
        bags = Bag.objects.filter(pk=pack.bag_id).exclude(status=BagStatus.GONE)
        return bags.select_for_update(no_key=True).values_list("pk", flat=True).first() is not None
    for some in (Packed.objects, LostPacked.objects):
        kept = some.filter(pack=pack, key__isnull=False).order_by("record_id").select_for_update(no_key=True)
        if kept.values_list("record_id", flat=True).first() is not None:
            return True
    return False
