"""The Berita Acara Pemusnahan (RET-10): its words, what it needs before it is issued, its annex."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from occ.documents.choices import Purpose
from occ.documents.countersigning import document_sign, sheet_of
from occ.documents.models import IssuedDocument, Series
from occ.documents.rendering import render
from occ.documents.signing import signing_confirm
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.people.choices import Role
from retention.documents.disposal import DISPOSAL, WIDTHS, Destroyed, Facts, Signer, disposal_body
from retention.documents.disposal import pages as pages_of
from retention.models import Packed, Probe, Proposal
from retention.services import disposing, minutes
from retention.services.paper_lists import proofs
from retention.services.witnesses import Outsider
from retention.wording import day_in_words, number_en, number_id
from tests.factories import person, user
from tests.retention.disposal import LATER, PASSWORD, Dead, dead, tomorrow

SAKSI = Outsider("Saksi Satu", "QMR", "PT Saksi")
pytestmark = pytest.mark.req("RET-10")


@pytest.mark.parametrize(
    ("n", "indonesian", "english"),
    [
        (0, "nol", "zero"),
        (11, "sebelas", "eleven"),
        (12, "dua belas", "twelve"),
        (20, "dua puluh", "twenty"),
        (21, "dua puluh satu", "twenty-one"),
        (100, "seratus", "one hundred"),
        (101, "seratus satu", "one hundred and one"),
        (111, "seratus sebelas", "one hundred and eleven"),
        (1000, "seribu", "one thousand"),
        (1999, "seribu sembilan ratus sembilan puluh sembilan", "one thousand nine hundred and ninety-nine"),
        (2026, "dua ribu dua puluh enam", "two thousand and twenty-six"),
        (10_000, "sepuluh ribu", "ten thousand"),
        (100_000, "seratus ribu", "one hundred thousand"),
        (1_000_000, "satu juta", "one million"),
        (1_100_110, "satu juta seratus ribu seratus sepuluh", "one million one hundred thousand one hundred and ten"),
    ],
)
def test_numbers_in_words(n: int, indonesian: str, english: str) -> None:
    assert (number_id(n), number_en(n)) == (indonesian, english)


def test_days_in_words() -> None:
    assert day_in_words(date(2026, 11, 20), "id") == (
        "Jumat tanggal dua puluh bulan November tahun dua ribu dua puluh enam"
    )
    assert day_in_words(date(2026, 11, 20), "en") == "Friday, the twentieth of November, two thousand and twenty-six"
    assert day_in_words(date(2027, 1, 31), "en").startswith("Sunday, the thirty-first of January")
    words = [day_in_words(date(2026, 12, n), "en").split()[2] for n in (1, 2, 3, 5, 8, 9, 12, 13, 20, 22, 30)]
    assert words == "first second third fifth eighth ninth twelfth thirteenth twentieth twenty-second thirtieth".split()


@pytest.fixture
def world(tmp_path: Path, db: None) -> Dead:
    return dead(tmp_path)


def issue(world: Dead, proposal: Proposal, language: str = "id", **given: object) -> IssuedDocument:
    signing = signing_confirm(user=world.control, password=PASSWORD, purpose=Purpose.PREPARED, now=LATER)
    facts = {
        "place": "Jakarta", "witnesses": [SAKSI], "signatures": [signing],
        "actor": world.control, "now": LATER,
    } | given  # fmt: skip
    return minutes.disposal_issue(proposal_id=proposal.pk, language=language, **facts)  # type: ignore[arg-type]


def text_of(document: IssuedDocument) -> str:
    with storages["documents"].open(document.file) as file:
        return "\n".join(page.extract_text() for page in PdfReader(file).pages)


def test_it_says_what_was_destroyed_by_whom_and_why(world: Dead) -> None:
    proposal = world.destroyed()
    document = issue(world, proposal)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.document) == ("closed", document)
    assert document.number.startswith("BA-MUS/JKT/")
    said = " ".join(text_of(document).split())
    for words in ("6 (enam)", proposal.number, "Saksi Satu", str(world.it), world.records[5].external_id):
        assert words in said
    assert "tahun dua ribu" in said and proposal.approval is not None and proposal.approval.name in said
    with pytest.raises(WrongState):
        issue(world, proposal)


@pytest.mark.req("RET-11")
def test_the_batch_names_the_proposal_and_the_berita_acara(world: Dead, client: Client) -> None:
    client.force_login(world.leader)
    proposal, page = world.destroyed(), world.batch.get_absolute_url()
    assert proposal.number in client.get(page).content.decode()
    document = issue(world, proposal)
    shown = client.get(page).content.decode()
    assert document.full_number in shown and document.get_absolute_url() in shown


def test_in_english(world: Dead) -> None:
    said = " ".join(text_of(issue(world, world.destroyed(), "en")).split())
    assert "On this day" in said and "6 (six)" in said and "Classification code" in said


def test_who_may_and_what_it_needs(world: Dead) -> None:
    approved = world.approved()
    with pytest.raises(WrongState):
        issue(world, approved)
    disposing.proposal_execute(proposal_id=approved.pk, actor=world.it, now=LATER)
    world.run(approved)
    for given, refusal in (
        ({"actor": world.it}, NotAllowed), ({"witnesses": []}, Invalid), ({"place": " "}, Invalid),
        ({"witnesses": [SAKSI, Outsider(f" {str(world.it).upper()} ", "QMR", "x")]}, Invalid),
        ({"witnesses": [SAKSI, SAKSI]}, Invalid), ({"witnesses": [Outsider("Sri", "QMR", " ")]}, Invalid),
        ({"witnesses": [person(world.site)]}, Invalid),  # who holds no role
    ):  # fmt: skip
        with pytest.raises(refusal):
            issue(world, approved, **given)
    assert not IssuedDocument.objects.exists()


@pytest.mark.parametrize("party", ["control", "it", "client"])
def test_the_witness_is_neither_author_nor_executor_nor_approver(world: Dead, client: Client, party: str) -> None:
    """Refused on the page, of the draft and by the service; as one of the house and as a name from outside."""
    proposal, one = world.destroyed(), getattr(world, party)
    one.person = person(world.site, name="Dwi Pihak")
    one.save(update_fields=["person"])
    for witness in (one.person, Outsider("dwi  pihak", "QMR", "PT Lain")):
        with pytest.raises(Invalid) as refusal:
            issue(world, proposal, witnesses=[SAKSI, witness])
        assert refusal.value.field in ("witness_2", "outsider_2")
    client.force_login(world.control)
    page = f"{proposal.get_absolute_url()}issue/"
    given = {"witness_1": one.person.number, "place": "Jakarta", "language": "id", "password": PASSWORD}
    for url in (page, f"{page}preview/"):
        answer = client.post(url, given)
        assert answer.status_code == 422 and "witness_1" in answer.context["form"].errors
    assert not IssuedDocument.objects.exists()


def test_a_draft_says_what_would_be_issued_and_leaves_nothing(world: Dead) -> None:
    """A witness is somebody with a role, or from outside with position and organisation."""
    proposal, chosen = world.destroyed(), person(world.site, name="Rini Saksi")
    world.leader.person = chosen
    world.leader.save(update_fields=["person"])
    entries, witnesses = Entry.objects.count(), [chosen, Outsider("Dewi", "Manajer", "PT Pegadaian")]
    asked = {"proposal_id": proposal.pk, "place": "Jakarta", "witnesses": witnesses, "language": "id", "now": LATER}
    with pytest.raises(NotAllowed):
        minutes.disposal_preview(**asked, actor=world.it)
    pdf = PdfReader(io.BytesIO(minutes.disposal_preview(**asked, actor=world.control)))
    pages = [" ".join(page.extract_text().split()) for page in pdf.pages]
    assert all("RANCANGAN" in page for page in pages)
    for words in ("6 (enam)", "Rini Saksi", "Agent", "Dewi", "Manajer, PT Pegadaian", world.records[5].external_id):
        assert any(words in page for page in pages), words
    assert not any("verify" in page or "BA-MUS/" in page for page in pages)
    proposal.refresh_from_db()
    assert proposal.status == "destroyed" and Entry.objects.count() == entries
    assert not IssuedDocument.objects.exists() and not Series.objects.filter(last_number__gt=0).exists()
    document = issue(world, proposal, witnesses=witnesses)
    said = " ".join(text_of(document).split())
    assert "Manajer, PT Pegadaian" in said and "RANCANGAN" not in said and document.number.endswith("000001")


def test_none_for_what_is_partly_done(world: Dead) -> None:
    path = world.root / "source" / world.records[3].path
    path.unlink()
    path.mkdir()
    proposal = world.destroyed()
    assert proposal.status == "partial"
    with pytest.raises(WrongState):
        issue(world, proposal)


@pytest.mark.parametrize("result", ["failed", "not_run"])
def test_none_before_its_absence_is_proved(world: Dead, result: str) -> None:
    proposal = world.destroyed()
    Probe.objects.filter(proposal=proposal).update(result=result, ran_at=LATER if result == "failed" else None)
    with pytest.raises(WrongState):
        issue(world, proposal)


def test_none_when_counted_anew_it_differs(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = world.destroyed()
    assert Packed.objects.filter(key=None).count() == 6
    monkeypatch.setattr(minutes, "recount", lambda proposal: {"lines": 6, "tombstones": 5})
    with pytest.raises(WrongState, match="5"):
        issue(world, proposal)


def test_refused_and_held_lines_are_remarked_and_not_in_the_annex(world: Dead) -> None:
    proposal = world.submitted()
    line = proposal.items.get(record=world.records[0])
    world.decide(proposal, refused={line.pk}, reason="x", again_on=tomorrow())
    world.hold(world.records[1])
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    said = text_of(issue(world, proposal, "en"))
    assert world.records[0].external_id not in said and world.records[1].external_id not in said
    assert "4 (four)" in said and "kept: 1" in said and "held: 1" in said


def test_the_annex_as_a_spreadsheet(world: Dead) -> None:
    proposal = world.destroyed()
    out = io.BytesIO()
    assert minutes.annex_workbook(out, proposal) == 6
    rows = list(load_workbook(out).worksheets[0].values)
    assert len(rows) == 7 and len(rows[0]) == 11
    assert rows[1][8] == f"ID {world.records[0].external_id}" and rows[1][10] == world.records[0].sha256
    assert rows[1][9] == "JKT-recording-" + world.batch.identifier.split("-")[2] + "-01"


@pytest.mark.parametrize("hostile", ["#panic()", "‮txt.exe", "<script>", "a" * 120, "\x00\x07", "漢字 🎧"])
def test_hostile_ids_are_only_text(hostile: str) -> None:
    assert render_annex([Destroyed(hostile, "chat", date(2024, 1, 1), 5, "0" * 64, "B")])[:5] == b"%PDF-"


def test_long_ids_leave_no_page_without_headings_or_half_empty() -> None:
    lines = [
        Destroyed(f"OMNI-CHAT-{n:04}-JAKARTA-PUSAT-0000", "chat", date(2023, 1, 1), 5, "a" * 64, "B") for n in range(72)
    ]
    pages = PdfReader(io.BytesIO(render_annex(lines))).pages
    said = [page.extract_text() for page in pages]
    assert len(said) == 4 and all("Kode Klasifikasi" in one for one in said[1:])
    assert [one.count("OMNI-CHAT") for one in said[1:]] == [24, 24, 24]
    assert len(pages_of([["1", *["x"] * 9]] * 85, WIDTHS)) == 3  # of short ones 42 on a page


@pytest.mark.parametrize("count", [1, 4, 9])
def test_who_signs_stands_on_one_page_with_the_words_that_are_signed(count: int) -> None:
    """Whatever their names' length; the number is on top of the first page."""
    signers = [Signer("Saksi", f"Muhammad Rizky Ardiansyah Putra Pratama {n}", "Manajer " * 9) for n in range(count)]
    basis = [f"Dasar {n} " + "yang panjang " * 20 for n in range(9)]
    said = [page.extract_text() for page in PdfReader(io.BytesIO(render_annex([], signers, basis))).pages]
    assert "Number-1" in said[0].partition("Pada hari ini")[0]
    (page,) = [one for one in said if "Demikian berita acara" in one]
    assert page.count("Muhammad") == count


