"""Register, download, signing, verification, attachments: who gets what."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils.translation import override
from pypdf import PdfWriter

from occ.documents.attachments import FileRefused, attachment_add
from occ.documents.countersigning import document_sign
from occ.documents.models import IssuedDocument
from occ.documents.pdf import PROGRAM, pdf_check
from occ.documents.services import verification_url
from occ.documents.signing import Signing
from occ.errors import Invalid
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.passwords import TooManyAttempts
from tests.documents.conftest import NOW, PASSWORD, issue, user_with
from tests.factories import PDF, pdf

PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    for name, data in [(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
)


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ["[Content_Types].xml", *names]:
            archive.writestr(name, "<x/>")
    return out.getvalue()


@pytest.fixture
def document(site: Site, control: User) -> IssuedDocument:
    return issue(site, control)


@pytest.mark.req("KER-9")
def test_a_file_that_is_gone_is_said(client: Client, document: IssuedDocument) -> None:
    """Lost, or just being destroyed while its row is not written yet: words, and no download in the ledger."""
    client.force_login(user_with(Role.DOCUMENT_CONTROL, document.site, "somebody"))
    storages["documents"].delete(document.file)
    assert client.get(f"/documents/{document.pk}/download/").status_code == 404
    assert not Entry.objects.filter(action="document.downloaded").exists()


SEES = [
    (Role.DOCUMENT_CONTROL, True), (Role.AUDITOR, True), (Role.QMR, True), (Role.COORDINATOR, True),
    (Role.MANAGER, True), (Role.SUPPORT, True), (Role.AGENT, False), (Role.CLIENT, False), (Role.TEAM_LEADER, False),
]  # fmt: skip


@pytest.mark.req("KER-9")
@pytest.mark.parametrize(("role", "sees"), SEES)
@pytest.mark.parametrize("own", [True, False])
def test_only_reading_roles_of_the_site_get_it(
    client: Client, document: IssuedDocument, other_site: Site, role: Role, sees: bool, own: bool
) -> None:
    client.force_login(user_with(role, document.site if own else other_site, "somebody"))
    expected = 200 if sees and own else 404
    for url in [f"/documents/{document.pk}/", f"/documents/{document.pk}/download/"]:
        assert client.get(url).status_code == expected
    listed = document.number in client.get("/documents/").content.decode()
    assert listed == (expected == 200)


@pytest.mark.req("KER-9")
def test_a_download_is_a_file_to_save_and_leaves_an_entry(
    client: Client, document: IssuedDocument, control: User
) -> None:
    client.force_login(control)
    response = client.get(f"/documents/{document.pk}/download/")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'attachment; filename="LOG-UID-JKT-2026-000001.pdf"'
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert Entry.objects.filter(action="document.downloaded", actor=control).count() == 1


@pytest.mark.req("KER-9")
def test_anybody_verifies_by_code_and_by_file(document: IssuedDocument, control: User) -> None:
    client = Client(enforce_csrf_checks=True)
    url = f"/verify/{document.code.upper()}/"
    page = client.get(url)
    assert page.status_code == 200
    assert document.sha256 in page.content.decode()
    assert client.post(url, {"file": SimpleUploadedFile("a.pdf", PDF)}).status_code == 403
    insider = Client()
    insider.force_login(control)
    pdf = b"".join(insider.get(f"/documents/{document.pk}/download/").streaming_content)  # type: ignore[attr-defined]
    token = client.cookies["csrftoken"].value
    for content, result in [(pdf, "same"), (pdf + b" ", "other")]:
        answer = client.post(url, {"file": SimpleUploadedFile("a.pdf", content), "csrfmiddlewaretoken": token})
        assert answer.context["result"] == result
    assert client.get("/verify/0123456789abcdefghjkmnpqrs/").status_code == 404
    assert document.code in verification_url(document.code)


def test_signing_needs_the_password_again(document: IssuedDocument, control: User) -> None:
    for _n in range(5):
        with pytest.raises(Invalid):
            document_sign(document_id=document.pk, user=control, password="no", purpose="checked", now=NOW)
    with pytest.raises(TooManyAttempts):
        document_sign(document_id=document.pk, user=control, password=PASSWORD, purpose="checked", now=NOW)
    later = NOW + timedelta(minutes=16)
    document_sign(document_id=document.pk, user=control, password=PASSWORD, purpose="checked", now=later)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE documents_signature SET name = 'somebody else'")


def signed(document: IssuedDocument, user: User, purpose: str) -> None:
    document_sign(document_id=document.pk, user=user, password=PASSWORD, purpose=purpose, now=NOW)


@pytest.mark.req("KER-3")
@pytest.mark.parametrize(
    ("first", "then"), [("prepared", "approved"), ("approved", "prepared"), ("checked", "approved")]
)
def test_one_person_neither_checks_nor_approves_what_they_prepared(
    client: Client, document: IssuedDocument, control: User, first: str, then: str
) -> None:
    """Four eyes: the form does not offer it, and the page and the service refuse it."""
    signed(document, control, first)
    other = user_with(Role.QMR, document.site, "qmr")
    client.force_login(other)
    chosen = client.get(f"/documents/{document.pk}/").context["form"]["purpose"].initial
    assert chosen == ("approved" if first == "checked" else "checked"), "what nobody has signed for yet"
    client.force_login(control)
    shown = client.get(f"/documents/{document.pk}/")
    assert [value for value, _label in shown.context["form"].fields["purpose"].choices] == ["acknowledged"]
    answer = client.post(f"/documents/{document.pk}/sign/", {"purpose": then, "password": PASSWORD})
    assert answer.status_code == 422 and "orang yang berbeda" in answer.content.decode()
    with pytest.raises(Invalid):
        signed(document, control, then)
    if then == "prepared":  # by whoever issued it, and nobody else
        return
    signed(document, user_with(Role.COORDINATOR, document.site, "koordinator"), then)
    signed(document, control, "acknowledged")
    assert document.signatures.count() == 3
    assert client.get(f"/documents/{document.pk}/").context["form"] is None


@pytest.mark.req("KER-3")
def test_none_is_issued_that_one_person_prepared_and_approved(site: Site, control: User) -> None:
    both = [Signing(control.pk, "Dwi", "DC", purpose, NOW) for purpose in ("prepared", "approved")]
    with pytest.raises(Invalid):
        issue(site, control, signatures=both)
    assert not IssuedDocument.objects.exists()


def locked(password: str) -> bytes:
    """A PDF that asks for the password; for "" it only restricts what may be done with it."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(out)
    return out.getvalue()


