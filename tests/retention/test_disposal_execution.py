"""Deleting (RET-9): what the report says is what is gone, whatever fails, is held meanwhile, or is killed."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from occ.errors import NotAllowed, WrongState
from occ.ledger.models import Entry
from retention.disposal.turns import stuck
from retention.models import Bag, Copy, Finding, Item, Pack, Packed, Proposal, Record, Tombstone
from retention.services import disposing, ending, probing, proposals
from retention.services.holds import hold_was_set
from tests.retention.disposal import LATER, NOW, Dead, dead, make_bag, make_records, tomorrow

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9")]


@pytest.fixture(autouse=True)
def findings_have_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Finding, "get_absolute_url", lambda self: "/")


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def again(proposal: Proposal) -> Proposal:
    return Proposal.objects.get(pk=proposal.pk)


def test_everything_approved_is_gone_and_nothing_else(world: Dead) -> None:
    young = make_records(world, 1, 64, ended=NOW - timedelta(days=400), first=90)
    make_bag(world, young, 3)
    proposal = world.destroyed()
    assert proposal.status == "destroyed" and proposal.completed_at == LATER
    assert [one.name for one in world.files] == ["call-000090.wav"]
    for one in Record.objects.filter(pk__in=[one.pk for one in world.records]):
        assert (one.state, one.customer, one.customer_mark) == ("destroyed", "", "")
    assert Packed.objects.filter(key=None).count() == len(world.records)
    assert young[0].packed.key and Record.objects.get(pk=young[0].pk).state == "backed_up"
    # The packages went with their last record; each bag's tag package stays, and the other bag whole.
    assert len(world.packages) == 1 + 2
    assert Copy.objects.filter(gone_at=LATER).count() == 2
    assert list(Bag.objects.order_by("number").values_list("status", flat=True)) == ["gone", "complete"]
    assert Bag.objects.get(number=1).key == "" and Bag.objects.get(number=2).key
    stone = Tombstone.objects.get(record=world.records[0])
    assert stone.outcome == {"source": "deleted", "store:MAIN": "key destroyed"}
    assert stone.sha256 == world.records[0].sha256 and stone.number == proposal.number and stone.bag
    assert not proposal.items.filter(live=True).exists()
    assert sum(entry.data["records"] for entry in Entry.objects.filter(action="retention.destroyed")) == 6


def test_neighbours_in_a_package_stay_readable(world: Dead) -> None:
    proposal = world.submitted()
    kept = proposal.items.get(record=world.records[0])
    world.decide(proposal, refused={kept.pk}, reason="Masih perlu", again_on=tomorrow())
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "destroyed"
    assert Packed.objects.get(record=world.records[0]).key is not None
    assert len(world.packages) == 2  # the tag package and the one with the kept record
    assert (world.root / "source" / world.records[0].path).exists()
    assert proposal.items.get(record=world.records[0]).state == "listed"


@pytest.mark.req("RET-12")
def test_a_hold_set_after_approval_pulls_its_lines_out(world: Dead) -> None:
    proposal = world.approved()
    hold = world.hold(world.records[1])
    hold_was_set.send(sender=type(hold), hold=hold, actor=world.coordinator, now=NOW)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    proposal = again(proposal)
    assert proposal.status == "destroyed" and proposal.items.get(record=world.records[1]).state == "pulled"
    assert Tombstone.objects.count() == 5
    assert (world.root / "source" / world.records[1].path).exists()
    assert Packed.objects.get(record=world.records[1]).key is not None


@pytest.mark.req("RET-12")
def test_a_hold_set_while_the_client_looks_voids_the_list(world: Dead) -> None:
    proposal = world.submitted()
    hold = world.hold(world.records[1])
    hold_was_set.send(sender=type(hold), hold=hold, actor=world.coordinator, now=NOW)
    assert again(proposal).status == "void"
    with pytest.raises(WrongState):
        world.decide(again(proposal))
    assert proposals.drafts_open(now=NOW) == 1
    anew = Proposal.objects.latest("pk")
    assert anew.items.count() == 5 and not anew.items.filter(record=world.records[1]).exists()


@pytest.mark.req("RET-12")
def test_a_hold_that_nobody_told_of_stops_the_line_too(world: Dead) -> None:
    """Its signal is lost, or it was written by hand: the deletion asks for itself."""
    proposal = world.approved()
    world.hold(world.records[1])
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert proposal.items.get(record=world.records[1]).state == "pulled"


def test_a_hold_between_begun_and_ended_saves_the_backup(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = world.executing()
    delete = disposing._delete

    def held_meanwhile(lines: list[disposing.looking.Line]) -> dict[int, str]:
        done = delete(lines)
        world.hold(world.records[2])
        return done

    monkeypatch.setattr(disposing, "_delete", held_meanwhile)
    world.run(proposal)
    proposal = again(proposal)
    line = proposal.items.get(record=world.records[2])
    assert (proposal.status, line.state) == ("partial", "failed") and "legal hold" in line.error
    assert Packed.objects.get(record=world.records[2]).key is not None
    assert Tombstone.objects.count() == 5


def test_what_cannot_be_deleted_makes_it_partial_and_is_tried_again(world: Dead) -> None:
    path = world.root / "source" / world.records[3].path
    was = path.read_bytes()
    path.unlink()
    path.mkdir()  # an unlink of it fails
    proposal = world.destroyed()
    assert proposal.status == "partial"
    line = proposal.items.get(state="failed")
    assert line.record_id == world.records[3].pk and line.error
    assert Tombstone.objects.count() == 5 and Packed.objects.get(record=world.records[3]).key is not None
    path.rmdir()
    path.write_bytes(was)
    assert disposing.proposals_take_up(now=LATER + timedelta(hours=1)) == []
    later = LATER + timedelta(hours=25)
    assert disposing.proposals_take_up(now=later) == [proposal.pk]
    world.run(proposal, lambda: later)
    assert again(proposal).status == "destroyed" and Tombstone.objects.count() == 6


def test_what_cannot_be_deleted_may_be_given_up(world: Dead) -> None:
    path = world.root / "source" / world.records[3].path
    path.unlink()
    path.mkdir()
    proposal = world.destroyed()
    with pytest.raises(NotAllowed):
        disposing.proposal_release(proposal_id=proposal.pk, note="x", actor=world.leader, now=LATER)
    assert disposing.proposal_release(proposal_id=proposal.pk, note="Rusak", actor=world.it, now=LATER) == 1
    world.run(proposal)
    proposal = again(proposal)
    assert proposal.status == "destroyed" and proposal.items.get(record=world.records[3]).state == "released"
    assert Packed.objects.get(record=world.records[3]).key is not None


def test_a_file_that_nobody_missed_is_not_reported_as_destroyed(world: Dead) -> None:
    """A missing file may lie on a disk that is not there: first a scan has to say that it is gone."""
    (world.root / "source" / world.records[0].path).unlink()
    proposal = world.destroyed()
    assert proposal.status == "partial" and proposal.items.get(state="failed").record_id == world.records[0].pk
    Record.objects.filter(pk=world.records[0].pk).update(gone_at=LATER)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert Tombstone.objects.get(record=world.records[0]).outcome["source"] == "was gone"
    assert again(proposal).status == "destroyed"


def test_a_source_that_is_away_destroys_nothing(world: Dead) -> None:
    proposal = world.executing()
    shutil.move(world.root / "source", world.root / "away")
    world.run(proposal)
    assert again(proposal).status == "partial" and not Tombstone.objects.exists()
    (world.root / "source").mkdir()  # the empty mount point
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "partial" and not Tombstone.objects.exists()
    (world.root / "source").rmdir()
    shutil.move(world.root / "away", world.root / "source")
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "destroyed" and Tombstone.objects.count() == 6


def test_no_right_at_the_source(world: Dead) -> None:
    proposal = world.approved()
    type(world.source).objects.filter(pk=world.source.pk).update(may_delete=False)
    with pytest.raises(WrongState):
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)


@pytest.mark.req("RET-6")
def test_a_copy_is_read_before_a_deletion_and_a_damaged_one_saves_its_records(world: Dead) -> None:
    pack = Pack.objects.get(number=1)
    Copy.objects.filter(pack=pack).update(checked_at=NOW - timedelta(days=30))
    file = world.root / "store" / pack.name
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    proposal = world.destroyed()
    assert proposal.status == "partial" and proposal.items.filter(state="failed").count() == 3
    assert Finding.objects.get().kind == "damaged" and Tombstone.objects.count() == 3
    assert Packed.objects.filter(pack=pack, key=None).count() == 0
    assert all((world.root / "source" / one.path).exists() for one in world.records[:3])


def test_a_store_that_is_away_stops_it_before_anything_is_deleted(world: Dead) -> None:
    Copy.objects.update(checked_at=NOW - timedelta(days=30))
    proposal = world.executing()
    shutil.move(world.root / "store", world.root / "away")
    world.run(proposal)
    assert again(proposal).status == "partial" and again(proposal).trouble and len(world.files) == 6
    shutil.move(world.root / "away", world.root / "store")
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "destroyed"


def test_companions_go_too(world: Dead) -> None:
    type(world.source).objects.filter(pk=world.source.pk).update(sidecar=True)
    for one in world.records[:4]:
        (world.root / "source" / f"{one.path}.json").write_text("{}")
    assert world.destroyed().status == "destroyed"
    assert world.files == []


class Killed(BaseException):
    pass


POINTS = ("looking.lines", "_delete", "burying.bury", "burying.derived_destroy", "ending.packages_remove",
          "journal.journals_write", "ending._finish", "probing.probe_run")  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("before", [True, False])
def test_killed_anywhere_it_ends_the_same(
    world: Dead, monkeypatch: pytest.MonkeyPatch, point: str, before: bool
) -> None:
    """Raised through everything, as if the process had died there; then another run comes."""
    name, _dot, function = point.rpartition(".")
    module = {"": disposing, "looking": disposing.looking, "burying": disposing.burying, "ending": ending,
              "journal": ending.journal, "probing": probing}[name]  # fmt: skip
    real = getattr(module, function)

    def die(*args: object, **kwargs: object) -> object:
        if not before:
            real(*args, **kwargs)
        raise Killed

    proposal = world.executing()
    monkeypatch.setattr(disposing, "PART", 2)
    with monkeypatch.context() as patch:
        patch.setattr(module, function, die)
        with pytest.raises(Killed):
            world.run(proposal)
    Proposal.objects.filter(pk=proposal.pk).update(run="0" * 32, heard_at=LATER)
    assert disposing.proposal_dispose(proposal_id=proposal.pk, clock=lambda: LATER) is False  # it may be alive
    later = LATER + timedelta(minutes=3)
    world.run(proposal, lambda: later)
    probing.probes_run_due(now=later)
    proposal = again(proposal)
    assert proposal.status == "destroyed" and world.files == []
    assert set(probing.recount(proposal).values()) == {6}
    assert proposal.probes.count() == 2 and proposal.probes.all()[0].result == "ok"
    assert Item.objects.filter(state="destroyed").count() == Tombstone.objects.count() == 6
    assert len(world.packages) == 1


def test_the_command(world: Dead) -> None:
    proposal = world.submitted()
    for words in (["nothing"], [proposal.number], [proposal.number, "--by", world.it.username], [str(proposal.pk)]):
        with pytest.raises(CommandError):
            call_command("retention_dispose", *words)
    world.decide(proposal)
    with pytest.raises(CommandError):
        call_command("retention_dispose", proposal.number)
    assert len(world.files) == 6
    out = StringIO()
    call_command("retention_dispose", proposal.number, "--by", world.it.username, "--json", stdout=out)
    facts = json.loads(out.getvalue())
    assert (facts["status"], facts["destroyed"], facts["failed"]) == ("destroyed", 6, 0)


def test_the_probe_looks_again_later(world: Dead) -> None:
    proposal = world.destroyed()
    first, second = proposal.probes.all()
    assert (first.result, first.counted) == ("ok", 6) and second.ran_at is None
    path = world.root / "source" / world.records[0].path
    path.write_bytes(b"back")
    assert probing.probes_run_due(now=LATER + timedelta(days=6)) == 0
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 1
    second.refresh_from_db()
    assert second.result == "failed" and second.found[0]["name"] == world.records[0].path
    assert Finding.objects.get().kind == "reappeared"
    assert {one.url for one in stuck(world.it)} == {proposal.get_absolute_url()} and not list(stuck(world.client))
    path.unlink()
    assert probing.probes_run_due(now=LATER + timedelta(days=9)) == 1
    assert proposal.probes.latest("pk").result == "ok" and not list(stuck(world.it))


def test_a_probe_of_a_source_that_is_away_is_not_run(world: Dead) -> None:
    proposal = world.destroyed()
    shutil.move(world.root / "source", world.root / "away")
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 0
    assert proposal.probes.all()[1].result == "not_run"


def test_whether_a_record_is_destroyed_is_asked_by_its_key(world: Dead) -> None:
    """And not by reading through all that are destroyed, once for each that follows."""
    scans = "SELECT pg_stat_get_xact_numscans('record_destroyed'::regclass)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(scans)
        before = cursor.fetchone()[0]
        for pk in (world.records[0].pk, 0):
            cursor.execute("SELECT retention_destroyed(%s)", [pk])
            assert cursor.fetchone()[0] is False
        cursor.execute(scans)
        assert cursor.fetchone()[0] == before
