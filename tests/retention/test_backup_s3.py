"""Backup into and out of buckets, one with versions and Object Lock (RET-2, RET-5, RET-6): a real server over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto.server import ThreadedMotoServer

from occ.people.actors import COMMAND
from retention.choices import PlaceKind
from retention.models import Copy, Credential, Finding, Pack, Record, Source, Store
from retention.services import backups, repairing, store_lists, verifying
from retention.services.bags import orphans_remove
from retention.services.restoring import record_bytes
from retention.storing import PlaceAway, opened
from tests.retention.backups import ENDED, NOW, Ground, at

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-2", "RET-5")]
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    one = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    host, port = one.get_host_and_port()
    yield f"http://{host}:{port}"
    one.stop()


@pytest.fixture
def s3(server: str) -> Any:
    client = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    for name, lock in (("rekaman", False), ("simpan", False), ("kunci", True)):
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    yield client
    for name in ("rekaman", "simpan", "kunci"):
        for row in client.list_object_versions(Bucket=name).get("Versions", []):
            client.delete_object(
                Bucket=name, Key=row["Key"], VersionId=row["VersionId"], BypassGovernanceRetention=True
            )
        for row in client.list_object_versions(Bucket=name).get("DeleteMarkers", []):
            client.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
        client.delete_bucket(Bucket=name)


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, server: str, s3: Any, monkeypatch: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(backups, "PACK_BYTES", 150_000)
    ground = Ground(tmp_path)
    Store.objects.update(active=False)
    for code, url, days in (("S3A", "s3://simpan/occ", 0), ("S3B", "s3://kunci", 30)):
        store = Store.objects.create(code=code, name=code, kind=PlaceKind.S3, url=url, endpoint=server, lock_days=days)
        Credential.objects.create(store=store, access_key="key", secret_key="secret")
        mark = getattr(opened(store), "mark", None)
        if mark is not None:
            mark(now=NOW)
    return ground


def store(code: str) -> Store:
    return Store.objects.select_related("credential").get(code=code)


def names(s3: Any, bucket: str) -> set[str]:
    return {row["Key"] for row in s3.list_objects_v2(Bucket=bucket).get("Contents", []) if "bags/" in row["Key"]}


def test_into_buckets_with_and_without_lock_and_back(ground: Ground, s3: Any) -> None:
    ground.records(12)
    big = ground.record("big.wav", ground.rng.randbytes(20_000_000))  # in parts
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.COMPLETE, batch.error
    known = set(Pack.objects.values_list("name", flat=True))
    assert names(s3, "kunci") == known and names(s3, "simpan") == {f"occ/{name}" for name in known}
    for copy in Copy.objects.select_related("store", "pack"):
        if copy.store.code == "S3B":
            held = s3.head_object(Bucket="kunci", Key=copy.pack.name, VersionId=copy.version)
            assert held["ObjectLockMode"] == "GOVERNANCE" and copy.version
    for one in [*Record.objects.all()[:3], big]:
        assert b"".join(record_bytes(one)) == ground.path(one).read_bytes()
    for code in ("S3A", "S3B"):
        assert verifying.store_verify(store=store(code), actor=COMMAND, clock=at()).result == "ok"
        assert store_lists.store_list(store=store(code), actor=COMMAND, clock=at()).result == "ok"


def test_damage_in_a_bucket_is_found_and_mended(ground: Ground, s3: Any) -> None:
    ground.records(6)
    ground.back_up(ground.batch())
    pack = Pack.objects.exclude(number=0)[0]
    body = bytearray(s3.get_object(Bucket="kunci", Key=pack.name)["Body"].read())
    body[100] ^= 1
    s3.put_object(Bucket="kunci", Key=pack.name, Body=bytes(body))  # a lock keeps the version, not the name
    assert verifying.store_verify(store=store("S3B"), actor=COMMAND, clock=at()).result == "failed"
    finding = Finding.objects.get()
    assert finding.kind == "damaged"
    repairing.finding_repair(finding_id=finding.pk, actor=ground.it, now=NOW)
    assert verifying.store_verify(store=store("S3B"), actor=COMMAND, clock=at()).result == "ok"
    copy = Copy.objects.get(pack=pack, store__code="S3B")
    assert copy.version == s3.head_object(Bucket="kunci", Key=pack.name)["VersionId"]


def test_a_large_package_goes_in_parts_and_is_locked_all_the_same(
    ground: Ground, s3: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RETENTION_S3_PART_MIB = 5
    content = ground.rng.randbytes(12 * 2**20)
    one = ground.record("besar.wav", content)
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.COMPLETE, batch.error
    copy = Copy.objects.select_related("pack").get(pack=one.packed.pack, store__code="S3B")
    held = s3.head_object(Bucket="kunci", Key=copy.pack.name, VersionId=copy.version)
    assert held["ETag"].strip('"').endswith("-3") and held["ContentLength"] == copy.pack.size  # in three parts
    assert held["ObjectLockMode"] == "GOVERNANCE" and held["ObjectLockRetainUntilDate"].year >= 2026
    assert b"".join(opened(store("S3B")).read(copy.pack.name)) == b"".join(opened(store("S3A")).read(copy.pack.name))
    small = next(iter(Copy.objects.filter(store__code="S3B", pack__number=0).select_related("pack")))
    assert "-" not in s3.head_object(Bucket="kunci", Key=small.pack.name)["ETag"]
    # What breaks off leaves no part behind, and says so as an error of the store.
    file = tmp_path / "big"
    file.write_bytes(content)
    shelf = opened(store("S3B"))

    def broken(**kwargs: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://x")

    monkeypatch.setattr(shelf._s3, "complete_multipart_upload", broken)
    with pytest.raises(PlaceAway):
        shelf.put("bags/x/000001-aa.pack", file)
    assert not s3.list_multipart_uploads(Bucket="kunci").get("Uploads")


def test_orphans_go_with_all_their_versions(ground: Ground, s3: Any) -> None:
    for again in (b"1", b"2"):
        opened(store("S3B")).put("bags/JKT-x-01/000001-aa.pack", again)
    opened(store("S3B")).put("bags/JKT-x-01/000002-bb.pack", b"kept")
    assert orphans_remove(opened(store("S3B")), "JKT-x-01", {"bags/JKT-x-01/000002-bb.pack"}) == 1
    versions = s3.list_object_versions(Bucket="kunci")
    assert [row["Key"] for row in versions["Versions"] if "bags/" in row["Key"]] == ["bags/JKT-x-01/000002-bb.pack"]
    assert not versions.get("DeleteMarkers")


def test_out_of_a_bucket(ground: Ground, s3: Any, server: str) -> None:
    source = Source.objects.create(
        code="S3REC", name="S3 recorder", kind=PlaceKind.S3, url="s3://rekaman/2025", endpoint=server,
        record_kind="recording", site=ground.jkt, pattern=".",
    )  # fmt: skip
    Credential.objects.create(source=source, access_key="key", secret_key="secret")
    for name, content in (("a.wav", b"a" * 3_000_000), ("b.wav", b"b" * 10), ("gone.wav", b"c")):
        s3.put_object(Bucket="rekaman", Key=f"2025/{name}", Body=content)
        found = opened(Source.objects.select_related("credential").get(pk=source.pk)).head(name)
        Record.objects.create(
            source=source, external_id=name, kind="recording", channel="voice", site=ground.jkt, started_at=ENDED,
            ended_at=ENDED, path=name, size=len(content), fingerprint=found.fingerprint, catalogued_at=NOW,
        )  # fmt: skip
    s3.delete_object(Bucket="rekaman", Key="2025/gone.wav")
    s3.put_object(Bucket="rekaman", Key="2025/b.wav", Body=b"x" * 10)
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.INCOMPLETE
    problems = dict(batch.problems.values_list("record__external_id", "kind"))
    assert problems == {"gone.wav": "missing", "b.wav": "changed"}
    assert b"".join(record_bytes(Record.objects.get(external_id="a.wav"))) == b"a" * 3_000_000


def test_a_bucket_that_does_not_answer_or_refuses_is_away(ground: Ground, s3: Any) -> None:
    ground.records(2)
    batch = ground.batch()
    Store.objects.filter(code="S3B").update(url="s3://tidak-ada")
    assert ground.back_up(batch) is backups.Outcome.WAITS
    assert "S3B" in batch.error