GOOD = [
    ("a.pdf", PDF), ("a.pdf", locked("")), ("a.png", PNG), ("a.jpeg", b"\xff\xd8\xff\xe0 picture"),
    ("a.txt", "surat résign".encode()),
    ("a.docx", office("word/document.xml")), ("a.xlsx", office("xl/workbook.xml")),
]  # fmt: skip
BAD = [
    ("a.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"), ("a.pdf", pdf(0)), ("a.pdf", locked("rahasia")),
    ("a.png", PDF), ("a.pdf", PNG), ("a.exe", b"MZ\x00\x01"), ("a.png", PNG + b"<script>alert(1)</script>"),
    ("a.png", PNG + b"tail"), ("a.txt", b"<html><body>x</body></html>"), ("a.html", b"<!doctype html>"), ("a.pdf", b""),
    ("a.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin")), ("a.zip", office("x")), ("a.pdf", b"%PDF-1.7 cut off"),
    ("a.jpg", b"\xff\xd8\xff\xe0 <script>x</script>"), ("a.svg", b"<svg onload='x'></svg>"),
]  # fmt: skip


@pytest.mark.req("KER-9")
@pytest.mark.parametrize(("name", "content"), GOOD)
def test_what_it_says_it_is_is_kept(document: IssuedDocument, control: User, name: str, content: bytes) -> None:
    file = SimpleUploadedFile("../../\u202e" + name, content)
    kept = attachment_add(file=file, subject=document, actor=control, now=NOW)
    assert kept.size == len(content)
    assert "/" not in kept.name
    assert "\u202e" not in kept.name


@pytest.mark.req("KER-9")
@pytest.mark.parametrize(("name", "content"), BAD)
def test_anything_else_is_refused(document: IssuedDocument, control: User, name: str, content: bytes) -> None:
    with pytest.raises(FileRefused):
        attachment_add(file=SimpleUploadedFile(name, content), subject=document, actor=control, now=NOW)


@pytest.mark.req("KER-9")
@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"hanya teks"])
def test_what_only_bears_the_name_of_a_kind_that_is_taken_is_told_so(
    document: IssuedDocument, control: User, content: bytes
) -> None:
    file = SimpleUploadedFile("surat.pdf", content)
    with override("en"), pytest.raises(FileRefused, match=r"The file's name ends in \.pdf, but it is"):
        attachment_add(file=file, subject=document, actor=control, now=NOW, allowed=("pdf", "png", "jpg"))


def bush(levels: int) -> bytes:
    """A small PDF whose page tree doubles at each level: 2**levels pages to walk through."""
    parts = [
        f"{n} 0 obj\n<</Type/Pages/Count 2/Kids[{n + 1} 0 R {n + 1} 0 R]>>\nendobj\n" for n in range(2, levels + 2)
    ]
    parts.insert(0, "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n")
    parts.append(f"{levels + 2} 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\n")
    out, places = "%PDF-1.7\n", []
    for part in parts:
        places.append(len(out))
        out += part
    table = "0000000000 65535 f \n" + "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(parts) + 1
    out += f"xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    return out.encode()


@pytest.mark.req("KER-9")
def test_a_pdf_that_keeps_its_reader_busy_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert pdf_check(SimpleUploadedFile("a.pdf", bush(3))) == 8
    with pytest.raises(FileRefused):
        pdf_check(SimpleUploadedFile("a.pdf", bush(40)))
    endless = tmp_path / "endless.py"  # in place of a file for which the reader has no limit of its own
    endless.write_text("while True:\n    pass\n")
    monkeypatch.setattr("occ.documents.pdf.PROGRAM", endless)
    monkeypatch.setattr("occ.documents.pdf.WITHIN", 1)
    with pytest.raises(FileRefused):
        pdf_check(SimpleUploadedFile("a.pdf", PDF))


@pytest.mark.req("KER-9")
def test_the_reader_of_pdfs_has_no_more_than_its_memory_and_time() -> None:
    limits = "import resource as r; print(r.getrlimit(r.RLIMIT_CPU)[0], r.getrlimit(r.RLIMIT_AS)[0])"
    code = f"import runpy; m = runpy.run_path({str(PROGRAM)!r}); m['limit'](); {limits}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"8", str(512 * 2**20).encode()]


@pytest.mark.req("KER-9")
def test_who_sees_the_subject_sees_the_attachment(
    client: Client, document: IssuedDocument, control: User, other_site: Site
) -> None:
    kept = attachment_add(file=SimpleUploadedFile("a.pdf", PDF), subject=document, actor=control, now=NOW)
    client.force_login(user_with(Role.COORDINATOR, other_site))
    assert client.get(kept.get_absolute_url()).status_code == 404
    client.force_login(control)
    answer = client.get(kept.get_absolute_url())
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert Entry.objects.filter(action="attachment.downloaded").count() == 1