def render_annex(lines: list[Destroyed], signers: Sequence[Signer] = (), basis: Sequence[str] = ("x",)) -> bytes:
    facts = Facts(
        day=date(2026, 11, 20), place="Jakarta", number="MUS-JKT-2026-0001", kinds="Chat", count=len(lines),
        period=(date(2023, 1, 1), date(2023, 12, 31)), volume="1 GB", list_sha256="0" * 64, basis=basis, method=["y"],
        remarks=[], retention="2",
    )  # fmt: skip
    body = disposal_body(facts=facts, lines=lines, signers=signers or [Signer("a", "b", "c")], language="id")
    names = "sop_code sop_revision sop_effective page number issued verify signed".split()
    labels = dict.fromkeys(names, "x")
    frame = {
        "language": "id", "organisation": "x", "title": "x", "number": "Number-1", "issued": "x", "verify_url": "https://x/",
        "procedure": {"title": "x", "clause": "x", "code": "x", "revision": "x", "effective": "x"},
        "labels": labels | {"page_of": "%x %y"}, "signatures": [],
    }  # fmt: skip
    return render(template=DISPOSAL.template, frame=frame, body=body, issued_at=LATER)


def test_an_annex_of_ten_thousand_lines() -> None:
    lines = [
        Destroyed(f"CALL-{n:08}", "recording", date(2023, 1, 1) + timedelta(days=n % 365), n, f"{n:064x}", "B")
        for n in range(10_000)
    ]
    pdf = render_annex(lines)
    assert "CALL-00009999" in PdfReader(io.BytesIO(pdf)).pages[-1].extract_text()


