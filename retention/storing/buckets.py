"""A place in a bucket, with its versions and Object Lock, by boto3."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from django.conf import settings
from django.utils.translation import gettext as _

from occ.errors import Invalid
from retention.storing.answers import CHUNK, Known, Object, PlaceAway, Unreadable, code, said
from retention.storing.connecting import AT_ONCE, connected
from retention.storing.shelf import MARKER, Shelf

if TYPE_CHECKING:
    from retention.models import Source, Store


def bucket_and_prefix(url: str) -> tuple[str, str]:
    """Of s3://bucket/prefix. Raises Invalid."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise Invalid(_("The address of a bucket is s3://bucket, or s3://bucket/prefix."), field="url")
    return parts.netloc, parts.path.strip("/")


class Bucket(Shelf):
    def __init__(self, place: Source | Store, *, expect_marker: bool = False) -> None:
        super().__init__(place, expect_marker=expect_marker)
        self.bucket, self.prefix = bucket_and_prefix(place.url)

    @cached_property
    def _s3(self) -> Any:
        held = getattr(self.place, "credential", None)
        keys = {"aws_access_key_id": held.access_key, "aws_secret_access_key": held.secret_key} if held else {}
        made = connected(self.place.endpoint, region=self.place.region or "us-east-1", keys=keys)
        with said():  # a bucket that is not there must never pass for one in which nothing is
            made.list_objects_v2(Bucket=self.bucket, Prefix=self._key(""), MaxKeys=1)
        return made

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _name(self, key: str) -> str:
        return key[len(self.prefix) + 1 :] if self.prefix else key

    def _marker_read(self) -> bytes:
        return b"".join(self.read(MARKER))

    def _marker_write(self, content: bytes) -> None:
        with said():
            self._put_object(MARKER, content)

    def objects(self, under: str = "") -> Iterator[Object]:
        with said():
            folder = f"{under.strip('/')}/" if under.strip("/") else ""
            pages = self._s3.get_paginator("list_objects_v2")
            for found in pages.paginate(Bucket=self.bucket, Prefix=self._key(folder)):
                for row in found.get("Contents", []):
                    if name := self._name(row["Key"]):  # none: what some tools lay in place of a folder
                        yield _object(name, row["Size"], row)

    def head(self, name: str) -> Object:
        with said():
            found = self._s3.head_object(Bucket=self.bucket, Key=self._key(name))
            return _object(name, found["ContentLength"], found)

    def read(self, name: str, chunk: int = CHUNK) -> Iterator[bytes]:
        with said():
            body = self._s3.get_object(Bucket=self.bucket, Key=self._key(name))["Body"]
            with contextlib.closing(body):
                yield from body.iter_chunks(chunk)

    def _range(self, name: str, start: int, length: int) -> bytes:
        wanted = f"bytes={start}-{start + length - 1}"
        with said():
            try:
                found = self._s3.get_object(Bucket=self.bucket, Key=self._key(name), Range=wanted)
            except ClientError as error:
                if code(error) == "InvalidRange":  # it ends before
                    return b""
                raise
            with contextlib.closing(found["Body"]) as body:
                return bytes(body.read(length + 1))

    def put(self, name: str, content: bytes | Path) -> str:
        with said():
            return self._put_object(name, content)

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
        with said():
            return str(self._s3.head_object(Bucket=self.bucket, Key=self._key(name)).get("VersionId", ""))

    def versions(self, name: str) -> list[str]:
        with said():
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self._key(name))
            return [
                row["VersionId"]
                for found in pages
                for row in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
                if row["Key"] == self._key(name)
            ]

    def lockable(self) -> bool:
        try:
            with said():
                found = self._s3.get_object_lock_configuration(Bucket=self.bucket)
        except PlaceAway as away:
            if "ObjectLockConfigurationNotFound" in str(away):
                return False
            raise
        return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    def delete(self, name: str) -> None:
        with said():
            versions = self.versions(name)
            for version in versions:
                self._s3.delete_object(
                    Bucket=self.bucket, Key=self._key(name), VersionId=version, BypassGovernanceRetention=True
                )
            if not versions:
                self._s3.delete_object(Bucket=self.bucket, Key=self._key(name))

    def delete_many(
        self, names: Sequence[str], known: Mapping[str, Known] = MappingProxyType({})
    ) -> dict[str, bool | str]:
        with said():
            self._s3.meta  # made once, before there are threads  # noqa: B018
            with ThreadPoolExecutor(AT_ONCE) as pool:
                done = pool.map(lambda name: self._delete_one(name, known.get(name)), names)
                return dict(zip(names, done, strict=True))

    def _delete_one(self, name: str, known: Known | None) -> bool | str:
        try:
            was_there = not self.absent(name)
            if was_there and known is not None:
                with contextlib.suppress(FileNotFoundError):  # older versions only
                    if why := self.other(name, self.head(name), known):
                        return why
            self.delete(name)
        except (PlaceAway, Unreadable) as error:
            return str(error) or type(error).__name__
        return was_there

    def sweep(self, under: str) -> None:
        with said():
            pages = self._s3.get_paginator("list_multipart_uploads")
            for found in pages.paginate(Bucket=self.bucket, Prefix=self._key(under)):
                for row in found.get("Uploads", []):
                    self._s3.abort_multipart_upload(Bucket=self.bucket, Key=row["Key"], UploadId=row["UploadId"])

    def absent_many(self, names: Sequence[str], *, known: bool = False) -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [name for name, gone in zip(names, pool.map(self.absent, names), strict=True) if not gone]


def _object(name: str, size: int, row: Any) -> Object:
    """Of a bucket: its tag is that of the content."""
    tag = row.get("ETag", "").strip('"') or f"{row['LastModified'].timestamp():.6f}"
    return Object(name, size, f"{size}:{tag}"[:80], row["LastModified"])
