"""Deleting at a source that is no longer what it was (RET-9): another file, a disk that is away, what is elsewhere."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from occ.errors import WrongState
from occ.jobs.models import Job
from occ.ledger.models import Entry as LedgerEntry
from retention.models import Item, Packed, Probe, Proposal, Record, Schedule, Tombstone
from retention.services import disposing, ending, probing
from retention.storing import Unreadable, opened
from tests.retention.catalogue import scan
from tests.retention.disposal import LATER, NOW, Dead, dead, make_bag, make_records

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9")]


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def file_of(world: Dead, one: Record) -> Path:
    return world.root / "source" / one.path


def catalogued(world: Dead) -> None:
    """As a scan leaves them: with what tells that the file is the same."""
    shelf = opened(world.source)
    for one in world.records:
        Record.objects.filter(pk=one.pk).update(fingerprint=shelf.head(one.path).fingerprint)


def flat(world: Dead) -> None:
    """All files lie in the source's own directory."""
    for one in world.records:
        was, one.path = file_of(world, one), one.path.rpartition("/")[2]
        was.rename(file_of(world, one))
        one.save(update_fields=["path"])


def again(proposal: Proposal) -> Proposal:
    return Proposal.objects.get(pk=proposal.pk)


def kept(one: Record) -> bool:
    return Packed.objects.get(record=one).key is not None and not Tombstone.objects.filter(record=one).exists()


# Another file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scanned", "size"), [(True, 64), (True, 65), (False, 64), (False, 65)])
def test_a_conversation_that_took_the_place_of_an_old_one_stays(world: Dead, scanned: bool, size: int) -> None:
    """Recorders that count from 1 again write a new call over an old one, of which there is no backup."""
    if scanned:
        catalogued(world)
    one = world.records[2]
    proposal = world.executing()
    file_of(world, one).write_bytes(b"n" * size)
    world.run(proposal)
    assert file_of(world, one).read_bytes() == b"n" * size
    line = proposal.items.get(record=one)
    assert (again(proposal).status, line.state) == ("partial", "failed") and kept(one)
    assert Tombstone.objects.count() == 5


def test_a_copy_of_the_same_bytes_is_the_same_file(world: Dead) -> None:
    """The tree was moved to another disk without its times."""
    catalogued(world)
    for one in world.records:
        os.utime(file_of(world, one), (1, 1))
    assert world.destroyed().status == "destroyed" and not world.files


def test_a_file_beside_that_is_a_conversation_of_its_own_stays(world: Dead) -> None:
    """The sources of chats are .json themselves; what was catalogued is not a companion of another one."""
    world.source.sidecar = True
    world.source.save()
    (young,) = make_records(world, 1, 64, ended=NOW - timedelta(days=400), first=90)
    make_bag(world, [young], 3)
    beside = f"{world.records[0].path}.json"
    file_of(world, young).rename(world.root / "source" / beside)
    Record.objects.filter(pk=young.pk).update(path=beside)
    proposal = world.destroyed()
    assert proposal.status == "destroyed"
    assert (world.root / "source" / beside).exists()


# A disk that is away --------------------------------------------------------------------------------------------------


def begun(world: Dead, monkeypatch: pytest.MonkeyPatch) -> Proposal:
    """The machine stopped after the first part was begun and before anything was deleted."""
    proposal = world.executing()

    def stopped(lines: list[disposing.looking.Line]) -> dict[int, str]:
        raise RuntimeError("power")

    with monkeypatch.context() as patched:
        patched.setattr(disposing, "_delete", stopped)
        with pytest.raises(RuntimeError, match="power"):
            world.run(proposal)
    assert Item.objects.filter(state="started").count() == 6
    return proposal


@pytest.mark.parametrize("stray", [True, False])
@pytest.mark.parametrize("shape", ["flat", "tree"])
def test_an_empty_mount_point_is_no_deletion(
    world: Dead, monkeypatch: pytest.MonkeyPatch, stray: bool, shape: str
) -> None:
    if shape == "flat":
        flat(world)
    proposal = begun(world, monkeypatch)
    source, away = world.root / "source", world.root / "away"
    source.rename(away)
    source.mkdir()
    if stray:
        (source / "NOT_MOUNTED").touch()
    world.run(proposal)
    assert again(proposal).status == "partial"
    assert not Tombstone.objects.exists() and all(kept(one) for one in world.records)
    if stray:
        (source / "NOT_MOUNTED").unlink()
    source.rmdir()
    away.rename(source)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER + timedelta(hours=1))
    world.run(proposal, clock=lambda: LATER + timedelta(hours=1))
    assert again(proposal).status == "destroyed" and not world.files


@pytest.mark.parametrize("shape", ["flat", "tree"])
def test_what_a_scan_of_an_empty_mount_point_called_gone_is_not(world: Dead, shape: str) -> None:
    if shape == "flat":
        flat(world)
    proposal = world.approved()
    source, away = world.root / "source", world.root / "away"
    source.rename(away)
    source.mkdir()
    (source / "NOT_MOUNTED").touch()
    scan(world.source, now=LATER)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "partial"
    assert not Tombstone.objects.exists() and all(kept(one) for one in world.records)


def test_a_probe_of_an_empty_mount_point_was_not_run(world: Dead) -> None:
    flat(world)
    (world.root / "source" / "another.wav").touch()
    proposal = world.destroyed()
    later = proposal.probes.get(ran_at=None)
    (world.root / "source").rename(world.root / "away")
    (world.root / "source").mkdir()
    assert probing.probe_run(probe_id=later.pk, now=later.due_at) is False
    assert Probe.objects.get(pk=later.pk).ran_at is None


