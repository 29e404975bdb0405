"""A place in a directory: written by obstore, which puts a file there whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from django.utils.translation import gettext as _
from obstore.store import LocalStore

from occ.errors import Invalid
from retention.marks import numbers_hidden
from retention.storing.answers import CHUNK, Known, Object, PlaceAway, Unreadable, said
from retention.storing.shelf import MARKER, SOURCE_MARKER, Shelf
from retention.storing.trees import (
    leads_in,
    mounts,
    of_file,
    own_directory,
    read_file,
    to_disk,
    unlink_many,
    walk,
)

if TYPE_CHECKING:
    from retention.models import Source, Store

# A put holds so many parts in memory.
PART, PARTS = 5 * 2**20, 1


def local_path(url: str) -> Path:
    """Of file:///path. Raises Invalid."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise Invalid(_("The address of a directory begins with file:/// and is absolute."), field="url")
    return Path(unquote(parts.path))


class Directory(Shelf):
    local: Path

    def __init__(self, place: Source | Store, *, expect_marker: bool = False) -> None:
        super().__init__(place, expect_marker=expect_marker)
        self.local = local_path(place.url)

    @cached_property
    def _store(self) -> LocalStore:
        self._there()
        return LocalStore(prefix=self.local)

    def _there(self) -> None:
        """Before each deed: a disk may go at any time. Raises PlaceAway."""
        if not self.local.is_dir():
            raise PlaceAway(_("The directory %(path)s is not there.") % {"path": self.local})
        if self.expect_marker and not self._marked:
            raise PlaceAway(_("%(path)s is not this store: its %(name)s is missing.")
                            % {"path": self.local, "name": MARKER})  # fmt: skip

    @property
    def _marked(self) -> bool:
        found = self.marker()
        if found is not None and found.get("code") != self.place.code:
            raise PlaceAway(_("%(path)s is the store %(code)s.") % {"path": self.local, "code": found.get("code")})
        return found is not None

    def _marker_read(self) -> bytes:
        with said():
            return (self.local / MARKER).read_bytes()

    def _marker_write(self, content: bytes) -> None:
        with said():
            (self.local / MARKER).write_bytes(content)
            to_disk(self.local / MARKER)

    def objects(self, under: str = "") -> Iterator[Object]:
        self._there()
        yield from (one for one in walk(self.local, under.strip("/")) if one.name != SOURCE_MARKER)
        self._there()  # a list that ends because the disk went is none

    def head(self, name: str) -> Object:
        self._there()
        try:
            with said():
                return of_file(name, self._path(name).lstat())
        except FileNotFoundError:
            if why := self._unmounted(name):
                raise Unreadable(why) from None
            raise
        except PlaceAway as away:
            if self.local.is_dir():  # the file, not the place
                raise Unreadable(str(away)) from away
            raise

    def read(self, name: str, chunk: int = CHUNK) -> Iterator[bytes]:
        self._there()
        yield from read_file(self._path(name), chunk)

    def _found(self, name: str) -> Iterator[bytes]:
        return read_file(self.local / name, CHUNK)

    def _range(self, name: str, start: int, length: int) -> bytes:
        self._there()
        self._path(name)
        with said():
            return bytes(obstore.get_range(self._store, name, start=start, length=length))

    def put(self, name: str, content: bytes | Path) -> str:
        self._there()
        with said():
            obstore.put(self._store, name, content, chunk_size=PART, max_concurrency=PARTS)
            to_disk(self._path(name))
            return ""

    def delete(self, name: str) -> None:
        self._there()
        with said():
            self._path(name).unlink(missing_ok=True)

    def delete_many(
        self, names: Sequence[str], known: Mapping[str, Known] = MappingProxyType({})
    ) -> dict[str, bool | str]:
        assert self._store is not None  # it is there
        went = unlink_many(self.local, names, self._judge(known))
        for name in (one for one, gone in went.items() if gone is False):
            went[name] = self._unmounted(name) or False
        return went

    def _judge(self, known: Mapping[str, Known]) -> Callable[[str, Object], str]:
        """Why a file stays. The first that goes shows that the directory is the source, which is marked as such."""
        signed = False

        def why(name: str, found: Object) -> str:
            nonlocal signed
            reason = self.other(name, found, known.get(name))
            if not reason and not signed and name in known:
                self.sign()
                signed = True
            return reason

        return why

    def sweep(self, under: str) -> None:
        self._there()
        with said():
            for path in self._path(under).rglob("*#*"):
                path.unlink(missing_ok=True)

    def vouches(self, name: str) -> bool:
        return own_directory(self.local, name) or self.signed()

    def signed(self) -> bool:
        try:
            found = json.loads(b"".join(read_file(self.local / SOURCE_MARKER, CHUNK)))
        except (FileNotFoundError, Unreadable, ValueError):
            return False
        return isinstance(found, dict) and found.get("code") == self.place.code

    def sign(self) -> None:
        """To be done while something known lies there. Where it may not be written, all is as without a marker."""
        if hasattr(self.place, "may_delete") and not self.signed():
            with contextlib.suppress(OSError):
                (self.local / SOURCE_MARKER).write_text(json.dumps({"code": self.place.code}))
                to_disk(self.local / SOURCE_MARKER)

    def mounts(self) -> set[str]:
        return mounts(self.local)

    def _unmounted(self, name: str) -> str:
        """Why nobody can tell whether the object is there; "": it is not."""
        known = [one for one in getattr(self.place, "mounts", ()) if name.startswith(f"{one}/")]
        away = sorted(set(known) - self.mounts()) if known else []
        return _("The disk at %(path)s is not mounted.") % {"path": numbers_hidden(away[0])} if away else ""

    def absent_many(self, names: Sequence[str], *, known: bool = False) -> list[str]:
        assert self._store is not None
        folders = dict[str, bool]()  # each is asked once where it leads
        return [name for name in names if self._is_there(name, folders, known=known)]

    def _is_there(self, name: str, folders: dict[str, bool], *, known: bool) -> bool:
        """Raises Unreadable."""
        folder, _slash, file = name.rpartition("/")
        if folder not in folders:
            folders[folder] = leads_in(self.local, name)
        if not folders[folder] or file == "..":
            raise Unreadable(_("The name leads out of its place."))
        if os.path.lexists(self.local / name):
            return True
        if why := self._unmounted(name):
            raise Unreadable(why)
        if not known and not self.vouches(name):
            raise Unreadable(_("Its directory is not there: is the disk?"))
        return False

    def _path(self, name: str) -> Path:
        path = self.local / name
        if not leads_in(self.local, name):
            raise Unreadable(_("The name leads out of its place."))
        return path
