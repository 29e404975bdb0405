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

from typing import TYPE_CHECKING

from retention.choices import PlaceKind
from retention.storing.answers import CHUNK, Known, Object, PlaceAway, Unreadable
from retention.storing.buckets import Bucket, bucket_and_prefix
from retention.storing.connecting import endpoint_judge
from retention.storing.directories import Directory, local_path
from retention.storing.shelf import MARKER, SOURCE_MARKER, Shelf

if TYPE_CHECKING:
    from retention.models import Source, Store

__all__ = [
    "CHUNK", "MARKER", "SOURCE_MARKER", "Bucket", "Directory", "Known", "Object", "PlaceAway", "Shelf", "Unreadable",
    "bucket_and_prefix", "endpoint_judge", "local_path", "opened",
]  # fmt: skip


def opened(place: Source | Store, *, expect_marker: bool | None = None) -> Shelf:
    """A store (what has `lock_days`) is expected to bear its marker, if nothing else is said."""
    if expect_marker is None:
        expect_marker = hasattr(place, "lock_days")
    kind = Directory if place.kind == PlaceKind.DIRECTORY else Bucket
    return kind(place, expect_marker=expect_marker)
