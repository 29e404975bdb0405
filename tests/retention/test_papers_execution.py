"""Deleting documents (RET-9, RET-11): what the report says is what is gone, whatever fails, is held, or is killed."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job
from occ.ledger.models import Entry as LedgerEntry
from occ.obligations.models import Obligation
from occ.people.choices import Role
from retention.disposal.turns import stuck
from retention.models import DocumentTombstone, Entry, Item, Proposal, Shredding
from retention.services import disposing, ending, paper_disposing, probing
from retention.services.register import Line, entry_change
from retention.services.witnesses import Outsider
from tests import factories
from tests.retention.disposal import LATER, NOW, OLD, tomorrow
from tests.retention.papers import LATER_DAY, NOW_DAY, OLD_DAY, Papers, issue, papers
from tests.retention.test_papers_lists import hold, revised

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9", "RET-11")]


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def again(proposal: Proposal) -> Proposal:
    return Proposal.objects.get(pk=proposal.pk)


def states(proposal: Proposal) -> list[str]:
    return sorted(proposal.items.values_list("state", flat=True))


def test_files_go_and_papers_wait_for_a_person(world: Papers) -> None:
    proposal = world.destroyed()
    assert proposal.status == "partial" and states(proposal) == ["destroyed"] * 3 + ["started"] * 2
    for one in world.documents:
        assert not world.path(one).exists()
        was = (one.number, one.sha256, one.size)
        one.refresh_from_db()
        assert (one.status, one.destroyed_at, one.destroyed_by) == ("destroyed", LATER, world.it)
        assert (one.data, one.destruction_note) == ({}, proposal.number)
        assert (one.number, one.sha256, one.size) == was
        stone = DocumentTombstone.objects.get(document=one)
        assert (stone.name, stone.sha256, stone.number) == (one.full_number, one.sha256, proposal.number)
    assert not Entry.objects.filter(status="destroyed").exists()
    duty = Obligation.objects.get(rule="retention.papers_destroyed")
    assert duty.state == "open" and duty.due_at > LATER
    # Nobody is asked again each day by itself: only a person brings it on.
    assert disposing.proposals_take_up(now=LATER + timedelta(days=3)) == []
    world.run(proposal)
    assert again(proposal).status == "partial"


def test_papers_count_once_it_is_said_how_and_before_whom(world: Papers) -> None:
    proposal = world.destroyed()
    assert world.by_hand(proposal, items=[paper_disposing.waiting(proposal)[0].pk]) == 1
    assert again(proposal).status == "partial"
    with pytest.raises(WrongState):
        world.issued(again(proposal))
    assert world.by_hand(proposal, way="pulped") == 1
    proposal = again(proposal)
    assert proposal.status == "destroyed" and proposal.completed_at == LATER
    assert set(probing.recount(proposal).values()) == {5}
    assert not proposal.items.filter(live=True).exists()
    for one in world.entries:
        one.refresh_from_db()
        assert (one.status, one.destroyed_on) == ("destroyed", LATER_DAY)
        done = Shredding.objects.get(item__entry=one)
        assert (done.place, done.witness, done.said_by) == ("Jakarta", "Sri Wahyuni", world.it)
        assert done.witness_position == "QMR, PT Saksi"
    assert LedgerEntry.objects.filter(action="retention.paper_destroyed").count() == 2
    assert LedgerEntry.objects.filter(action="document.destroyed").count() == 3
    assert Obligation.objects.get(rule="retention.papers_destroyed").state == "fulfilled"
    first, second = proposal.probes.all()
    assert (first.result, first.counted, second.ran_at) == ("ok", 5, None)


def test_what_is_said_of_papers_must_be_possible(world: Papers) -> None:
    proposal = world.destroyed()
    day = LATER_DAY
    for given, field in (
        ({"place": " "}, "place"), ({"witness": None}, "witness_1"),
        ({"witness": Outsider(f" {str(world.it).upper()} ", "QMR", "x")}, "outsider_1"),
        ({"witness": Outsider("Sri", "QMR", " ")}, "outsider_1"),
        ({"witness": factories.person(world.site)}, "witness_1"),  # who holds no role
        ({"way": "lost"}, "way"), ({"way": "erased"}, "way"), ({"on_day": day - timedelta(days=1)}, "on_day"),
        ({"on_day": day + timedelta(days=1)}, "on_day"), ({"place": "x" * 121}, "place"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            world.by_hand(proposal, **given)
        assert refused.value.field == field
    with pytest.raises(WrongState):
        world.by_hand(proposal, items=[proposal.items.filter(document__isnull=False)[0].pk])
    for role in (Role.TEAM_LEADER, Role.DOCUMENT_CONTROL, Role.CLIENT, Role.COORDINATOR):
        with pytest.raises(NotAllowed):
            world.by_hand(proposal, actor=factories.user(role, world.site))
    with pytest.raises(NotAllowed):
        world.by_hand(proposal, actor=factories.user(Role.IT, factories.site("YGY")))
    assert not Shredding.objects.exists() and again(proposal).status == "partial"


def test_who_approved_destroys_no_paper(world: Papers) -> None:
    proposal = world.destroyed()
    factories.RoleAssignment.objects.create(
        user=world.client, role=Role.IT, site=world.site, starts_on=NOW_DAY - timedelta(days=9)
    )
    world.client.__dict__.pop("_roles_by_day", None)
    with pytest.raises(NotAllowed):
        world.by_hand(proposal, actor=world.client)


def test_a_paper_that_is_not_found_is_asked_for_again_or_given_up(world: Papers) -> None:
    proposal = world.destroyed()
    first, second = paper_disposing.waiting(proposal)
    with pytest.raises(Invalid):
        paper_disposing.papers_missing(proposal_id=proposal.pk, items=[first.pk], note=" ", actor=world.it, now=LATER)
    paper_disposing.papers_missing(proposal_id=proposal.pk, items=[first.pk], note="Hilang", actor=world.it, now=LATER)
    world.run(proposal)
    assert proposal.items.get(pk=first.pk).state == "failed" and again(proposal).status == "partial"
    world.by_hand(proposal, items=[second.pk])
    assert again(proposal).status == "partial"
    late = LATER + timedelta(hours=25)
    assert disposing.proposals_take_up(now=late) == [proposal.pk]
    world.run(proposal, lambda: late)
    assert proposal.items.get(pk=first.pk).state == "started"  # it is asked for again
    paper_disposing.papers_missing(proposal_id=proposal.pk, items=[first.pk], note="Hilang", actor=world.it, now=late)
    world.run(proposal, lambda: late)
    disposing.proposal_release(proposal_id=proposal.pk, note="Tidak ditemukan", actor=world.it, now=late)
    world.run(proposal, lambda: late)
    assert again(proposal).status == "destroyed" and proposal.items.get(pk=first.pk).state == "released"
    assert Entry.objects.get(pk=first.entry_id).status == "kept"


def test_an_entry_stays_as_it_is_while_it_is_being_destroyed(world: Papers) -> None:
    world.destroyed()
    entry = world.entries[0]
    facts = {name: getattr(entry, name) for name in Line.__dataclass_fields__}
    with pytest.raises(WrongState):
        entry_change(entry_id=entry.pk, line=Line(**facts | {"place": "x"}), why="x", actor=world.control, now=LATER)


# What changed between approval and execution --------------------------------------------------------------------------


@pytest.mark.usefixtures("english")
def test_a_document_revised_after_the_approval_stays(world: Papers) -> None:
    proposal = world.approved()
    newer = revised(world.documents[0], world, NOW + timedelta(days=2))
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    line = proposal.items.get(document=world.documents[0])
    assert line.state == "released" and "revised" in line.error and not line.live
    assert world.path(world.documents[0]).exists() and world.path(newer).exists()
    world.by_hand(proposal)
    said = world.issued(again(proposal), "en").data["parts"]
    assert any("kept: 1" in line for part in said for line in part["lines"])


def test_one_revised_between_looking_and_deleting_goes_and_the_new_one_stays(
    world: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal, delete, made = world.executing(), paper_disposing._delete, []

    def meanwhile(lines: Any) -> dict[int, str]:
        made.append(revised(world.documents[1], world, LATER))
        return delete(lines)

    monkeypatch.setattr(paper_disposing, "_delete", meanwhile)
    world.run(proposal)
    old = IssuedDocument.objects.get(pk=world.documents[1].pk)
    assert (old.status, made[0].status) == ("destroyed", "valid") and world.path(made[0]).exists()


def test_an_entry_changed_after_the_approval_stays(world: Papers) -> None:
    proposal, entry = world.approved(), world.entries[0]
    facts = {name: getattr(entry, name) for name in Line.__dataclass_fields__}
    entry_change(entry_id=entry.pk, line=Line(**facts | {"place": "Rak 9"}), why="x", actor=world.control, now=NOW)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert proposal.items.get(entry=entry).state == "released"


@pytest.mark.req("RET-12")
def test_a_hold_set_after_the_approval_pulls_out_what_it_covers(world: Papers) -> None:
    apart = issue(world.site, world.control, now=OLD - timedelta(days=50))
    proposal = world.approved()
    hold(world, OLD_DAY, OLD_DAY)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    proposal = again(proposal)
    assert proposal.status == "destroyed" and states(proposal) == ["destroyed"] + ["pulled"] * 5
    assert not world.path(apart).exists() and all(world.path(one).exists() for one in world.documents)


@pytest.mark.req("RET-12")
def test_a_hold_pulls_papers_out_that_wait(world: Papers) -> None:
    proposal = world.destroyed()
    hold(world, OLD_DAY, OLD_DAY)
    assert not paper_disposing.waiting(proposal)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert again(proposal).status == "destroyed"  # of the files


# What fails -----------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_deleted_makes_it_partial_and_is_tried_again(world: Papers) -> None:
    path = world.path(world.documents[1])
    content = path.read_bytes()
    path.unlink()
    path.mkdir()  # an unlink of it fails
    proposal = world.destroyed()
    world.by_hand(proposal)
    proposal = again(proposal)
    line = proposal.items.get(state="failed")
    assert proposal.status == "partial" and line.document == world.documents[1] and line.error
    assert IssuedDocument.objects.get(pk=world.documents[1].pk).status == "valid"
    with pytest.raises(WrongState):
        world.issued(proposal)
    path.rmdir()
    path.write_bytes(content)
    later = LATER + timedelta(hours=25)
    assert disposing.proposals_take_up(now=later) == [proposal.pk]
    world.run(proposal, lambda: later)
    assert again(proposal).status == "destroyed" and not path.exists()


def test_a_file_that_is_not_there_is_not_reported_as_destroyed(world: Papers) -> None:
    world.path(world.documents[0]).unlink()
    proposal = world.destroyed()
    line = proposal.items.get(document=world.documents[0])
    assert line.state == "failed" and line.error
    assert IssuedDocument.objects.get(pk=world.documents[0].pk).status == "valid"


@pytest.mark.parametrize("empty", [False, True])
def test_a_storage_that_is_away_destroys_nothing(world: Papers, empty: bool) -> None:
    root = Path(storages["documents"].path(""))
    proposal = world.executing()
    shutil.move(root, root.parent / "away")
    if empty:
        root.mkdir()  # the mount point
    world.run(proposal)
    proposal = again(proposal)
    assert proposal.status == "partial" and proposal.trouble and not DocumentTombstone.objects.exists()
    assert set(states(proposal)) == {"listed"}
    if empty:
        root.rmdir()
    shutil.move(root.parent / "away", root)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    assert states(proposal) == ["destroyed"] * 3 + ["started"] * 2


def test_a_store_that_is_away_keeps_it_from_ending(world: Papers) -> None:
    """Without the journal a restored database would bring everything back."""
    proposal = world.executing()
    shutil.move(world.root / "store", world.root / "away")
    world.run(proposal)
    assert again(proposal).status == "partial" and again(proposal).trouble
    shutil.move(world.root / "away", world.root / "store")
    late = LATER + timedelta(hours=25)
    assert disposing.proposals_take_up(now=late) == [proposal.pk]
    world.run(proposal, lambda: late)
    world.by_hand(proposal)
    assert again(proposal).status == "destroyed"


def test_every_version_of_a_file_goes_and_what_jobs_made_of_it(world: Papers) -> None:
    one = world.documents[0]
    copies = [world.path(one).with_name(f"{one.code}.pdf.bak"), world.path(one).with_name(f".{one.code}.part")]
    for copy in copies:
        copy.write_bytes(b"x")
    job = Job.objects.create(
        kind="x", owner=world.control, language="id", url=one.get_absolute_url(), output_file="exports/x",
        output_name="x", created_at=OLD,
    )  # fmt: skip
    world.gone()
    assert not any(copy.exists() for copy in copies)
    assert Job.objects.get(pk=job.pk).output_file == ""


class Killed(BaseException):
    pass


POINTS = ("paper_disposing._looked_at", "paper_disposing._delete", "paper_disposing._bury", "paper_disposing._end_line",
          "journal.journals_write", "paper_probing.outputs_remove", "ending._finish", "probing.probe_run")  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("before", [True, False])
def test_killed_anywhere_it_ends_the_same(
    world: Papers, monkeypatch: pytest.MonkeyPatch, point: str, before: bool
) -> None:
    """Raised through everything, as if the process had died there; then another run comes."""
    name, _dot, function = point.rpartition(".")
    module = {"paper_disposing": paper_disposing, "journal": ending.journal, "ending": ending, "probing": probing,
              "paper_probing": ending.paper_probing}[name]  # fmt: skip
    real = getattr(module, function)

    def die(*args: object, **kwargs: object) -> object:
        if not before:
            real(*args, **kwargs)
        raise Killed

    proposal = world.submitted()
    papers_of = set(proposal.items.filter(entry__isnull=False).values_list("pk", flat=True))
    world.decide(proposal, refused=papers_of, reason="x", again_on=tomorrow())
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    monkeypatch.setattr(paper_disposing, "PART", 2)
    with monkeypatch.context() as patch:
        patch.setattr(module, function, die)
        with pytest.raises(Killed):
            world.run(proposal)
    Proposal.objects.filter(pk=proposal.pk).update(run="0" * 32, heard_at=LATER)
    later = LATER + timedelta(minutes=3)
    world.run(proposal, lambda: later)
    probing.probes_run_due(now=later)
    proposal = again(proposal)
    assert proposal.status == "destroyed" and not any(world.path(one).exists() for one in world.documents)
    assert set(probing.recount(proposal).values()) == {3}
    assert proposal.probes.count() == 2 and proposal.probes.all()[0].result == "ok"
    assert Item.objects.filter(state="destroyed").count() == DocumentTombstone.objects.count() == 3


# Looked for again -----------------------------------------------------------------------------------------------------


def test_the_probe_reads_the_storage_again_later(world: Papers) -> None:
    proposal = world.gone()
    path = world.path(world.documents[0])
    path.write_bytes(b"back")
    assert probing.probes_run_due(now=LATER + timedelta(days=6)) == 0
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 1
    second = proposal.probes.all()[1]
    assert second.result == "failed" and second.found[0]["name"] == world.documents[0].file
    assert {one.url for one in stuck(world.it)} == {proposal.get_absolute_url()}
    path.unlink()
    assert probing.probes_run_due(now=LATER + timedelta(days=9)) == 1
    assert proposal.probes.latest("pk").result == "ok" and not list(stuck(world.it))


def test_a_probe_of_a_storage_that_is_away_is_not_run(world: Papers) -> None:
    proposal = world.gone()
    root = Path(storages["documents"].path(""))
    shutil.move(root, root.parent / "away")
    assert probing.probes_run_due(now=LATER + timedelta(days=8)) == 0
    assert proposal.probes.all()[1].result == "not_run"


def test_the_command(world: Papers) -> None:
    proposal = world.approved()
    with pytest.raises(CommandError, match="2 papers wait"):
        call_command("retention_dispose", proposal.number, "--by", world.it.username, stdout=StringIO())
    paper_disposing.papers_missing(
        proposal_id=proposal.pk, items=[one.pk for one in paper_disposing.waiting(proposal)], note="x",
        actor=world.it, now=LATER + timedelta(days=1),
    )  # fmt: skip
    out = StringIO()
    with pytest.raises(CommandError, match="2 could not be deleted"):
        call_command("retention_dispose", proposal.number, "--json", stdout=out)
    assert json.loads(out.getvalue())["destroyed"] == 3
