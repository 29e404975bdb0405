"""The way back, fixity, repair, drill and alarms (RET-6)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError

from occ.errors import NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.people.actors import COMMAND
from occ.people.choices import Role
from retention.choices import CheckKind, FindingKind, Result
from retention.models import Bag, Batch, Check, Copy, Finding, Pack, Packed, Record, Store
from retention.services import backups, drilling, repairing, store_lists, verifying
from retention.services.restoring import Destroyed, Unavailable, record_bytes
from tests.factories import user
from tests.retention.backups import NOW, Ground, at, whole
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6")]
BAGIT = [sys.executable, "-m", "bagit", "--validate", "--quiet"]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, monkeypatch: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(backups, "PACK_BYTES", 100_000)
    return Ground(tmp_path)


@pytest.fixture
def batch(ground: Ground) -> Batch:
    ground.records(12)
    made = ground.batch()
    ground.back_up(made)
    return made


def said(*words: Any) -> Any:
    out = io.StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def verify(now: Any = NOW) -> dict[str, int]:
    """Every store read whole; the open findings by kind."""
    for store in Store.objects.all():
        verifying.store_verify(store=store, actor=COMMAND, clock=at(now))
    found: dict[str, int] = {}
    for one in Finding.objects.open():
        found[one.kind] = found.get(one.kind, 0) + 1
    return found


def packs() -> list[Pack]:
    return list(Pack.objects.exclude(number=0).order_by("pk"))


def destroy(record: Record) -> None:
    """As a deletion leaves it."""
    with past_the_triggers():
        Packed.objects.filter(record=record).update(key=None, destroyed_at=NOW)


# The way back --------------------------------------------------------------------------------------------------------


def test_a_stranger_s_bagit_validates_what_is_restored(ground: Ground, batch: Batch) -> None:
    out = ground.folder / "out"
    done = said("retention_restore", "--batch", batch.identifier, "--out", str(out))
    assert (done["records"], done["failed"], done["destroyed"]) == (12, [], 0)
    subprocess.run([*BAGIT, str(out)], check=True, timeout=60)
    for one in Record.objects.all():
        assert (out / one.packed.name).read_bytes() == ground.path(one).read_bytes()
    manifest = (out / "manifest-sha256.txt").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == batch.bags.get().manifest_sha256
    (out / "data").joinpath(next((out / "data").glob("*.wav")).name).write_bytes(b"x")
    assert subprocess.run([*BAGIT, str(out)], timeout=60, capture_output=True).returncode != 0


def test_one_record_and_a_range_of_days(ground: Ground, batch: Batch) -> None:
    record = Record.objects.all()[4]
    one = said("retention_restore", "--record", str(record.pk), "--out", str(ground.folder / "one"))
    assert (
        one["records"] == 1
        and (ground.folder / "one" / record.packed.name).read_bytes() == ground.path(record).read_bytes()
    )
    by_id = said("retention_restore", "--record", record.external_id, "--out", str(ground.folder / "id"))
    assert by_id["records"] == 1
    days = ("--from", "2025-11-25", "--to", "2025-11-25")
    assert said("retention_restore", *days, "--out", str(ground.folder / "days"))["records"] == 12
    subprocess.run([*BAGIT, str(ground.folder / "days")], check=True, timeout=60)
    for words in (
        ("--from", "2025-11-26", "--to", "2025-11-30", "--out", str(ground.folder / "none")),
        ("--batch", "JKT-recording-199001", "--out", str(ground.folder / "none")),
        ("--record", "nichts", "--out", str(ground.folder / "none")),
        ("--record", str(record.pk), "--out", str(ground.folder / "one")),  # not empty
        ("--out", str(ground.folder / "none")),
    ):
        with pytest.raises(CommandError):
            call_command("retention_restore", *words, stdout=io.StringIO())


def test_what_was_destroyed_is_listed_and_not_in_the_manifest(ground: Ground, batch: Batch) -> None:
    gone = list(Record.objects.order_by("pk")[2:5])
    for one in gone:
        destroy(one)
    out = ground.folder / "out"
    assert said("retention_restore", "--batch", str(batch.pk), "--out", str(out))["destroyed"] == 3
    subprocess.run([*BAGIT, str(out)], check=True, timeout=60)
    rows = list(csv.DictReader((out / "destroyed.csv").open()))
    assert {row["file"] for row in rows} == {one.packed.name for one in gone}
    assert len(list((out / "data").glob("*.wav"))) == 9
    with pytest.raises(Destroyed):
        b"".join(record_bytes(gone[0]))


def test_one_good_copy_suffices_and_goes_on_from_the_same_byte(ground: Ground) -> None:
    record = ground.record("long.wav", ground.rng.randbytes(5_000_000))
    ground.back_up(ground.batch())
    pack = record.packed.pack
    ground.flip(pack.name, "main", -20)  # its last frame
    content = ground.path(record).read_bytes()
    assert b"".join(record_bytes(record)) == content
    assert b"".join(record_bytes(record, skip=2_222_222)) == content[2_222_222:]
    ground.flip(pack.name, "second", 3_000_000)  # what one has wrong, the other has right
    assert b"".join(record_bytes(record)) == content
    ground.flip(pack.name, "main", 3_000_000)
    with pytest.raises(Unavailable):
        b"".join(record_bytes(record))


def test_a_failed_restore_says_which_and_exits_with_1(ground: Ground, batch: Batch) -> None:
    bad = packs()[0]
    for store in ("main", "second"):
        (ground.folder / store / bad.name).unlink()
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "retention_restore", "--batch", str(batch.pk), "--out", str(ground.folder / "o"), "--json", stdout=out
        )
    done = json.loads(out.getvalue())
    assert len(done["failed"]) == bad.packed.count() and done["records"] == 12 - bad.packed.count()
    subprocess.run([*BAGIT, str(ground.folder / "o")], check=True, timeout=60)


def test_keys_rotate_and_what_was_backed_up_is_still_read(ground: Ground, batch: Batch, settings: Any) -> None:
    old, new = settings.ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.ENCRYPTION_KEYS = [new]
    whole(batch, ground)
    assert verify() == {}
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(Unavailable):
        b"".join(record_bytes(Record.objects.all()[0]))


# Fixity --------------------------------------------------------------------------------------------------------------


def test_all_in_order(ground: Ground, batch: Batch) -> None:
    assert verify() == {}
    done = said("retention_verify")
    assert [row["result"] for row in done["checks"]] == ["ok"] * 4 and done["findings"] == []
    assert said("retention_verify", batch.identifier)["checks"][0]["objects"] == Copy.objects.count()


@pytest.mark.parametrize(
    ("deed", "kind"),
    [("flip", "damaged"), ("cut", "size"), ("grow", "size"), ("remove", "pack_missing")],
)
def test_what_is_wrong_with_a_package_is_a_critical_finding(ground: Ground, batch: Batch, deed: str, kind: str) -> None:
    pack = packs()[1]
    path = ground.folder / "main" / pack.name
    kept = path.read_bytes()
    match deed:
        case "flip":
            ground.flip(pack.name, at=len(kept) // 2)
        case "cut":
            path.write_bytes(kept[:-1])
        case "grow":
            path.write_bytes(kept + b"\0")
        case "remove":
            path.unlink()
    assert verify() == {kind: 1}
    finding = Finding.objects.get()
    assert finding.store.code == "MAIN" and finding.name == pack.name and finding.bag == batch.bags.get()
    assert Copy.objects.get(pack=pack, store=finding.store).result == Result.FAILED
    owed = Obligation.objects.get(rule="retention.finding_settled")
    assert owed.state == "open" and owed.owner_role == Role.IT
    assert verify(NOW + timedelta(hours=1)) == {kind: 1} and Finding.objects.count() == 1
    path.write_bytes(kept)
    assert verify(NOW + timedelta(hours=2)) == {}
    owed.refresh_from_db()
    assert owed.state == "fulfilled"
    path.unlink()
    with pytest.raises(CommandError):
        call_command("retention_verify", batch.identifier, stdout=io.StringIO())


def test_tag_files_are_verified_too(ground: Ground, batch: Batch) -> None:
    ground.flip(Pack.objects.get(number=0).name, "second")
    assert verify() == {"damaged": 1}


def test_a_key_that_is_gone_or_wrong_is_found(ground: Ground, batch: Batch, settings: Any) -> None:
    one, other = Packed.objects.order_by("pk")[:2]
    with past_the_triggers():
        Packed.objects.filter(pk=one.pk).update(key=bytes(other.key))
    assert verify() == {"key_missing": 1}  # one cause, whatever stores it shuts
    assert {row.record_id for row in Finding.objects.all()} == {one.pk}
    with past_the_triggers():
        Packed.objects.filter(pk=one.pk).update(key=bytes(one.key))
    assert verify(NOW + timedelta(hours=1)) == {}
    key = Bag.objects.values_list("key", flat=True).get()
    with past_the_triggers():
        Bag.objects.update(key="")
    assert verify(NOW + timedelta(hours=2)) == {"key_missing": 1}  # the bag's, and not one for each package and store
    assert {row.record_id for row in Finding.objects.open()} == {None}
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("retention_verify", "--json", stdout=out)
    assert [one["kind"] for one in json.loads(out.getvalue())["findings"]] == ["key_missing"]
    Bag.objects.update(key=key)
    assert verify(NOW + timedelta(hours=3)) == {}
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert verify(NOW + timedelta(hours=4)) == {"key_missing": 1}


def test_what_was_destroyed_is_not_missed(ground: Ground, batch: Batch) -> None:
    for one in Record.objects.all()[:3]:
        destroy(one)
    assert verify() == {}


def test_a_store_that_is_away_is_not_run_and_says_nothing_of_its_packages(ground: Ground, batch: Batch) -> None:
    (ground.folder / "main").rename(ground.folder / "unmounted")
    store = Store.objects.get(code="MAIN")
    check = verifying.store_verify(store=store, actor=COMMAND, clock=at(NOW + timedelta(days=1)))
    assert check.result == Result.NOT_RUN and "Main" in check.note
    assert store_lists.store_list(store=store, actor=COMMAND, clock=at()).result == Result.NOT_RUN
    assert not Finding.objects.exists() and not Copy.objects.exclude(checked_at=NOW).exists()


def test_a_share_a_day_reads_everything_within_the_policy_s_days(ground: Ground, monkeypatch: Any) -> None:
    """Ninety days of beat: no copy is ever older than the policy, and they are not read all at once."""
    monkeypatch.setattr(backups, "PACK_BYTES", 30_000)
    ground.records(20)
    ground.back_up(ground.batch())
    most = 0
    for day in range(1, 90):
        now = NOW + timedelta(days=day)
        most = max(most, verifying.fixity_run(clock=at(now)))
    end = NOW + timedelta(days=90)
    assert not Copy.objects.filter(checked_at__lt=end - timedelta(days=88)).exists()
    assert most <= Copy.objects.count() // 4
    assert Check.objects.filter(kind=CheckKind.FIXITY, result=Result.OK).count() > 20
    assert not Check.objects.filter(ended_at=None).exists()


def test_after_a_sleep_what_is_behind_is_read_at_once(ground: Ground, batch: Batch) -> None:
    now = NOW + timedelta(days=85)
    assert verifying.fixity_run(clock=at(now)) == Copy.objects.count()
    assert not Copy.objects.exclude(checked_at=now).exists()


def test_not_run_is_an_alarm(ground: Ground, batch: Batch) -> None:
    store_lists.listing_run(clock=at())
    assert store_lists.alarms(now=NOW + timedelta(days=1)) == 0
    assert store_lists.alarms(now=NOW + timedelta(days=3)) == 2  # lists
    assert store_lists.alarms(now=NOW + timedelta(days=3)) == 0  # told once
    late = NOW + timedelta(days=91)
    assert store_lists.alarms(now=late) == 3  # fixity of both, and the drill
    found = set(Finding.objects.open().values_list("kind", "store__code", "name"))
    assert found == {
        ("not_run", "MAIN", "fixity"), ("not_run", "MAIN", "listing"), ("not_run", "MAIN", "drill"),
        ("not_run", "SECOND", "fixity"), ("not_run", "SECOND", "listing"),
    }  # fmt: skip
    assert Check.objects.filter(result=Result.NOT_RUN).count() == 5
    verifying.fixity_run(clock=at(late))
    store_lists.listing_run(clock=at(late))
    drilling.drill_run(clock=at(late))
    store_lists.alarms(now=late)
    assert not Finding.objects.open().exists()


def test_an_alarm_names_the_day_of_the_site(ground: Ground, batch: Batch) -> None:
    Copy.objects.update(checked_at=datetime(2026, 11, 19, 18, tzinfo=UTC))  # 01:00 WIB of the next day
    store_lists.alarms(now=NOW + timedelta(days=91))
    told = Finding.objects.filter(kind="not_run", name="fixity").values_list("detail", flat=True)
    assert told and all("2026-11-20" in detail for detail in told)


def test_the_list_finds_strangers_and_gaps(ground: Ground, batch: Batch) -> None:
    store = Store.objects.get(code="MAIN")
    stranger = ground.folder / "main/bags/JKT-recording-202511-01/000099-00ff.pack"
    stranger.write_bytes(b"who")
    packs_ = packs()
    (ground.folder / "main" / packs_[0].name).unlink()
    (ground.folder / "main" / packs_[1].name).write_bytes(b"short")
    soon = stranger.stat().st_mtime

    written = datetime.fromtimestamp(soon, UTC)
    store_lists.store_list(store=store, actor=COMMAND, clock=at(written + timedelta(hours=1)))
    assert {one.kind for one in Finding.objects.open()} == {"pack_missing", "size"}  # it may be being written
    check = store_lists.store_list(store=store, actor=COMMAND, clock=at(written + timedelta(days=2)))
    assert {one.kind for one in Finding.objects.open()} == {"pack_missing", "size", "foreign_pack"}
    assert (check.result, check.failures) == (Result.FAILED, 3)
    stranger.unlink()
    store_lists.store_list(store=store, actor=COMMAND, clock=at(written + timedelta(days=3)))
    assert not Finding.objects.open().filter(kind=FindingKind.FOREIGN_PACK).exists()


# Repair --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["flip", "remove"])
def test_a_damaged_copy_is_written_anew_from_the_other_store(ground: Ground, batch: Batch, deed: str) -> None:
    pack = packs()[0]
    ground.flip(pack.name) if deed == "flip" else (ground.folder / "main" / pack.name).unlink()
    verify()
    finding = Finding.objects.get()
    with pytest.raises(NotAllowed):
        repairing.finding_repair(finding_id=finding.pk, actor=user(Role.COORDINATOR, ground.jkt), now=NOW)
    repairing.finding_repair(finding_id=finding.pk, actor=ground.it, now=NOW)
    finding.refresh_from_db()
    assert finding.status == "resolved"
    assert Obligation.objects.get(rule="retention.finding_settled").state == "fulfilled"
    assert verify() == {}
    whole(batch, ground)
    with pytest.raises(WrongState):
        repairing.finding_repair(finding_id=finding.pk, actor=ground.it, now=NOW)


def test_without_a_good_copy_nothing_is_written(ground: Ground, batch: Batch) -> None:
    pack = packs()[0]
    ground.flip(pack.name)
    ground.flip(pack.name, "second")
    verify()
    before = (ground.folder / "main" / pack.name).read_bytes()
    with pytest.raises(repairing.NoGoodCopy):
        repairing.finding_repair(finding_id=Finding.objects.all()[0].pk, actor=ground.it, now=NOW)
    assert (ground.folder / "main" / pack.name).read_bytes() == before
    assert Finding.objects.open().count() == 2


# Drill ---------------------------------------------------------------------------------------------------------------


def test_a_drill_restores_a_drawn_batch_compares_and_leaves_a_report(ground: Ground, batch: Batch) -> None:
    changed, missing, gone = Record.objects.order_by("pk")[:3]
    ground.path(missing).unlink()
    destroy(gone)
    assert drilling.drill_run(clock=at()) == 12
    check = Check.objects.get(kind=CheckKind.DRILL)
    assert check.result == Result.OK and check.batch == batch and check.objects_count == 11
    assert check.details["compared"] == 10 and check.details["by_hash"] == 1 and check.details["destroyed"] == 1
    assert check.details["manifests"] == {batch.bags.get().identifier: True}
    assert drilling.draw(list(drilling.drawn_from(check.started_at)), check.seed) == batch.pk
    assert check.document is not None and check.document.type_code == "DRL-RET" and check.document.size > 5_000
    assert drilling.drill_run(clock=at(NOW + timedelta(days=29))) == 0
    with (ground.path(changed)).open("r+b") as file:  # same size, same time: another content
        file.write(b"\xff\x00\xff")
    Record.objects.filter(pk=changed.pk).update(fingerprint=shown(ground, changed))
    assert drilling.drill_run(clock=at(NOW + timedelta(days=30))) == 12
    check = Check.objects.filter(kind=CheckKind.DRILL).latest("pk")
    assert check.result == Result.FAILED and check.failures == 1
    assert check.details["failed"][0][0] == str(changed.pk)
    assert not [one for one in (ground.folder / "var").rglob("*") if one.is_file()]


def shown(ground: Ground, record: Record) -> str:
    from retention.storing import opened

    return opened(ground.source).head(record.path).fingerprint


def test_a_drill_that_was_killed_goes_on_where_it_stood(ground: Ground, batch: Batch, monkeypatch: Any) -> None:
    monkeypatch.setattr(drilling, "SOME", 5)
    check = drilling.drill_begin(actor=COMMAND, now=NOW)
    assert check is not None
    drilling.drill_go_on(check_id=check.pk, clock=at(), lasting=timedelta(0))
    Check.objects.filter(pk=check.pk).update(run="00000000-0000-4000-8000-000000000000", heard_at=NOW)
    assert drilling.drill_go_on(check_id=check.pk, clock=at()) == 0
    assert drilling.drill_go_on(check_id=check.pk, clock=at(NOW + timedelta(minutes=16))) == 7
    check.refresh_from_db()
    assert check.objects_count == 12 and check.result == Result.OK