def test_of_two_who_look_at_once_one_leaves_what_was_found(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = world.destroyed()
    later = proposal.probes.get(ran_at=None)
    looked = probing._keys
    monkeypatch.setattr(probing, "_exports", lambda probe: [{"where": "OCC", "name": "x", "readable": True}])

    def meanwhile(of: Proposal) -> object:
        monkeypatch.setattr(probing, "_keys", looked)
        assert probing.probe_run(probe_id=later.pk, now=later.due_at)
        return looked(of)

    monkeypatch.setattr(probing, "_keys", meanwhile)
    before = LedgerEntry.objects.filter(action="retention.absence_probed").count()
    assert probing.probe_run(probe_id=later.pk, now=later.due_at) is False
    assert LedgerEntry.objects.filter(action="retention.absence_probed").count() == before + 1
    assert proposal.probes.filter(ran_at=None).count() == 1  # the next day's, once


def test_an_export_whose_file_cannot_be_removed_is_still_named(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Job.objects.create(
        kind="retention.records", owner=world.it, language="id", state="done", created_at=NOW, claimed_at=NOW,
        finished_at=NOW, output_file="exports/x.xlsx", output_name="x.xlsx",
    )  # fmt: skip

    def full(name: str) -> None:
        raise OSError("away")

    with monkeypatch.context() as patched:
        patched.setattr(ending.storages["default"], "delete", full)
        with pytest.raises(OSError, match="away"):
            ending.exports_remove(begun_by=LATER)
    assert Job.objects.get(pk=made.pk).output_file == "exports/x.xlsx"
    assert ending.exports_remove(begun_by=LATER) == 1


# What lies elsewhere --------------------------------------------------------------------------------------------------


def test_a_directory_that_is_a_link_leads_nowhere(world: Dead, tmp_path: Path) -> None:
    """A path given in by an application, below a link that somebody laid in the source."""
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "call-000001.wav"
    secret.write_bytes(b"s" * 64)
    (world.root / "source" / "link").symlink_to(outside)
    one = world.records[1]
    Record.objects.filter(pk=one.pk).update(path="link/call-000001.wav")
    shelf = opened(world.source)
    with pytest.raises((Unreadable, FileNotFoundError)):
        b"".join(shelf.read("link/call-000001.wav"))
    with pytest.raises((Unreadable, FileNotFoundError)):
        shelf.read_range("link/call-000001.wav", 0, 5)
    with pytest.raises((Unreadable, FileNotFoundError)):
        shelf.head("link/call-000001.wav")
    proposal = world.destroyed()
    assert secret.exists() and proposal.status == "partial" and kept(one)


def test_a_pipe_is_not_waited_for(world: Dead) -> None:
    os.mkfifo(world.root / "source" / "pipe.wav")
    said: list[str] = []

    def read() -> None:
        try:
            b"".join(opened(world.source).read("pipe.wav"))
        except Unreadable as error:
            said.append(str(error))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    if reader.is_alive():  # let it go
        os.close(os.open(world.root / "source" / "pipe.wav", os.O_WRONLY | os.O_NONBLOCK))
        reader.join(5)
    assert said


# What holds by now ----------------------------------------------------------------------------------------------------


@pytest.mark.req("RET-3", "RET-8")
def test_a_period_that_was_lengthened_after_the_approval_keeps_its_records(world: Dead) -> None:
    proposal = world.approved()
    Schedule.objects.create(
        record_kind="recording", valid_from=(NOW + timedelta(days=1)).date(), backup_after_years=1,
        delete_after_years=5, basis="UU", reason="Diperpanjang", set_at=NOW,
    )  # fmt: skip
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "void"
    assert len(world.files) == 6 and not Tombstone.objects.exists()
    assert set(Item.objects.values_list("state", "live")) == {("released", False)}


def test_an_export_that_was_being_written_meanwhile_goes_too(world: Dead) -> None:
    """It read the records before they were destroyed, and was ready after that."""
    running = Job.objects.create(
        kind="retention.records", owner=world.it, language="id", state="running",
        created_at=LATER - timedelta(minutes=2), claimed_at=LATER - timedelta(minutes=1), heard_at=LATER,
    )  # fmt: skip
    proposal = world.destroyed()
    Job.objects.filter(pk=running.pk).update(
        state="done", finished_at=LATER + timedelta(minutes=1), output_file="exports/x.xlsx", output_name="x.xlsx"
    )
    assert ending.exports_remove(begun_by=LATER) == 1
    Job.objects.filter(pk=running.pk).update(output_file="exports/x.xlsx")
    later = proposal.probes.get(ran_at=None)
    assert probing.probe_run(probe_id=later.pk, now=later.due_at)
    assert Probe.objects.get(pk=later.pk).result == "ok"
    assert Job.objects.get(pk=running.pk).output_file == ""


def test_a_clock_that_runs_ahead_deletes_no_file_that_is_held_today(world: Dead) -> None:
    one, ahead = world.records[2], timezone.now() + timedelta(days=10)
    proposal = world.executing()
    world.hold(one, until=timezone.localdate() + timedelta(days=3))
    world.run(proposal, lambda: ahead)
    assert file_of(world, one).exists() and kept(one)
    assert proposal.items.get(record=one).state == "pulled"
    assert Tombstone.objects.count() == 5


def test_a_clock_that_runs_ahead_does_not_end_the_cooling_off(world: Dead) -> None:
    proposal = world.approved(now=timezone.now())
    with pytest.raises(WrongState):
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=timezone.now() + timedelta(days=30))
