"""Issuing: numbers, the file, what the database keeps."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError, IntegrityError, connection, transaction
from pypdf import PdfReader

from occ.documents import rendering, services
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument, Series
from occ.documents.services import document_destroy, document_revise, files_sweep, kept_until
from occ.documents.signing import Signing
from occ.errors import Invalid, WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import Site, User
from tests.documents.conftest import NOW, ROW, issue
from tests.factories import user
from userids.documents import LOGBOOK


def pdf_of(document: IssuedDocument) -> Path:
    return Path(storages["documents"].path(document.file))


def text_of(document: IssuedDocument) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(pdf_of(document)).pages)


@pytest.mark.req("UID-14")
def test_the_paper_carries_the_procedures_head_and_its_own_number(site: Site, control: User) -> None:
    document = issue(site, control)
    text = text_of(document)
    assert document.number == "LOG-UID/JKT/2026/000001"
    for part in [document.number, "Logbook User ID Omni Channel", "SOP User ID Omni Channel", document.code, "02"]:
        assert part in text
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf_of(document).read_bytes()
    assert hashlib.sha256(pdf_of(document).read_bytes()).hexdigest() == document.sha256
    assert document.expires_on == date(2028, 11, 20)
    assert Entry.objects.filter(action="document.issued", subject_id=str(document.pk)).count() == 1


@pytest.mark.req("UID-14")
def test_the_head_leaves_out_what_the_procedure_does_not_have(site: Site, control: User) -> None:
    text = text_of(issue(site, control))
    assert "Revisi" in text and "Halaman" in text
    assert "Kode Dokumen" not in text and "Tanggal Berlaku" not in text
    whole = replace(LOGBOOK, sop_code="OCC.01", sop_effective="25 September 2025")
    text = text_of(issue(site, control, type=whole))
    assert "Kode Dokumen" in text and "OCC.01" in text and "Tanggal Berlaku" in text and "25 September 2025" in text


@pytest.mark.req("UID-14")
def test_text_is_never_taken_for_typst(site: Site, control: User) -> None:
    hostile = ('#import "/etc/passwd"', "*x* $y$ #panic() ] [ `", "a" * 200 + "@x.id", "😀 漢字", "שלום مرحبا \u202e",
               "\x00\x01", None, "<script>", None, "\\ \" #{")  # fmt: skip
    text = text_of(issue(site, control, rows=[hostile] * 3))
    assert '#import "/etc/' in text
    assert "#panic()" in text


@pytest.mark.req("UID-14")
@pytest.mark.parametrize("count", [0, 60])
def test_every_page_has_head_and_foot(site: Site, control: User, count: int) -> None:
    document = issue(site, control, rows=[ROW] * count)
    pages = PdfReader(pdf_of(document)).pages
    assert len(pages) > 1 or count == 0
    for page in pages:
        assert document.number in page.extract_text()
        assert str(len(pages)) in page.extract_text()


@pytest.mark.req("KER-10")
def test_a_failed_issue_uses_no_number(site: Site, control: User, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(site, control)

    def broken(**kwargs: Any) -> None:
        raise RuntimeError("the ledger is away")

    with monkeypatch.context() as patched:
        patched.setattr(services, "record", broken)
        with pytest.raises(RuntimeError):
            issue(site, control)
    assert issue(site, control).sequence == 2
    assert len(list(Path(storages["documents"].path("")).rglob("*.pdf"))) == 3
    assert files_sweep(now=NOW + timedelta(days=3650)) == 1


@pytest.mark.req("KER-10")
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_numbered_without_gap(monkeypatch: pytest.MonkeyPatch, site: Site, control: User) -> None:
    barrier = Barrier(20)
    monkeypatch.setattr(services, "render", lambda **kwargs: b"%PDF-1.7 short")

    def one(_n: int) -> int:
        try:
            barrier.wait(timeout=30)
            return issue(site, control).sequence
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        numbers = sorted(pool.map(one, range(20)))
    assert numbers == list(range(1, 21))
    assert Series.objects.get().last_number == 20


@pytest.mark.req("KER-10")
def test_a_revision_keeps_the_number_and_supersedes(site: Site, control: User) -> None:
    first = issue(site, control)
    second = document_revise(
        document_id=first.pk, type=LOGBOOK, title=first.title, data=first.data, language="en", reason="A wrong date",
        actor=control, now=NOW + timedelta(days=1),
    )  # fmt: skip
    first.refresh_from_db()
    assert second.full_number == f"{first.number}/R1"
    assert first.status == Status.SUPERSEDED
    assert second.supersedes == first
    assert "page 1 of 1" in text_of(second)
    with pytest.raises(WrongState):
        document_revise(
            document_id=first.pk, type=LOGBOOK, title="x", data=first.data, language="id", reason="again",
            actor=control, now=NOW,
        )  # fmt: skip


@pytest.mark.req("KER-10")
def test_a_revision_is_signed_by_as_many_persons_as_the_first_issue(site: Site, control: User) -> None:
    """What stood on the one before may be repeated as it was given, and the ledger does not say it was given anew."""
    maker, head = user(Role.SUPPORT, site), user(Role.MANAGER, site)
    made = Signing(maker.pk, "Sri", "Support", "prepared", NOW)
    first = issue(site, control, signatures=[made])
    later = NOW + timedelta(days=1)

    def revise(*signatures: Signing) -> IssuedDocument:
        return document_revise(
            document_id=first.pk, type=LOGBOOK, title="x", data=first.data, language="id", reason="A wrong date",
            actor=control, now=later, signatures=signatures,
        )  # fmt: skip

    approved = Signing(head.pk, "Head", "Manager", "approved", later)
    for wrong in (
        [made, replace(made, purpose="approved", at=later)], [approved, replace(approved, purpose="checked")],
        [made, replace(approved, at=NOW - timedelta(hours=1))],
    ):  # fmt: skip
        with pytest.raises(Invalid):
            revise(*wrong)
    first.refresh_from_db()
    assert first.status == Status.VALID
    second = revise(made, approved)
    said = Entry.objects.filter(subject_id=str(second.pk)).values_list("action", "data__signed_by")
    assert {("document.signature_repeated", maker.pk), ("document.signed", head.pk)} < set(said)


CHANGES = [
    "UPDATE documents_issueddocument SET title = 'other'",
    "UPDATE documents_issueddocument SET sha256 = repeat('0', 64)",
    "UPDATE documents_issueddocument SET data = '{\"x\": 1}'",
    "UPDATE documents_issueddocument SET expires_on = '2020-01-01'",
    "DELETE FROM documents_issueddocument",
    "TRUNCATE documents_issueddocument CASCADE",
    "UPDATE documents_series SET last_number = 0",
    "UPDATE documents_series SET last_number = last_number + 2",
    "DELETE FROM documents_series",
]


@pytest.mark.req("KER-10")
@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_what_was_issued(site: Site, control: User, statement: str) -> None:
    issue(site, control)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.req("KER-6")
def test_masa_simpan_ends_on_a_day_that_exists() -> None:
    assert kept_until(date(2024, 2, 29), 2) == date(2026, 3, 1)
    assert kept_until(date(2026, 12, 31), 2) == date(2028, 12, 31)


@pytest.mark.req("KER-6")
@pytest.mark.parametrize(("hour", "year"), [(16, 2026), (17, 2027)])
def test_the_year_of_the_number_is_the_sites(site: Site, control: User, hour: int, year: int) -> None:
    assert issue(site, control, now=NOW.replace(month=12, day=31, hour=hour)).year == year


def test_not_destroyed_before_its_masa_simpan_is_over_nor_without_approval(site: Site, control: User) -> None:
    """With approval: tests/retention/test_papers_execution.py."""
    document = issue(site, control)
    given: dict[str, Any] = {"document_id": document.pk, "note": "MUS-1", "by": control, "actor": control}
    with pytest.raises(WrongState):
        document_destroy(**given, now=NOW + timedelta(days=700))
    with pytest.raises(IntegrityError, match="no proposal has it on its list"), transaction.atomic():
        document_destroy(**given, now=NOW + timedelta(days=800))
    document.refresh_from_db()
    assert document.status == "valid" and document.data and pdf_of(document).exists()


def test_words_longer_than_a_column_can_break() -> None:
    assert "\u200b" in rendering.printable("a" * 60)
    assert rendering.printable("siti.rahmawati@x.id") == "siti.rahmawati@x.id"
    assert "\u202e" not in rendering.printable("a\u202eb")
