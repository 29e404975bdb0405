"""One package: records read once each, hashed, compressed, encrypted; written to every store, read back and compared.

Runs in a thread and asks no database. The spool is a file without a name: whatever is killed leaves none behind.
"""

from __future__ import annotations

import errno
import hashlib
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from retention.backing import keys
from retention.backing.frames import FRAME, sealed
from retention.choices import ProblemKind
from retention.storing import CHUNK, Object, PlaceAway, Shelf, Unreadable

MAGIC = b"OCCPACK\x01"
PACK_FILES = 2_000


class Stopped(Exception):
    """Nothing more can be done now, and it is no record's fault: a place is away or full; says why."""


class Halted(Exception):
    """The run is over: somebody else has the batch, or this process ends."""


@dataclass(frozen=True)
class Wanted:
    """A record to be packed. `size` and `fingerprint` as catalogued; `sha256` "" where nobody has read it yet."""

    pk: int
    shelf: Shelf
    path: str
    name: str
    size: int
    fingerprint: str
    sha256: str


@dataclass(frozen=True)
class Member:
    """A record in its package; `key` is wrapped."""

    pk: int
    name: str
    offset: int
    length: int
    size: int
    sha256: str
    sha512: str
    key: bytes
    fingerprint: str  # of the file as it was read


@dataclass(frozen=True)
class Trouble:
    """`fingerprint`: of the file that was wanted; another is a file that was taken as it is meanwhile."""

    pk: int
    fingerprint: str
    kind: ProblemKind
    detail: str


@dataclass
class Made:
    """`name` "" where none of its records could be packed. `versions`: by the store's primary key."""

    number: int
    name: str = ""
    size: int = 0
    sha256: str = ""
    members: list[Member] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    versions: dict[int, str] = field(default_factory=dict)


class _Wrong(Exception):
    def __init__(self, kind: ProblemKind, detail: str = "") -> None:
        self.kind, self.detail = kind, detail


class Spool:
    """Where a package grows; its hash grows with it, and what turns out to be wrong is taken back."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size, self.sha = file, 0, hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.sha.update(piece)
        self.size += len(piece)

    def mark(self) -> tuple[int, Any]:
        return self.size, self.sha.copy()

    def back_to(self, mark: tuple[int, Any]) -> None:
        self.size, self.sha = mark
        self.file.seek(self.size)
        self.file.truncate()

    @property
    def path(self) -> Path:
        """By which the file is read although it has no name."""
        self.file.flush()
        return Path(f"/proc/self/fd/{self.file.fileno()}")


@contextmanager
def spooled(folder: Path) -> Iterator[Spool]:
    """Raises Stopped when there is no room, here or in the block."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=FRAME) as file:
            yield Spool(file)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename is None:
            raise
        reason = error.strerror or type(error).__name__
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            reason = _("there is no room left")
        raise Stopped(_("The spool of packages: %(reason)s.") % {"reason": reason}) from error


def pack_make(
    wanted: Sequence[Wanted], *, number: int, bag: str, key: bytes, stores: Sequence[Shelf], folder: Path
) -> Made:
    """A package of those records in every store; each is in it, or among its troubles. Raises Stopped."""
    made = Made(number)
    with spooled(folder) as spool:
        spool.write(MAGIC)
        for one in wanted:
            mark = spool.mark()
            try:
                made.members.append(_record(one, spool, bag=bag, key=key))
            except _Wrong as wrong:
                spool.back_to(mark)
                made.troubles.append(Trouble(one.pk, one.fingerprint, wrong.kind, wrong.detail[:300]))
            except PlaceAway as away:
                raise Stopped(place_says(one.shelf, str(away))) from away
        if made.members:
            made.name = f"bags/{bag}/{number:06}-{secrets.token_hex(8)}.pack"
            made.size, made.sha256 = spool.size, spool.sha.hexdigest()
            made.versions = written(spool, made.name, stores)
    return made


def written(spool: Spool, name: str, stores: Sequence[Shelf]) -> dict[int, str]:
    """Put it into every store, and read it back from each before it counts. Raises Stopped."""
    versions = {}
    for shelf in stores:
        try:
            versions[shelf.place.pk] = shelf.put(name, spool.path)
            compare(shelf, name, spool)
        except (PlaceAway, FileNotFoundError, Unreadable) as error:
            raise Stopped(place_says(shelf, str(error))) from error
    return versions


def compare(shelf: Shelf, name: str, spool: Spool) -> None:
    """Byte by byte what was written. Raises Stopped, PlaceAway, FileNotFoundError, Unreadable."""
    spool.file.seek(0)
    size = 0
    for piece in shelf.read(name, CHUNK):
        if spool.file.read(len(piece)) != piece:
            raise Stopped(place_says(shelf, _("what was read back is not what was written.")))
        size += len(piece)
    if size != spool.size:
        raise Stopped(place_says(shelf, _("what was read back is not what was written.")))


def place_says(shelf: Shelf, reason: str) -> str:
    return _("%(place)s: %(reason)s") % {"place": shelf.place, "reason": reason}


def _record(one: Wanted, spool: Spool, *, bag: str, key: bytes) -> Member:
    """Raises _Wrong, PlaceAway."""
    own, offset = keys.new_key(), spool.size
    before = _head(one)
    if one.fingerprint and before.fingerprint != one.fingerprint:
        shorter = before.size < one.size
        raise _Wrong(ProblemKind.TRUNCATED if shorter else ProblemKind.CHANGED, _sizes(one.size, before.size))
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    size = 0

    def read() -> Iterator[bytes]:
        nonlocal size
        for piece in one.shelf.read(one.path, FRAME):
            size += len(piece)
            if size > one.size:  # also of a file that never ends
                raise _Wrong(ProblemKind.GREW, _sizes(one.size, size))
            sha256.update(piece)
            sha512.update(piece)
            yield piece

    try:
        for part in sealed(read(), own):
            spool.write(part)
    except FileNotFoundError as error:
        raise _Wrong(ProblemKind.MISSING) from error
    except Unreadable as error:
        raise _Wrong(ProblemKind.UNREADABLE, str(error)) from error
    if size < one.size:
        raise _Wrong(ProblemKind.TRUNCATED, _sizes(one.size, size))
    after = _head(one)
    if after.fingerprint != before.fingerprint:
        grew = after.size > before.size
        raise _Wrong(ProblemKind.GREW if grew else ProblemKind.CHANGED, _sizes(before.size, after.size))
    if one.sha256 and sha256.hexdigest() != one.sha256:
        raise _Wrong(ProblemKind.CHANGED, _("Its SHA-256 is another one."))
    wrapped = keys.wrap(own, by=key, name=f"{bag}/{one.name}")
    return Member(
        one.pk, one.name, offset, spool.size - offset, size, sha256.hexdigest(), sha512.hexdigest(), wrapped,
        before.fingerprint,
    )  # fmt: skip


def _head(one: Wanted) -> Object:
    try:
        return one.shelf.head(one.path)
    except FileNotFoundError as error:
        raise _Wrong(ProblemKind.MISSING) from error
    except Unreadable as error:
        raise _Wrong(ProblemKind.UNREADABLE, str(error)) from error


def _sizes(was: int, now: int) -> str:
    return _("%(was)s bytes catalogued, %(now)s found") % {"was": was, "now": now} if was != now else ""
