"""Sources and stores as they are read and written (RET-2): obstore in directories, boto3 in buckets.

obstore follows redirects and cannot be told not to: whoever answers for a bucket could send it to a neighbour by link.
So buckets are spoken to by boto3 alone, which goes nowhere but to the endpoint, and there only after its number has
been judged as it is connected to.

`opened(place)` gives a `Shelf`. What fails says so as `PlaceAway` (try later), `FileNotFoundError` (the object is not
there) or `Unreadable`; no other error of a library comes through.

A store bears a marker (`occ-store.json`) that says whose it is. A directory is believed to be the store only while it
lies there: the empty mount point of a disk that is not mounted is away, neither a store without packages nor one to
write to. Directories are listed by the system's own calls: one file name that is no UTF-8 would end obstore's list.

A source bears a marker (`occ-source.json`) once OCC has deleted there, or where somebody has laid one: what is not in
it is gone then, and not its disk, also when nothing is left. Disks mounted below it are remembered by its scans
(`Source.mounts`): of what lies on one that is not mounted now, nobody says that it is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import boto3
import obstore
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings
from django.utils.translation import gettext as _
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from occ.addresses import Forbidden, allow, judge, literal
from occ.errors import Invalid
from retention.choices import PlaceKind
from retention.marks import numbers_hidden

if TYPE_CHECKING:
    from retention.models import Source, Store

CHUNK = 4 * 2**20
# A put into a directory holds so many parts in memory.
PART, PARTS = 5 * 2**20, 1
# How many requests to a bucket at once while much is deleted or looked for there.
DELETERS = 16
# A bucket or mount that does not answer within this is away.
CONNECT_TIME, READ_TIME = timedelta(seconds=10), timedelta(seconds=60)
MARKER, SOURCE_MARKER = "occ-store.json", "occ-source.json"
MOUNTS, OCTAL = Path("/proc/self/mountinfo"), re.compile(r"\\(\d{3})")


class PlaceAway(Exception):
    """The source or store cannot be reached now, is full, or refuses us; says why. Nothing is known of its objects."""


class Unreadable(Exception):
    """The object is there and cannot be read; says why."""


@dataclass(frozen=True)
class Object:
    """`fingerprint` changes when the object does, as far as its place can tell without reading it.

    `name` may hold lone surrogates, where a directory's name is no UTF-8. `odd`: why it is no file, in words.
    """

    name: str
    size: int
    fingerprint: str
    changed_at: datetime | None = None
    odd: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of a file that is to be deleted. `size` None: of the file nothing is; `sha256` "" likewise."""

    fingerprint: str
    size: int | None
    sha256: str


def endpoint_judge(endpoint: str) -> None:
    """Raises Forbidden where it leads to where no store is. A store on this machine is one; "" is AWS."""
    if endpoint:
        judge(urlsplit(endpoint).hostname or "", loopback=True)


