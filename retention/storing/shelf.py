"""A place, opened: what directories and buckets have in common."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from retention.storing.answers import CHUNK, Known, Object, PlaceAway, Unreadable

if TYPE_CHECKING:
    from retention.models import Source, Store

MARKER, SOURCE_MARKER = "occ-store.json", "occ-source.json"


class Shelf(ABC):
    """A place, opened. Names are paths below its address, with slashes and without one in front.

    `expect_marker`: it is a store, and away while its marker is not where it should be. `local`: of a directory.
    """

    local: Path | None = None

    def __init__(self, place: Source | Store, *, expect_marker: bool = False) -> None:
        self.place, self.expect_marker = place, expect_marker

    def marker(self) -> dict[str, Any] | None:
        """What the marker says; None where there is none. Raises PlaceAway, also where nobody can read it."""
        try:
            found = json.loads(self._marker_read())
        except FileNotFoundError:
            return None
        except (ValueError, Unreadable) as error:
            raise PlaceAway(_("Its %(name)s cannot be read.") % {"name": MARKER}) from error
        return found if isinstance(found, dict) else {}

    @abstractmethod
    def _marker_read(self) -> bytes: ...

    def mark(self, *, now: datetime) -> None:
        """Make it the store: to be done once, when it is registered. Raises PlaceAway."""
        self._marker_write(json.dumps({"code": self.place.code, "made_at": now.astimezone(UTC).isoformat()}).encode())

    @abstractmethod
    def _marker_write(self, content: bytes) -> None: ...

    @abstractmethod
    def objects(self, under: str = "") -> Iterator[Object]:
        """Every object below `under`, in no order. Raises PlaceAway, also half way."""

    @abstractmethod
    def head(self, name: str) -> Object:
        """Raises FileNotFoundError, PlaceAway, Unreadable."""

    @abstractmethod
    def read(self, name: str, chunk: int = CHUNK) -> Iterator[bytes]:
        """The object from beginning to end. Raises FileNotFoundError, PlaceAway, Unreadable, also half way."""

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Raises FileNotFoundError, PlaceAway, Unreadable (shorter than that)."""
        found = self._range(name, start, length)
        if len(found) != length:
            raise Unreadable(_("It is shorter than it should be."))
        return found

    @abstractmethod
    def _range(self, name: str, start: int, length: int) -> bytes: ...

    @abstractmethod
    def put(self, name: str, content: bytes | Path) -> str:
        """Write it whole or not at all, durably; returns its version where the bucket keeps versions.

        Raises PlaceAway (full too).
        """

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete the object and every version of it; one that is not there is no error. Raises PlaceAway."""

    @abstractmethod
    def delete_many(
        self, names: Sequence[str], known: Mapping[str, Known] = MappingProxyType({})
    ) -> dict[str, bool | str]:
        """Delete each with all its versions, durably: True where it was there, False where it was not, else why not.

        What is not the file that is `known` stays. A file whose directory is not there either is no file that is
        gone: its disk may not be. Raises PlaceAway.
        """

    @abstractmethod
    def sweep(self, under: str) -> None:
        """Remove what puts that were killed left half written below `under`. Raises PlaceAway."""

    def version(self, name: str) -> str:
        """Of the object as it is there now; "" where its place keeps none. Raises FileNotFoundError, PlaceAway."""
        return ""

    def versions(self, name: str) -> list[str]:
        """Every version and delete marker of the object; none where there is nothing, or the bucket keeps none."""
        return []

    def lockable(self) -> bool:
        """Whether the bucket has Object Lock. Raises PlaceAway."""
        return False

    def vouches(self, name: str) -> bool:
        """Whether the place itself tells that the object is gone, and not the disk on which it lies."""
        return True

    def signed(self) -> bool:
        """Whether the directory bears this source's marker: then it is the source, however little it holds."""
        return False

    def mounts(self) -> set[str]:
        """Directories below the place on which something is mounted now, as names."""
        return set()

    def absent(self, name: str) -> bool:
        """Whether neither the object nor any version of it is there. Raises PlaceAway."""
        try:
            self.head(name)
        except FileNotFoundError:
            return not [one for one in self.versions(name) if one != "null"]
        return False

    @abstractmethod
    def absent_many(self, names: Sequence[str], *, known: bool = False) -> list[str]:
        """Those of which something is there still, a version too. Raises PlaceAway, Unreadable (who can tell?).

        `known`: something else has shown that the directory is the one that is meant.
        """

    def _found(self, name: str) -> Iterator[bytes]:
        """The object that `head` or a list has just found: what that asked is not asked again of each of thousands."""
        return self.read(name)

    def other(self, name: str, found: Object, known: Known | None) -> str:
        """Why it is not the file that is known; "": it is. Read where only its bytes can tell.

        Its size alone tells nothing: a recorder that counts from 1 again writes calls of one length over each other.
        Raises FileNotFoundError, PlaceAway, Unreadable.
        """
        if known is None:
            return ""
        if found.odd:
            return found.odd
        if not known.fingerprint and not known.sha256:
            return _("Nobody has written down what the file was like: scan the source and try again.")
        if known.fingerprint == found.fingerprint:
            return ""
        if known.sha256 and known.size in (None, found.size):
            digest = hashlib.sha256()
            for piece in self._found(name):
                digest.update(piece)
            if digest.hexdigest() == known.sha256:
                return ""
        return _("Another file lies there by now.")
