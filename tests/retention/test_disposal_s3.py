"""Deleting in buckets (RET-9): every version at the source, packages under Object Lock, and a bucket that is away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from retention.models import Copy, Credential, Finding, Packed, Probe, Proposal, Source, Store, Tombstone
from retention.services import disposing, probing
from retention.storing import opened
from tests.retention.disposal import LATER, Dead, dead

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-2", "RET-9"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


@pytest.fixture(autouse=True)
def findings_have_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Finding, "get_absolute_url", lambda self: "/")


@pytest.fixture
def world(tmp_path: Path, endpoint: str, s3: Any) -> Dead:
    """The same conversations, but in buckets: the source keeps versions, the store locks its objects."""
    made, name = dead(tmp_path, count=5, in_pack=5), os.urandom(4).hex()
    for bucket, lock in ((f"src-{name}", False), (f"store-{name}", True)):
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=lock)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for path in made.files:
        key = f"calls/{path.relative_to(tmp_path / 'source')}"
        for body in (b"an older version", path.read_bytes()):
            s3.put_object(Bucket=f"src-{name}", Key=key, Body=body)
    s3.delete_object(Bucket=f"src-{name}", Key=f"calls/{made.records[4].path}")  # a marker; its versions are there
    Source.objects.filter(pk=made.source.pk).update(kind="s3", url=f"s3://src-{name}/calls", endpoint=endpoint)
    Store.objects.filter(pk=made.store.pk).update(kind="s3", url=f"s3://store-{name}", endpoint=endpoint, lock_days=30)
    for one in (made.source, made.store):
        one.refresh_from_db()
        which: Any = {"source": one} if isinstance(one, Source) else {"store": one}
        Credential.objects.create(access_key="a", secret_key="b", **which)
    shelf = opened(made.store)
    if mark := getattr(shelf, "mark", None):
        mark(now=LATER)
    for path in made.packages:
        shelf.put(str(path.relative_to(tmp_path / "store")), path.read_bytes())
    return made


def versions(s3: Any, bucket: str) -> list[str]:
    found = s3.list_object_versions(Bucket=bucket)
    return sorted(row["Key"] for row in [*found.get("Versions", []), *found.get("DeleteMarkers", [])])


def buckets(world: Dead) -> tuple[str, str]:
    return world.source.url.split("/")[2], world.store.url.split("/")[2]


def test_every_version_goes_and_so_do_locked_packages(world: Dead, s3: Any) -> None:
    source, store = buckets(world)
    assert len(versions(s3, source)) == 11
    proposal = world.destroyed()
    assert proposal.status == "destroyed" and versions(s3, source) == []
    left = [one for one in versions(s3, store) if one.endswith(".pack")]
    assert len(left) == 1 and "/00000-" in left[0]  # the tag package
    assert [one for one in versions(s3, store) if one.startswith("tombstones/")] == [
        f"tombstones/{proposal.number}/1.jsonl"
    ]
    assert Tombstone.objects.count() == 5 and proposal.probes.all()[0].result == "ok"


def test_a_package_that_a_store_keeps_is_unreadable_and_said(
    world: Dead, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retention.storing import Bucket, PlaceAway

    real = Bucket.delete

    def kept(self: Bucket, name: str) -> None:
        if name.endswith(".pack"):
            raise PlaceAway("AccessDenied")
        real(self, name)

    monkeypatch.setattr(Bucket, "delete", kept)
    proposal = world.destroyed()
    probe = proposal.probes.all()[0]
    assert proposal.status == "destroyed" and Packed.objects.filter(key__isnull=False).count() == 0
    assert probe.result == "ok" and [one["readable"] for one in probe.found] == [False]
    assert Copy.objects.exclude(gone_at=None).count() == 0
    monkeypatch.undo()
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 1
    assert Copy.objects.exclude(gone_at=None).count() == 1
    assert Probe.objects.latest("due_at").found == []


def test_a_version_that_is_left_is_found(world: Dead, s3: Any) -> None:
    proposal = world.destroyed()
    source, _store = buckets(world)
    key = f"calls/{world.records[0].path}"
    s3.put_object(Bucket=source, Key=key, Body=b"back")
    s3.delete_object(Bucket=source, Key=key)  # hidden by a marker, and there
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 1
    second = proposal.probes.all()[1]
    assert second.result == "failed" and second.found[0]["name"] == world.records[0].path
    assert Finding.objects.get().kind == "reappeared"


def test_a_bucket_that_is_away_destroys_nothing(world: Dead, s3: Any) -> None:
    proposal = world.approved()
    Source.objects.filter(pk=world.source.pk).update(endpoint="http://127.0.0.1:9")
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert Proposal.objects.get(pk=proposal.pk).status == "partial" and not Tombstone.objects.exists()
    assert len(versions(s3, buckets(world)[0])) == 11
