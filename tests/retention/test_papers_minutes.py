"""The berita acara of destroyed documents (RET-10, RET-11): what it says, in both languages, and its annex."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import Role
from occ.people.models import Person, Site, User
from retention.models import Proposal
from retention.services import disposing, minutes, paper_minutes
from retention.services.paper_disposing import waiting
from retention.services.witnesses import Outsider
from tests import factories
from tests.retention.disposal import LATER, OLD, tomorrow
from tests.retention.papers import Papers, enter, issue, papers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-10", "RET-11")]


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def text_of(document: IssuedDocument) -> str:
    with storages["documents"].open(document.file) as file:
        return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_it_says_what_was_destroyed_by_whom_and_how(world: Papers) -> None:
    proposal = world.gone()
    document = world.issued(proposal)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.document) == ("closed", document) and document.type_code == "BA-MUS"
    said = text_of(document)
    wanted = ["5 (lima)", proposal.number, "Saksi Satu", "Sri Wahyuni", str(world.it), "18 lembar", "OP.01"]
    wanted += [one.full_number for one in world.documents] + [one.sha256 for one in world.documents]
    for words in (*wanted, *(one.number for one in world.entries), *(one.title for one in world.entries)):
        assert words in said, words
    assert proposal.approval is not None and proposal.approval.name in said


def test_in_english(world: Papers) -> None:
    said = text_of(world.issued(world.gone(), "en"))
    for words in ("On this day", "5 (five)", "Number of documents", "Classification code", "2 years", "Shredded"):
        assert words in said, words


def test_who_may_and_when(world: Papers) -> None:
    proposal = world.destroyed()
    with pytest.raises(WrongState):  # papers wait
        world.issued(proposal)
    world.by_hand(proposal)
    with pytest.raises(NotAllowed):
        world.issued(proposal, actor=world.it)
    with pytest.raises(Invalid):
        world.issued(proposal, witnesses=[])
    path = world.path(world.documents[0])
    path.write_bytes(b"x")
    with pytest.raises(WrongState, match="without_file 4"):  # counted anew, a file is there
        world.issued(proposal)


def test_units_of_papers_are_added_up(world: Papers) -> None:
    given = [("1 map", "hardcopy"), ("3 lembar", "hardcopy"), ("", "hardcopy"), ("8 file", "softcopy")]
    for n, (quantity, medium) in enumerate([*given, ("banyak", "hardcopy")], 10):
        enter(world, n, quantity=quantity, medium=medium)
    said = paper_minutes.quantities(list(world.proposal().items.select_related("document", "entry")))
    for words in ("21 lembar", "1 map", "8 file", "1 banyak"):
        assert words in said
    assert said.startswith("3 ")


def test_another_person_of_team_it_is_named_who_destroyed_the_papers(world: Papers) -> None:
    other = factories.user(Role.IT, world.site, name="it.dua")
    proposal = world.destroyed()
    first, second = waiting(proposal)
    world.by_hand(proposal, items=[first.pk])
    world.by_hand(proposal, items=[second.pk], actor=other, witness=Outsider("Rina", "Sekretaris", "PT Saksi"))
    said = text_of(world.issued(Proposal.objects.get(pk=proposal.pk)))
    for name in ("it.dua", str(world.it), "Rina", "Sri Wahyuni", "Saksi Satu"):
        assert name in said


def named(user: User, site: Site, name: str) -> Person:
    user.person = factories.person(site, name=name)
    user.save(update_fields=["person"])
    return user.person


def test_who_saw_papers_destroyed_neither_issues_the_berita_acara_nor_destroys_others(world: Papers) -> None:
    other = factories.user(Role.IT, world.site, name="it.dua")
    saw, helper = named(world.control, world.site, "Dwi Saksi"), named(other, world.site, "Hari Saksi")
    proposal = world.destroyed()
    first, second = waiting(proposal)
    for party in (world.client, world.it):  # who approved it; who destroys it
        with pytest.raises(Invalid):
            world.by_hand(proposal, items=[first.pk], witness=named(party, world.site, f"Pihak {party.pk}"))
    world.by_hand(proposal, items=[first.pk], witness=helper)
    with pytest.raises(WrongState):
        world.by_hand(proposal, items=[second.pk], actor=other)
    world.by_hand(proposal, items=[second.pk], witness=saw)
    proposal = Proposal.objects.get(pk=proposal.pk)
    with pytest.raises(WrongState, match="berita acara"):
        world.issued(proposal)
    assert world.issued(proposal, actor=factories.user(Role.DOCUMENT_CONTROL, world.site, name="dc.dua")).size


def test_refused_and_given_up_lines_are_remarked_and_not_in_the_annex(world: Papers) -> None:
    proposal = world.submitted()
    line = proposal.items.get(document=world.documents[0])
    world.decide(proposal, refused={line.pk}, reason="x", again_on=tomorrow())
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    world.by_hand(proposal)
    said = text_of(world.issued(proposal, "en"))
    assert world.documents[0].full_number not in said and "kept: 1" in said and "4 (four)" in said


@pytest.mark.parametrize("hostile", ["#panic()", "‮txt.exe", "<script>", "a" * 200, "\x07 x", "漢字 🎧"])
def test_hostile_titles_are_only_text(tmp_path: Path, hostile: str) -> None:
    world = papers(tmp_path, documents=1, entries=0)
    enter(world, 1, title=hostile, place=hostile[:100], quantity=hostile[:40], copies=hostile[:40])
    document = world.issued(world.gone())
    assert document.size > 0
    out = io.BytesIO()
    assert minutes.annex_workbook(out, Proposal.objects.get(document=document)) == 2


def test_the_annex_as_a_spreadsheet(world: Papers) -> None:
    proposal = world.gone()
    out = io.BytesIO()
    assert minutes.annex_workbook(out, proposal) == 5
    rows = list(load_workbook(out).worksheets[0].values)
    assert len(rows) == 6 and len(rows[0]) == 11
    issued = next(row for row in rows if row[9] == world.documents[0].full_number)
    assert issued[10] == world.documents[0].sha256 and issued[2] == "LOG-UID"
    paper = next(row for row in rows if row[9] == world.entries[1].number)
    assert (paper[1], paper[2], paper[4], paper[5]) == (world.entries[1].title, "OP.01", "12 lembar", "asli")
    assert "Sri Wahyuni" in str(paper[8])


def test_the_verification_page_says_destroyed_by_which_berita_acara(world: Papers) -> None:
    proposal = world.gone()
    page = Client()
    page.cookies["django_language"] = "en"
    url = reverse("documents:verify", args=[world.documents[0].code])
    before = page.get(url)
    assert before.status_code == 200 and "was destroyed on" in before.content.decode()
    document = world.issued(proposal)
    said = page.get(url).content.decode()
    assert document.full_number in said and world.documents[0].sha256 in said
    kept = issue(world.site, world.control, now=OLD + timedelta(days=900))
    assert "is valid" in page.get(reverse("documents:verify", args=[kept.code])).content.decode()