class Shelf:
    """A place, opened. Names are paths below its address, with slashes and without one in front.

    `expect_marker`: it is a store, and away while its marker is not where it should be.
    """

    def __init__(self, place: Source | Store, *, expect_marker: bool = False) -> None:
        self.place, self.expect_marker = place, expect_marker
        self.local = local_path(place.url) if place.kind == PlaceKind.DIRECTORY else None
        self.bucket, self.prefix = ("", "") if self.local else bucket_and_prefix(place.url)

    @cached_property
    def _store(self) -> Any:
        """Of a directory."""
        assert self.local is not None
        self._there()
        return LocalStore(prefix=self.local)

    @cached_property
    def _s3(self) -> Any:
        """Of a bucket."""
        self._allowed()
        # Checksums beyond those that we ask for are not known to every server.
        config = Config(
            connect_timeout=CONNECT_TIME.seconds, read_timeout=READ_TIME.seconds, max_pool_connections=DELETERS,
            retries={"max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"},
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )  # fmt: skip
        made: Any = boto3.client(
            "s3", region_name=self.place.region or "us-east-1", endpoint_url=self.place.endpoint or None, config=config,
            **self._keys("aws_access_key_id", "aws_secret_access_key"),
        )  # fmt: skip
        made.meta.events.register_first("needs-retry.s3", _stay)
        made._endpoint.http_session._manager.pool_classes_by_scheme = JUDGED
        with _said():  # a bucket that is not there must never pass for one in which nothing is
            made.list_objects_v2(Bucket=self.bucket, Prefix=self._key(""), MaxKeys=1)
        return made

    def _allowed(self) -> None:
        """Where the endpoint's name leads now may be elsewhere than where it led when it was entered."""
        try:
            endpoint_judge(self.place.endpoint)
        except Forbidden as refusal:
            raise PlaceAway(str(refusal)) from refusal

    def _there(self) -> None:
        """Before each deed: a disk may go at any time. Raises PlaceAway."""
        if self.local is None:
            return
        if not self.local.is_dir():
            raise PlaceAway(_("The directory %(path)s is not there.") % {"path": self.local})
        if self.expect_marker and not self._marked:
            raise PlaceAway(_("%(path)s is not this store: its %(name)s is missing.")
                            % {"path": self.local, "name": MARKER})  # fmt: skip

    @property
    def _marked(self) -> bool:
        assert self.local is not None
        found = self.marker()
        if found is not None and found.get("code") != self.place.code:
            raise PlaceAway(_("%(path)s is the store %(code)s.") % {"path": self.local, "code": found.get("code")})
        return found is not None

    def marker(self) -> dict[str, Any] | None:
        """What the marker says; None where there is none. Raises PlaceAway, also where nobody can read it."""
        try:
            if self.local is not None:
                with _said():
                    content = (self.local / MARKER).read_bytes()
            else:
                content = b"".join(self.read(MARKER))
            found = json.loads(content)
        except FileNotFoundError:
            return None
        except (ValueError, Unreadable) as error:
            raise PlaceAway(_("Its %(name)s cannot be read.") % {"name": MARKER}) from error
        return found if isinstance(found, dict) else {}

    def mark(self, *, now: datetime) -> None:
        """Make it the store: to be done once, when it is registered. Raises PlaceAway."""
        content = json.dumps({"code": self.place.code, "made_at": now.astimezone(UTC).isoformat()}).encode()
        with _said():
            if self.local is None:
                self._put_object(MARKER, content)
                return
            (self.local / MARKER).write_bytes(content)
            _to_disk(self.local / MARKER)

    def _keys(self, public: str, secret: str) -> dict[str, Any]:
        held = getattr(self.place, "credential", None)
        return {public: held.access_key, secret: held.secret_key} if held is not None else {}

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _name(self, key: str) -> str:
        return key[len(self.prefix) + 1 :] if self.prefix else key

    def objects(self, under: str = "") -> Iterator[Object]:
        """Every object below `under`, in no order. Raises PlaceAway, also half way."""
        self._there()
        if self.local is not None:
            yield from (one for one in _walk(self.local, under.strip("/")) if one.name != SOURCE_MARKER)
            self._there()  # a list that ends because the disk went is none
            return
        with _said():
            folder = f"{under.strip('/')}/" if under.strip("/") else ""
            pages = self._s3.get_paginator("list_objects_v2")
            for found in pages.paginate(Bucket=self.bucket, Prefix=self._key(folder)):
                for row in found.get("Contents", []):
                    if name := self._name(row["Key"]):  # none: what some tools lay in place of a folder
                        yield _object(name, row["Size"], row)

    def head(self, name: str) -> Object:
        """Raises FileNotFoundError, PlaceAway, Unreadable."""
        self._there()
        try:
            with _said():
                if self.local is not None:
                    return _of_file(name, self._path(name).lstat())
                found = self._s3.head_object(Bucket=self.bucket, Key=self._key(name))
                return _object(name, found["ContentLength"], found)
        except FileNotFoundError:
            if why := self._unmounted(name):
                raise Unreadable(why) from None
            raise
        except PlaceAway as away:
            if self.local is not None and self.local.is_dir():  # the file, not the place
                raise Unreadable(str(away)) from away
            raise

    def read(self, name: str, chunk: int = CHUNK) -> Iterator[bytes]:
        """The object from beginning to end. Raises FileNotFoundError, PlaceAway, Unreadable, also half way."""
        self._there()
        if self.local is not None:
            yield from _read_file(self._path(name), chunk)
            return
        with _said():
            body = self._s3.get_object(Bucket=self.bucket, Key=self._key(name))["Body"]
            with contextlib.closing(body):
                yield from body.iter_chunks(chunk)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Raises FileNotFoundError, PlaceAway, Unreadable (shorter than that)."""
        self._there()
        if self.local is not None:
            self._path(name)
        with _said():
            if self.local is not None:
                found = bytes(obstore.get_range(self._store, name, start=start, length=length))
            else:
                found = self._part(name, start, length)
        if len(found) != length:
            raise Unreadable(_("It is shorter than it should be."))
        return found

    def _part(self, name: str, start: int, length: int) -> bytes:
        try:
            wanted = f"bytes={start}-{start + length - 1}"
            found = self._s3.get_object(Bucket=self.bucket, Key=self._key(name), Range=wanted)
        except ClientError as error:
            if _code(error) == "InvalidRange":  # it ends before
                return b""
            raise
        with contextlib.closing(found["Body"]) as body:
            return bytes(body.read(length + 1))

    def put(self, name: str, content: bytes | Path) -> str:
        """Write it whole or not at all, durably; returns its version where the bucket keeps versions.

        Raises PlaceAway (full too).
        """
        self._there()
        with _said():
            if self.local is None:
                return self._put_object(name, content)
            obstore.put(self._store, name, content, chunk_size=PART, max_concurrency=PARTS)
            _to_disk(self._path(name))
            return ""

    def _put_object(self, name: str, content: bytes | Path) -> str:
        """One request holds 5 GB at the most: a larger file, and one not worth doing over, goes in parts."""
        days = getattr(self.place, "lock_days", 0)
        until = datetime.now(UTC) + timedelta(days=days)
        lock: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until,
                                "ChecksumAlgorithm": "SHA256"} if days else {}  # fmt: skip
        part = settings.RETENTION_S3_PART_MIB * 2**20
        if isinstance(content, Path) and content.stat().st_size > part:
            # By the file's name: then a part is read while it is sent, and not held in memory. The transfer makes the
            # parts larger where there would be more of them than a bucket takes, and gives up the upload when it fails.
            parts = TransferConfig(multipart_threshold=part, multipart_chunksize=part, use_threads=False)
            self._s3.upload_file(str(content), self.bucket, self._key(name), ExtraArgs=lock, Config=parts)
            return self._locked(name, until) if days else self.version(name)
        with contextlib.ExitStack() as stack:
            body = stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
            done = self._s3.put_object(Bucket=self.bucket, Key=self._key(name), Body=body, **lock)
        return str(done.get("VersionId", ""))

    def _locked(self, name: str, until: datetime) -> str:
        """The version that was just uploaded in parts; locked now where the server did not do it with the upload."""
        found = self._s3.head_object(Bucket=self.bucket, Key=self._key(name))
        version = str(found.get("VersionId", ""))
        if not found.get("ObjectLockMode"):
            kept = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
            self._s3.put_object_retention(
                Bucket=self.bucket, Key=self._key(name), VersionId=version, Retention=kept
            )  # fmt: skip
        return version

    def version(self, name: str) -> str:
        """Of the object as it is there now; "" where its place keeps none. Raises FileNotFoundError, PlaceAway."""
        if self.local is not None:
            return ""
        with _said():
            return str(self._s3.head_object(Bucket=self.bucket, Key=self._key(name)).get("VersionId", ""))

    def delete(self, name: str) -> None:
        """Delete the object and every version of it; one that is not there is no error. Raises PlaceAway."""
        self._there()
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
                self._s3.delete_object(Bucket=self.bucket, Key=self._key(name))

    def sweep(self, under: str) -> None:
        """Remove what puts that were killed left half written below `under`. Raises PlaceAway."""
        self._there()
        with _said():
            if self.local is not None:
                for path in self._path(under).rglob("*#*"):
                    path.unlink(missing_ok=True)
                return
            pages = self._s3.get_paginator("list_multipart_uploads")
            for found in pages.paginate(Bucket=self.bucket, Prefix=self._key(under)):
                for row in found.get("Uploads", []):
                    self._s3.abort_multipart_upload(Bucket=self.bucket, Key=row["Key"], UploadId=row["UploadId"])

    def delete_many(
        self, names: Sequence[str], known: Mapping[str, Known] = MappingProxyType({})
    ) -> dict[str, bool | str]:
        """Delete each with all its versions, durably: True where it was there, False where it was not, else why not.

        What is not the file that is `known` stays. A file whose directory is not there either is no file that is
        gone: its disk may not be. Raises PlaceAway.
        """
        if self.local is not None:
            assert self._store is not None  # it is there
            went = _unlink_many(self.local, names, self._judge(known))
            for name in (one for one, gone in went.items() if gone is False):
                went[name] = self._unmounted(name) or False
            return went
        with _said():
            self._s3.meta  # made once, before there are threads  # noqa: B018
            with ThreadPoolExecutor(DELETERS) as pool:
                done = pool.map(lambda name: self._delete_one(name, known.get(name)), names)
                return dict(zip(names, done, strict=True))

    def _judge(self, known: Mapping[str, Known]) -> Callable[[str, Object], str]:
        """Why a file stays. The first that goes shows that the directory is the source, which is marked as such."""
        signed = False

        def why(name: str, found: Object) -> str:
            nonlocal signed
            reason = self._other(name, found, known.get(name))
            if not reason and not signed and name in known:
                self.sign()
                signed = True
            return reason

        return why

    def _delete_one(self, name: str, known: Known | None) -> bool | str:
        try:
            was_there = not self.absent(name)
            if was_there and known is not None:
                with contextlib.suppress(FileNotFoundError):  # older versions only
                    if why := self._other(name, self.head(name), known):
                        return why
            self.delete(name)
        except (PlaceAway, Unreadable) as error:
            return str(error) or type(error).__name__
        return was_there

    def _other(self, name: str, found: Object, known: Known | None) -> str:
        """Why it is not the file that is known; "": it is. Read where only its bytes can tell."""
        if known is None:
            return ""
        if found.odd:
            return found.odd
        if found.fingerprint == known.fingerprint if known.fingerprint else known.size in (None, found.size):
            return ""
        if found.size == known.size and known.sha256:
            digest = hashlib.sha256()
            for piece in self.read(name):
                digest.update(piece)
            if digest.hexdigest() == known.sha256:
                return ""
        return _("Another file lies there by now.")

    def vouches(self, name: str) -> bool:
        """Whether the place itself tells that the object is gone, and not the disk on which it lies."""
        return self.local is None or _own_directory(self.local, name) or self.signed()

    def signed(self) -> bool:
        """Whether the directory bears this source's marker: then it is the source, however little it holds."""
        if self.local is None:
            return False
        try:
            found = json.loads(b"".join(_read_file(self.local / SOURCE_MARKER, CHUNK)))
        except (FileNotFoundError, Unreadable, ValueError):
            return False
        return isinstance(found, dict) and found.get("code") == self.place.code

    def sign(self) -> None:
        """To be done while something known lies there. Where it may not be written, all is as without a marker."""
        assert self.local is not None
        if hasattr(self.place, "may_delete") and not self.signed():
            with contextlib.suppress(OSError):
                (self.local / SOURCE_MARKER).write_text(json.dumps({"code": self.place.code}))
                _to_disk(self.local / SOURCE_MARKER)

    def mounts(self) -> set[str]:
        """Directories below the place on which something is mounted now, as names."""
        return _mounts(self.local) if self.local is not None else set()

    def _unmounted(self, name: str) -> str:
        """Why nobody can tell whether the object is there; "": it is not."""
        known = [one for one in getattr(self.place, "mounts", ()) if name.startswith(f"{one}/")]
        away = sorted(set(known) - self.mounts()) if known else []
        return _("The disk at %(path)s is not mounted.") % {"path": numbers_hidden(away[0])} if away else ""

    def absent_many(self, names: Sequence[str], *, known: bool = False) -> list[str]:
        """Those of which something is there still, a version too. Raises PlaceAway, Unreadable (who can tell?).

        `known`: something else has shown that the directory is the one that is meant.
        """
        if self.local is not None:
            assert self._store is not None
            return [name for name in names if self._is_there(name, known=known)]
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

    def lockable(self) -> bool:
        """Whether the bucket has Object Lock. Raises PlaceAway."""
        if self.local is not None:
            return False
        try:
            with _said():
                found = self._s3.get_object_lock_configuration(Bucket=self.bucket)
        except PlaceAway as away:
            if "ObjectLockConfigurationNotFound" in str(away):
                return False
            raise
        return found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"

    def absent(self, name: str) -> bool:
        """Whether neither the object nor any version of it is there. Raises PlaceAway."""
        try:
            self.head(name)
        except FileNotFoundError:
            return not [one for one in self.versions(name) if one != "null"]
        return False

    def _is_there(self, name: str, *, known: bool) -> bool:
        """In a directory. Raises Unreadable."""
        assert self.local is not None
        if not _leads_in(self.local, name):
            raise Unreadable(_("The name leads out of its place."))
        if os.path.lexists(self.local / name):
            return True
        if why := self._unmounted(name):
            raise Unreadable(why)
        if not known and not self.vouches(name):
            raise Unreadable(_("Its directory is not there: is the disk?"))
        return False

    def _path(self, name: str) -> Path:
        assert self.local is not None
        path = self.local / name
        if not _leads_in(self.local, name):
            raise Unreadable(_("The name leads out of its place."))
        return path


