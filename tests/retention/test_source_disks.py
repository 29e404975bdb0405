"""Disks of their own below a source, and sources of which nothing is left: what is not there, and what is not known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from occ.texts import said
from retention.choices import FindingKind, ProblemKind
from retention.models import Finding, Probe, Proposal, Record, Source, Tombstone
from retention.services import disposing, probing
from retention.services.cataloguing import CREATED, DESTROYED, records_add
from retention.services.facts import Facts
from retention.storing import SOURCE_MARKER, opened, trees
from tests.factories import NOW as NOON
from tests.retention.backups import Ground, troubles
from tests.retention.catalogue import PATTERN, put, scan, source_in, wav
from tests.retention.disposal import LATER, NOW, Dead, dead, make_bag, make_records
from tests.retention.test_disposal_source import again, begun, file_of, flat, kept

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9")]


class Disks:
    """Directories that the kernel is made to call mount points; `away` has one lie empty, as without its disk."""

    def __init__(self, list_at: Path) -> None:
        self.list_at, self.mounted = list_at, list[Path]()
        self._write()

    def _write(self) -> None:
        lines = ["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
        for n, one in enumerate(self.mounted):
            lines.append(f"{30 + n} 22 8:{17 + n} / {str(one).replace(' ', chr(92) + '040')} rw - ext4 /dev/sdb{n} rw")
        self.list_at.write_text("\n".join([*lines, ""]))

    def mount(self, folder: Path) -> Path:
        self.mounted.append(folder)
        self._write()
        return folder

    def away(self, folder: Path) -> None:
        folder.rename(folder.with_name(f".{folder.name}"))
        folder.mkdir()
        self.mounted.remove(folder)
        self._write()

    def back(self, folder: Path) -> None:
        for one in folder.iterdir():  # what was written beneath it while it was away is hidden now
            one.unlink()
        folder.rmdir()
        folder.with_name(f".{folder.name}").rename(folder)
        self.mount(folder)


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disks:
    made = Disks(tmp_path / "mountinfo")
    monkeypatch.setattr(trees, "MOUNTS", made.list_at)
    return made


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path / "world")


def month(world: Dead) -> Path:
    return file_of(world, world.records[0]).parent


def known_disk(world: Dead, disks: Disks) -> Path:
    """The month lies on a disk of its own, as a scan has seen."""
    place = disks.mount(month(world))
    scan(world.source, now=NOW)
    world.source.refresh_from_db()
    assert world.source.mounts == [str(place.relative_to(world.root / "source"))]
    return place


def test_the_list_of_mounts_is_the_kernels(tmp_path: Path, disks: Disks) -> None:
    disks.mount(tmp_path / "source" / "bulan 03")
    disks.mount(tmp_path / "source-2" / "04")
    disks.mount(tmp_path / "source")
    assert opened(Source(code="X", kind="directory", url=f"file://{tmp_path}/source")).mounts() == {"bulan 03"}


# Scans ----------------------------------------------------------------------------------------------------------------


@pytest.mark.req("RET-6")
def test_what_lies_on_a_disk_that_is_not_mounted_is_not_gone(tmp_path: Path, disks: Disks) -> None:
    folder = tmp_path / "source"
    source = source_in(folder, pattern=rf"\d+/{PATTERN}")
    put(folder, f"03/{wav('A')}")
    put(folder, f"04/{wav('B')}")
    put(folder, f"04/{wav('C')}")
    place = disks.mount(folder / "03")
    assert scan(source).added == 3
    source.refresh_from_db()
    disks.away(place)
    (folder / f"04/{wav('C')}").unlink()
    later = NOON + timedelta(days=1)
    done = scan(source, now=later)
    assert (done.error, done.gone) == ("", 1)
    assert list(Record.objects.exclude(gone_at=None).values_list("path", flat=True)) == [f"04/{wav('C')}"]
    (finding,) = Finding.objects.open().filter(kind=FindingKind.NOT_RUN)
    assert finding.name == "disk: 03" and " 1 " in said(finding.detail)
    put(folder, f"03/{wav('D')}")  # a recorder that writes beneath the mount point shows no disk
    source.refresh_from_db()
    assert (done := scan(source, now=later)).added == 1 and done.gone == 0
    disks.back(place)
    source.refresh_from_db()
    assert scan(source, now=later + timedelta(days=1)).gone == 1  # of what lay beneath it
    assert not Finding.objects.open().filter(kind=FindingKind.NOT_RUN).exists()
    (folder / f"03/{wav('A')}").unlink()
    assert scan(source, now=later + timedelta(days=2)).gone == 1  # mounted, a file that is gone is gone


def test_a_disk_whose_files_were_moved_into_the_directory_is_forgotten(tmp_path: Path, disks: Disks) -> None:
    folder = tmp_path / "source"
    source = source_in(folder, pattern=rf"\d+/{PATTERN}")
    put(folder, f"03/{wav('A')}")
    disks.mount(folder / "03")
    scan(source)
    source.refresh_from_db()
    disks.away(folder / "03")
    put(folder, f"03/{wav('A')}")
    scan(source)
    source.refresh_from_db()
    assert source.mounts == [] and not Finding.objects.open().filter(kind=FindingKind.NOT_RUN).exists()


@pytest.mark.req("RET-5")
def test_a_backup_does_not_call_it_missing(tmp_path: Path, disks: Disks, settings: object, floor: object) -> None:
    settings.VAR = tmp_path / "var"  # type: ignore[attr-defined]
    ground = Ground(tmp_path)
    ground.record("03/a.wav")
    ground.record("04/b.wav")
    place = disks.mount(tmp_path / "source" / "03")
    Source.objects.update(mounts=["03"])
    disks.away(place)
    batch = ground.batch()
    ground.back_up(batch)
    assert troubles(batch) == {"03/a.wav": ProblemKind.UNREADABLE}
    assert Record.objects.get(path="04/b.wav").state == "backed_up"


# Deletions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["mount point empty", "mount point gone"])
def test_a_disk_that_is_not_mounted_is_no_deletion(
    world: Dead, disks: Disks, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Begun before, and with another file of the source at hand: only the disk is away."""
    place = known_disk(world, disks)
    other = world.records[5]
    (world.root / "source" / "other").mkdir()
    file_of(world, other).rename(world.root / "source" / "other" / "5.wav")
    Record.objects.filter(pk=other.pk).update(path="other/5.wav")
    proposal = begun(world, monkeypatch)
    disks.away(place)
    if lost == "mount point gone":
        place.rmdir()
    world.run(proposal)
    assert again(proposal).status == "partial"
    assert all(kept(one) for one in world.records[:5]) and not kept(other)
    if lost == "mount point gone":
        place.mkdir()
    disks.back(place)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER + timedelta(hours=1))
    world.run(proposal, clock=lambda: LATER + timedelta(hours=1))
    assert again(proposal).status == "destroyed" and not world.files


