"""Sources and stores as they are read and written (RET-2): obstore for objects, boto3 for versions and Object Lock.

`opened(place)` gives a `Shelf`. What fails says so as `PlaceAway` (try later), `FileNotFoundError` (the object is not
there) or `Unreadable`; no other error of a library comes through.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import boto3
import obstore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext as _
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from occ.errors import Invalid
from retention.choices import PlaceKind

if TYPE_CHECKING:
    from retention.models import Source, Store

CHUNK = 4 * 2**20
# How many requests to a bucket at once while much is deleted or looked for there.
DELETERS = 16
# A bucket or mount that does not answer within this is away.
CONNECT_TIME, READ_TIME = timedelta(seconds=10), timedelta(seconds=60)


class PlaceAway(Exception):
    """The source or store cannot be reached now, is full, or refuses us; says why. Nothing is known of its objects."""


class Unreadable(Exception):
    """The object is there and cannot be read; says why."""


@dataclass(frozen=True)
class Object:
    """`fingerprint` changes when the object does, as far as its place can tell without reading it."""

    name: str
    size: int
    fingerprint: str


class Shelf:
    """A place, opened. Names are paths below its address, with slashes and without one in front."""

    def __init__(self, place: Source | Store) -> None:
        self.place = place
        self.local = local_path(place.url) if place.kind == PlaceKind.DIRECTORY else None
        self.bucket, self.prefix = ("", "") if self.local else bucket_and_prefix(place.url)

    @cached_property
    def _store(self) -> Any:
        if self.local is not None:
            if not self.local.is_dir():
                raise PlaceAway(_("The directory %(path)s is not there.") % {"path": self.local})
            return LocalStore(prefix=self.local)
        options: dict[str, Any] = {"endpoint": self.place.endpoint} if self.place.endpoint else {}
        made = S3Store(
            self.bucket, prefix=self.prefix or None, region=self.place.region or "us-east-1",
            virtual_hosted_style_request=False, retry_config={"max_retries": 2, "retry_timeout": READ_TIME},
            client_options={"allow_http": True, "timeout": READ_TIME, "connect_timeout": CONNECT_TIME},
            **options | self._keys("access_key_id", "secret_access_key"),
        )  # fmt: skip
        with _said():  # a bucket that is not there must never pass for one in which nothing is
            next(iter(obstore.list(made, chunk_size=1)), None)
        return made

    @cached_property
    def _s3(self) -> Any:
        """For versions and Object Lock."""
        config = Config(
            connect_timeout=CONNECT_TIME.seconds, read_timeout=READ_TIME.seconds,
            retries={"max_attempts": 2, "mode": "standard"}, s3={"addressing_style": "path"},
        )  # fmt: skip
        return boto3.client(
            "s3", region_name=self.place.region or "us-east-1", endpoint_url=self.place.endpoint or None, config=config,
            **self._keys("aws_access_key_id", "aws_secret_access_key"),
        )  # fmt: skip

    def _keys(self, public: str, secret: str) -> dict[str, Any]:
        held = getattr(self.place, "credential", None)
        return {public: held.access_key, secret: held.secret_key} if held is not None else {}

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def objects(self, under: str = "") -> Iterator[Object]:
        """Every object below `under`, in no order. Raises PlaceAway, also half way."""
        with _said():
            for rows in obstore.list(self._store, prefix=under or None, chunk_size=1_000):
                for row in rows:
                    yield _object(row)

    def head(self, name: str) -> Object:
        """Raises FileNotFoundError, PlaceAway."""
        with _said():
            return _object(obstore.head(self._store, name))

    def read(self, name: str, chunk: int = CHUNK) -> Iterator[bytes]:
        """The object from beginning to end. Raises FileNotFoundError, PlaceAway, Unreadable, also half way."""
        if self.local is not None:
            yield from _read_file(self._path(name), chunk)
            return
        with _said():
            for piece in obstore.get(self._store, name).stream(min_chunk_size=chunk):
                yield bytes(piece)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Raises FileNotFoundError, PlaceAway, Unreadable (shorter than that)."""
        with _said():
            found = bytes(obstore.get_range(self._store, name, start=start, length=length))
        if len(found) != length:
            raise Unreadable(_("It is shorter than it should be."))
        return found

    def put(self, name: str, content: bytes | IO[bytes] | Path) -> str:
        """Write it whole or not at all, durably; returns its version where the bucket keeps versions.

        Raises PlaceAway (full too).
        """
        lock_days = getattr(self.place, "lock_days", 0)
        with _said():
            if lock_days:
                return self._put_locked(name, content, lock_days)
            done = obstore.put(self._store, name, content, use_multipart=None)
            if self.local is not None:
                _to_disk(self._path(name))
            return str(done["version"] or "")

    def _put_locked(self, name: str, content: bytes | IO[bytes] | Path, days: int) -> str:
        until = datetime.now(UTC) + timedelta(days=days)
        with contextlib.ExitStack() as stack:
            body = stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
            done = self._s3.put_object(
                Bucket=self.bucket, Key=self._key(name), Body=body, ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=until, ChecksumAlgorithm="SHA256",
            )  # fmt: skip
        return str(done.get("VersionId", ""))

    def delete(self, name: str) -> None:
        """Delete the object and every version of it; one that is not there is no error. Raises PlaceAway."""
        with _said():
            if self.local is not None:
                self._path(name).unlink(missing_ok=True)
                return
            versions = self.versions(name)
            for version in versions:
                self._s3.delete_object(
                    Bucket=self.bucket, Key=self._key(name), VersionId=version, BypassGovernanceRetention=True
                )
            if not versions:
                obstore.delete(self._store, name)

    def delete_many(self, names: Sequence[str]) -> dict[str, bool | str]:
        """Delete each with all its versions, durably: True where it was there, False where it was not, else why not.

        A file whose directory is not there either is no file that is gone: its disk may not be. Raises PlaceAway.
        """
        if self.local is not None:
            assert self._store is not None  # it is there
            return _unlink_many(self.local, names)
        with _said():
            self._s3.meta  # made once, before there are threads  # noqa: B018
            with ThreadPoolExecutor(DELETERS) as pool:
                return dict(zip(names, pool.map(self._delete_one, names), strict=True))

    def _delete_one(self, name: str) -> bool | str:
        try:
            was_there = not self.absent(name)
            self.delete(name)
        except (PlaceAway, Unreadable) as error:
            return str(error) or type(error).__name__
        return was_there

    def absent_many(self, names: Sequence[str]) -> list[str]:
        """Those of which something is there still, a version too. Raises PlaceAway, Unreadable (who can tell?)."""
        if self.local is not None:
            assert self._store is not None
            return [name for name in names if _is_there(self.local, name)]
        with ThreadPoolExecutor(DELETERS) as pool:
            return [name for name, gone in zip(names, pool.map(self.absent, names), strict=True) if not gone]

    def versions(self, name: str) -> list[str]:
        """Every version and delete marker of the object; none where there is nothing, or the bucket keeps none."""
        if self.local is not None:
            return []
        with _said():
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self._key(name))
            return [
                row["VersionId"]
                for found in pages
                for row in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
                if row["Key"] == self._key(name)
            ]

    def absent(self, name: str) -> bool:
        """Whether neither the object nor any version of it is there. Raises PlaceAway."""
        try:
            self.head(name)
        except FileNotFoundError:
            return not [one for one in self.versions(name) if one != "null"]
        return False

    def _path(self, name: str) -> Path:
        assert self.local is not None
        path = self.local / name
        if ".." in path.parts or not path.is_relative_to(self.local):
            raise Unreadable(_("The name leads out of its place."))
        return path