def opened(place: Source | Store) -> Shelf:
    """A store (what has `lock_days`) is expected to bear its marker."""
    return Shelf(place, expect_marker=hasattr(place, "lock_days"))


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
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(_("It is not there.")) from error
    except (BotoCoreError, Boto3Error, ClientError, BaseError) as error:
        if isinstance(error, ClientError) and _code(error) in {"404", "NoSuchKey", "NoSuchVersion"}:
            raise FileNotFoundError(_("It is not there.")) from error
        if "No space left" in str(error):
            raise PlaceAway(_("There is no room left.")) from error
        if isinstance(error, HTTPClientError) and isinstance(inner := error.kwargs.get("error"), Forbidden):
            raise PlaceAway(str(inner)) from error
        raise PlaceAway(numbers_hidden(str(error).partition("\n")[0][:200])) from error
    except RecursionError as error:  # a server whose answers lead boto3 round in circles
        raise PlaceAway(_("Its answers are none of a bucket.")) from error
    except OSError as error:
        raise PlaceAway(error.strerror or type(error).__name__) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _object(name: str, size: int, row: Any) -> Object:
    """Of a bucket: its tag is that of the content."""
    tag = row.get("ETag", "").strip('"') or f"{row['LastModified'].timestamp():.6f}"
    return Object(name, size, f"{size}:{tag}"[:80], row["LastModified"])