@pytest.mark.req("RET-10", "KER-3")
def test_its_signers_are_the_executor_the_witness_and_the_approver_and_a_sheet_bears_them(world: Dead) -> None:
    proposal, saw = world.destroyed(), user(Role.SUPPORT, world.site)
    saw.person = person(world.site, name="Rini Saksi")
    saw.save(update_fields=["person"])
    document = issue(world, proposal, witnesses=[saw.person, SAKSI])
    named = [(one["purpose"], one["user_id"]) for one in document.slots]
    assert named == [
        ("executed", world.it.pk), ("witnessed", saw.pk), ("witnessed", None), ("approved", world.client.pk),
    ]  # fmt: skip
    asked = Notification.objects.filter(kind="retention.minutes_to_sign").values_list("user_id", flat=True)
    assert set(asked) == {world.it.pk, saw.pk, world.client.pk}
    sign = {"document_id": document.pk, "password": PASSWORD, "now": LATER}
    with pytest.raises(WrongState):  # the one who drew it up has signed
        document_sign(user=user(Role.DOCUMENT_CONTROL, world.site), purpose="prepared", **sign)
    for who, purpose in ((world.it, "executed"), (saw, "witnessed"), (world.client, "approved")):
        assert sheet_of(document) is None
        document_sign(user=who, purpose=purpose, **sign)
    sheet = sheet_of(document)
    assert sheet is not None and sheet.number.startswith("LP-BA-MUS/JKT/")
    assert IssuedDocument.objects.filter(proofs()).count() == 2, "neither ever comes up for disposal"