def opened(place: Source | Store) -> Shelf:
    return Shelf(place)


def local_path(url: str) -> Path:
    """Of file:///path. Raises Invalid."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise Invalid(_("The address of a directory begins with file:/// and is absolute."), field="url")
    return Path(unquote(parts.path))


def bucket_and_prefix(url: str) -> tuple[str, str]:
    """Of s3://bucket/prefix. Raises Invalid."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise Invalid(_("The address of a bucket is s3://bucket, or s3://bucket/prefix."), field="url")
    return parts.netloc, parts.path.strip("/")


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What the libraries raise, as the three errors of this module."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(_("It is not there.")) from error
    except (BotoCoreError, ClientError, BaseError) as error:
        if _not_found(error):
            raise FileNotFoundError(_("It is not there.")) from error
        raise PlaceAway(str(error).partition("\n")[0][:200]) from error
    except OSError as error:
        raise PlaceAway(error.strerror or type(error).__name__) from error


def _not_found(error: Exception) -> bool:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return code in {"404", "NoSuchKey", "NoSuchVersion"}


def _object(row: Any) -> Object:
    tag = (row["e_tag"] or "").strip('"')
    # A directory's tag names the inode, which a copy of the tree changes: time and size do.
    changed = f"{int(row['last_modified'].timestamp() * 1_000_000)}" if tag.count("-") == 2 or not tag else tag
    return Object(row["path"], row["size"], f"{row['size']}:{changed}")


def _read_file(path: Path, chunk: int) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(chunk):
                yield piece
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error


def _unlink_many(root: Path, names: Sequence[str]) -> dict[str, bool | str]:
    done: dict[str, bool | str] = {}
    touched: set[str] = set()
    base = f"{root}/"
    for name in names:
        if ".." in name.split("/") or name.startswith("/"):
            done[name] = _("The name leads out of its place.")
            continue
        try:
            os.unlink(base + name)
            touched.add(name.rpartition("/")[0])
            done[name] = True
        except FileNotFoundError:
            done[name] = False if _has_directory(root, name) else _("Its directory is not there: is the disk?")
        except OSError as error:
            done[name] = error.strerror or type(error).__name__
    for directory in touched:
        _sync(root / directory)
    return done


def _is_there(root: Path, name: str) -> bool:
    if os.path.lexists(root / name):
        return True
    if not _has_directory(root, name):
        raise Unreadable(_("Its directory is not there: is the disk?"))
    return False


def _has_directory(root: Path, name: str) -> bool:
    """Its own directory, or where that was tidied away, anything at all below the place."""
    return (root / name).parent.is_dir() or any(root.iterdir())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _to_disk(path: Path) -> None:
    _sync(path)
    _sync(path.parent)