def _stay(response: Any = None, **_rest: Any) -> None:
    """Before boto3 looks for where a bucket is said to have gone. Raises PlaceAway."""
    if response is not None and 300 <= response[0].status_code < 400:
        words = _("It sends elsewhere (%(status)s); OCC follows nobody: enter the bucket's own endpoint and region.")
        raise PlaceAway(words % {"status": response[0].status_code})


class _Judged:
    """A connection that is judged by the number at its other end, before anything is sent."""

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        try:
            if (number := literal(str(made.getpeername()[0]))) is not None:
                allow(number, loopback=True)
        except Exception:
            made.close()
            raise
        return made


class _Connection(_Judged, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _SafeConnection(_Judged, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _Staying:
    def urlopen(self, *args: Any, **options: Any) -> Any:
        return super().urlopen(*args, **options | {"redirect": False})  # type: ignore[misc]


class _Pool(_Staying, AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(_Staying, AWSHTTPSConnectionPool):
    ConnectionCls = _SafeConnection


JUDGED = {"http": _Pool, "https": _SafePool}


def _of_file(name: str, found: os.stat_result) -> Object:
    """By size and time of change: the inode is another one in a copy of the tree."""
    odd = "" if stat.S_ISREG(found.st_mode) else _("It is a link or a device, no file.")
    changed_at = datetime.fromtimestamp(min(max(found.st_mtime, 0), 4e9), UTC)
    return Object(name, found.st_size, f"{found.st_size}:{found.st_mtime_ns}", changed_at, odd)


def _walk(root: Path, under: str) -> Iterator[Object]:
    """Every file of the tree; links are not followed. A directory that cannot be read is no empty one: PlaceAway."""
    waiting = [under]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(name)
                        continue
                    with contextlib.suppress(FileNotFoundError):  # gone since
                        yield _of_file(name, entry.stat(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            where = folder.encode(errors="replace").decode() or "."
            raise PlaceAway(numbers_hidden(f"{where}: {error.strerror or type(error).__name__}")) from error


def _read_file(path: Path, chunk: int) -> Iterator[bytes]:
    try:  # a pipe is not waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable(_("It is a link or a device, no file."))
            while piece := file.read(chunk):
                yield piece
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error


def _leads_in(root: Path, name: str) -> bool:
    """Whether the name is that of something below the place itself: not by "..", nor through a link."""
    if name.startswith("/") or ".." in name.split("/"):
        return False
    real, folder = os.path.realpath(root), os.path.dirname(name)
    return os.path.realpath(f"{real}/{folder}") == os.path.normpath(f"{real}/{folder}")


def _unlink_many(root: Path, names: Sequence[str], other: Callable[[str, Object], str]) -> dict[str, bool | str]:
    """`other`: why what lies there is to stay; "" where nothing is."""
    done: dict[str, bool | str] = {}
    touched: set[str] = set()
    folders: dict[str, bool] = {}
    base = f"{root}/"
    for name in names:
        folder = name.rpartition("/")[0]
        if folder not in folders:
            folders[folder] = _leads_in(root, name)
        if not folders[folder]:
            done[name] = _("The name leads out of its place.")
            continue
        try:
            if why := other(name, _of_file(name, os.lstat(base + name))):
                done[name] = why
                continue
            os.unlink(base + name)
            touched.add(folder)
            done[name] = True
        except FileNotFoundError:
            done[name] = False if _has_directory(root, name) else _("Its directory is not there: is the disk?")
        except Unreadable as error:
            done[name] = str(error)
        except OSError as error:
            done[name] = error.strerror or type(error).__name__
    for directory in touched:
        _sync(root / directory)
    return done


def _mounts(root: Path) -> set[str]:
    """By the kernel's own list (proc(5)), which also knows of a directory that is mounted from the same disk."""
    try:
        lines = MOUNTS.read_text(errors="replace").split("\n")
    except FileNotFoundError:  # no Linux: then none is known of
        return set()
    inside = f"{os.path.realpath(root)}/"
    points = [OCTAL.sub(lambda one: chr(int(one[1], 8)), line.split(" ")[4]) for line in lines if line]
    return {point.removeprefix(inside) for point in points if point.startswith(inside)}


def _has_directory(root: Path, name: str) -> bool:
    """Its own directory, or where that was tidied away, anything at all below the place."""
    return _own_directory(root, name) or any(root.iterdir())


def _own_directory(root: Path, name: str) -> bool:
    """A directory of its own, which an empty mount point does not have."""
    return "/" in name and (root / name).parent.is_dir()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _to_disk(path: Path) -> None:
    _sync(path)
    _sync(path.parent)