@pytest.mark.req("RET-10", "KER-3")
def test_who_cannot_sign_here_is_not_waited_for_and_signs_on_paper(world: Dead) -> None:
    """Who only audits signs nothing here; who has left by then has no log-in any more."""
    proposal, saw = world.destroyed(), user(Role.AUDITOR, world.site)
    saw.person = person(world.site, name="Rini Auditor")
    saw.save(update_fields=["person"])
    type(world.it).objects.filter(pk=world.it.pk).update(is_active=False)
    document = issue(world, proposal, witnesses=[saw.person])
    assert [(one["purpose"], one["user_id"]) for one in document.slots] == [
        ("executed", None), ("witnessed", None), ("approved", world.client.pk),
    ]  # fmt: skip
    document_sign(document_id=document.pk, user=world.client, purpose="approved", password=PASSWORD, now=LATER)
    sheet = sheet_of(document)
    assert sheet is not None
    with storages["documents"].open(sheet.file) as file:
        said = "".join(page.extract_text() for page in PdfReader(file).pages)
    assert "Rini Auditor" in said


def test_only_those_who_can_be_are_offered_as_witnesses(world: Dead, client: Client) -> None:
    proposal, free, theirs = world.destroyed(), user(Role.SUPPORT, world.site), user(Role.CLIENT, world.site)
    for n, one in enumerate((world.control, world.it, world.client, free, theirs)):
        one.person = person(world.site, name=f"Calon {n}")
        one.save(update_fields=["person"])
    client.force_login(world.control)
    form = client.get(f"{proposal.get_absolute_url()}issue/").context["form"]
    url = form.fields["witness_1"].widget.attrs["data-url"]
    offered = client.get(f"{url}&q=Calon").json()["results"]
    assert [one["value"] for one in offered] == [f"Calon 3 · {free.person.number}"]
    assert client.get(f"{url.partition('?')[0]}?of=0&q=Calon").json()["results"] == []