# Probes ---------------------------------------------------------------------------------------------------------------


def probe(proposal: Proposal) -> Probe:
    """The one that is due seven days later, run then."""
    later = Proposal.objects.get(pk=proposal.pk).probes.get(ran_at=None)
    ran = probing.probe_run(probe_id=later.pk, now=later.due_at)
    later.refresh_from_db()
    assert ran is (later.ran_at is not None)
    return later


def test_a_probe_of_a_disk_that_is_not_mounted_was_not_run(world: Dead, disks: Disks) -> None:
    place = known_disk(world, disks)
    proposal = world.destroyed()
    disks.away(place)
    assert probe(proposal).ran_at is None
    disks.back(place)
    assert probe(proposal).result == "ok"


def test_a_flat_source_of_which_nothing_is_left_is_probed(world: Dead) -> None:
    flat(world)
    proposal = world.destroyed()
    assert proposal.status == "destroyed"
    assert [one.name for one in (world.root / "source").iterdir() if one.is_file()] == [SOURCE_MARKER]
    assert sorted(proposal.probes.values_list("result", flat=True)) == ["not_run", "ok"]
    assert probe(proposal).result == "ok"
    assert scan(world.source, now=LATER).error == ""


@pytest.mark.parametrize("stray", ["", "NOT_MOUNTED", "another source"])
@pytest.mark.parametrize("shape", ["flat", "tree"])
def test_an_unmounted_source_is_not_taken_for_an_empty_one(world: Dead, stray: str, shape: str) -> None:
    if shape == "flat":
        flat(world)
    proposal = world.destroyed()
    source = world.root / "source"
    source.rename(world.root / "away")
    source.mkdir()
    if stray == "another source":
        (source / SOURCE_MARKER).write_text('{"code": "REC-YGY"}')
    elif stray:
        (source / stray).touch()
    assert probe(proposal).ran_at is None


def test_an_empty_source_that_bears_its_marker_has_lost_its_files(tmp_path: Path) -> None:
    """Somebody may lay the marker; without it the source is away (test_catalogue_scan)."""
    source = source_in(tmp_path / "source")
    path = put(tmp_path / "source", wav())
    scan(source)
    path.unlink()
    (tmp_path / "source" / SOURCE_MARKER).write_text('{"code": "VOICE"}')
    assert scan(source).gone == 1
    assert Finding.objects.open().get().kind == FindingKind.FILE_GONE


def test_the_marker_is_laid_before_the_first_file_goes(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is killed after the last file went, the source is known."""
    proposal, seen = world.executing(), list[bool]()
    real = trees.os.unlink
    monkeypatch.setattr(trees.os, "unlink", lambda path: (seen.append(opened(world.source).signed()), real(path))[1])
    world.run(proposal)
    assert len(seen) >= 6 and all(seen)


def test_another_file_at_the_path_marks_nothing(world: Dead) -> None:
    """It may be another disk."""
    proposal = world.executing()
    for one in world.records:
        file_of(world, one).write_bytes(b"another")
    world.run(proposal)
    assert not opened(world.source).signed() and not Tombstone.objects.exists()


def test_a_conversation_in_the_place_of_a_destroyed_one_is_not_its_return(world: Dead) -> None:
    """Once it is catalogued; before that nobody knows what it is."""
    one = world.records[0]
    proposal = world.destroyed()
    file_of(world, one).write_bytes(b"another call")
    assert probe(proposal).result == "failed"
    told = Facts("CALL-NEW", one.path, "voice", LATER, LATER, 12)
    (outcome,) = records_add(source=world.source, facts=[told], now=LATER)
    assert outcome.what == CREATED
    assert probe(proposal).result == "ok"


def test_it_is_destroyed_in_its_turn(world: Dead) -> None:
    """Two that lay at one path are two tombstones of one mark, and both stay away."""
    first = world.records[0]
    world.destroyed()
    (second,) = make_records(world, 1, 80, first=50)
    make_bag(world, [second], 1)
    file_of(world, second).rename(file_of(world, first))
    Record.objects.filter(pk=second.pk).update(path=first.path)
    proposal = world.destroyed()
    assert proposal.status == "destroyed" and not world.files
    (mark,) = set(Tombstone.objects.filter(record__in=[first, second]).values_list("path_mark", flat=True))
    assert list(Record.objects.filter(path=mark).order_by("pk")) == [first, second]
    told = [
        Facts("CALL-NEW", first.path, "voice", LATER, LATER, one.size, sha256=one.sha256) for one in (first, second)
    ]
    assert {one.code for one in records_add(source=world.source, facts=told, now=LATER)} == {DESTROYED}
