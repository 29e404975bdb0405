"""The way back (RET-6): one record, a batch or a range of dates, from whichever store still has it right.

What is given out is authenticated frame by frame and its SHA-256 is compared at the end; where one store's copy fails,
the next one's goes on from the same byte.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from occ.errors import Invalid, Refused
from occ.ledger.services import record as record_in_ledger
from occ.people.actors import Actor
from occ.times import JAKARTA, local_day
from retention.backing import keys
from retention.backing.bagging import Line, destroyed_csv, tag_files
from retention.backing.frames import Broken, opened
from retention.backing.keys import KeyWrong
from retention.choices import Result
from retention.models import Copy, Packed, Record, Store
from retention.services.bags import bag_key, let_go, line_of
from retention.storing import CHUNK, PlaceAway, Shelf, Unreadable
from retention.storing import opened as shelf_opened


class Unavailable(Refused):
    """No store gives the record back now."""

    code = "unavailable"
    status = 503


class Destroyed(Refused):
    """The record was destroyed: nothing can give it back."""

    code = "destroyed"
    status = 410


@dataclass
class Restorer:
    """Remembers keys and places while many records are given back."""

    store: Store | None = None  # from this one only
    bag_keys: dict[int, bytes] = field(default_factory=dict)
    shelves: dict[int, Shelf] = field(default_factory=dict)
    copies: dict[int, list[Copy]] = field(default_factory=dict)

    def bytes_of(self, packed: Packed, *, skip: int = 0) -> Iterator[bytes]:
        """The original bytes from byte `skip` on. Raises Destroyed, Unavailable, also half way."""
        if packed.key is None:
            raise Destroyed(_("It was destroyed."))
        pack, bag = packed.pack, packed.pack.bag
        try:
            if bag.pk not in self.bag_keys:
                self.bag_keys[bag.pk] = bag_key(bag.pk)
            key = keys.unwrap(bytes(packed.key), by=self.bag_keys[bag.pk], name=f"{bag.identifier}/{packed.name}")
        except KeyWrong as wrong:
            raise Unavailable(_("Its key is missing or wrong.")) from wrong
        shelves = [self._shelf(copy) for copy in self._copies(pack.pk)]
        let_go()
        said, given, failures = hashlib.sha256(), skip, []
        for shelf in shelves:
            try:
                for piece in opened(_range(shelf, pack.name, packed.offset, packed.length), key, skip=given):
                    said.update(piece)
                    given += len(piece)
                    yield piece
                if skip == 0 and said.hexdigest() != packed.sha256:
                    raise Unavailable(_("What was read is not what was backed up."))
                return
            except (PlaceAway, FileNotFoundError, Unreadable, Broken) as error:
                failures.append(f"{shelf.place}: {error}")
        raise Unavailable(_("No store gives it back: %(why)s") % {"why": "; ".join(failures) or _("there is no copy.")})

    def _copies(self, pack_id: int) -> list[Copy]:
        """Those found in order first."""
        if pack_id not in self.copies:
            rows = Copy.objects.filter(pack=pack_id, gone_at=None).select_related("store__credential").order_by("pk")
            if self.store is not None:
                rows = rows.filter(store=self.store)
            self.copies = {pack_id: sorted(rows, key=lambda one: (one.result != Result.OK, not one.store.active))}
        return self.copies[pack_id]

    def _shelf(self, copy: Copy) -> Shelf:
        return self.shelves.setdefault(copy.store_id, shelf_opened(copy.store))


def _range(shelf: Shelf, name: str, start: int, length: int) -> Iterator[bytes]:
    for at in range(start, start + length, CHUNK):
        yield shelf.read_range(name, at, min(CHUNK, start + length - at))


def packed_rows() -> QuerySet[Packed]:
    return Packed.objects.select_related("pack__bag", "record__site", "record__source").defer(
        "pack__bag__key", "record__customer"
    )


def record_bytes(record: Record, *, skip: int = 0) -> Iterator[bytes]:
    """A record's original bytes out of a store. Raises Destroyed, Unavailable, also half way."""
    packed = packed_rows().filter(record=record).first()
    if packed is None:
        raise Unavailable(_("It is not backed up."))
    return Restorer().bytes_of(packed, skip=skip)


@dataclass
class Restored:
    """What came of a restore; `failed`: (record, why)."""

    records: int = 0
    bytes: int = 0
    destroyed: int = 0
    without: int = 0  # asked for, but not backed up
    failed: list[tuple[str, str]] = field(default_factory=list)


def records_restore(
    *,
    records: QuerySet[Record],
    out: Path,
    identifier: str,
    actor: Actor,
    now: datetime,
    restorer: Restorer | None = None,
) -> Restored:
    """Write a plain BagIt bag of those records into the empty folder `out`; it verifies without anything of OCC.

    What was destroyed is listed in destroyed.csv, what could not be read is not in the bag and in what is returned.
    Raises Invalid.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Invalid(_("The folder %(out)s is not empty.") % {"out": out}, field="out")
    (out / "data").mkdir(parents=True, exist_ok=True)
    done, restorer, lines = Restored(), restorer or Restorer(), []
    destroyed: list[tuple[str, str, datetime]] = []
    bags: set[str] = set()
    wanted = list(records.order_by("pk").values_list("pk", flat=True))
    for i in range(0, len(wanted), 500):
        rows = packed_rows().filter(record__in=wanted[i : i + 500])
        for packed in list(rows.order_by("pack_id", "offset")):
            bags.add(packed.pack.bag.identifier)
            if packed.destroyed_at is not None:
                destroyed.append((packed.name, packed.sha256, packed.destroyed_at))
                continue
            try:
                lines.append(_write(restorer, packed, out))
            except Refused as refusal:
                done.failed.append((packed.record.external_id, str(refusal)))
    done.records, done.bytes, done.destroyed = len(lines), sum(one.size for one in lines), len(destroyed)
    done.without = len(wanted) - done.records - done.destroyed - len(done.failed)
    _tags(out, sorted(lines, key=lambda one: one.record), destroyed, identifier, sorted(bags), now)
    data = {"records": done.records, "bytes": done.bytes, "bag": identifier, "failed": len(done.failed)}
    record_in_ledger(actor=actor, action="retention.restored", subject=None, data=data, now=now)
    return done


def _write(restorer: Restorer, packed: Packed, out: Path) -> Line:
    path = out / packed.name
    try:
        with path.open("wb") as file:
            for piece in restorer.bytes_of(packed):
                file.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return line_of(packed)


def _tags(
    out: Path,
    lines: list[Line],
    destroyed: list[tuple[str, str, datetime]],
    identifier: str,
    bags: list[str],
    now: datetime,
) -> None:
    info = {"External-Description": "Restored from " + (", ".join(bags) or "nothing")}
    more = {"destroyed.csv": destroyed_csv(destroyed)} if destroyed else {}
    files = tag_files(lines, identifier=identifier, info=info, day=local_day(now, JAKARTA), more=more)
    for path, content in files.items():
        (out / path).write_bytes(content)


def room_for(out: Path, size: int) -> bool:
    """Whether so many bytes fit there, with some to spare."""
    there = next(one for one in (out, *out.parents) if one.exists())
    return shutil.disk_usage(there).free > size * 1.05 + 2**28
