"""Who signs an issued document for what, each once; and the sheet that bears it once all have signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from pypdf import PdfReader

from occ.documents import types
from occ.documents.countersigning import awaited, document_sign, sheet_of
from occ.documents.models import IssuedDocument
from occ.documents.signing import Signer
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import Role
from occ.people.models import Site, User
from tests.documents.conftest import NOW, PASSWORD, issue, user_with
from userids.documents import LOGBOOK

pytestmark = [pytest.mark.django_db, pytest.mark.req("KER-3")]


def sign(document: IssuedDocument, user: User, purpose: str) -> None:
    document_sign(document_id=document.pk, user=user, password=PASSWORD, purpose=purpose, now=NOW)


def text_of(document: IssuedDocument) -> str:
    with storages["documents"].open(document.file) as file:
        return " ".join("\n".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_each_purpose_is_signed_for_once_by_a_role_that_it_is_for(site: Site, control: User, client: Client) -> None:
    document, others = issue(site, control), [user_with(Role.QMR, site, f"qmr{n}") for n in (1, 2)]
    for user in others:
        with pytest.raises(Invalid):
            sign(document, user, "prepared")  # it is the issuer's
    sign(document, control, "prepared")
    sign(document, others[0], "checked")
    with pytest.raises(WrongState):
        sign(document, others[1], "checked")
    leader = user_with(Role.TEAM_LEADER, site)
    with pytest.raises((Invalid, NotAllowed)):
        sign(document, leader, "approved")
    for purpose in ("executed", "witnessed"):
        with pytest.raises(Invalid):
            sign(document, others[1], purpose)
    sign(document, others[1], "approved")
    for user in others:
        sign(document, user, "acknowledged")
    client.force_login(user_with(Role.COORDINATOR, site))
    form = client.get(document.get_absolute_url()).context["form"]
    assert [value for value, _label in form.fields["purpose"].choices] == ["acknowledged"]


@pytest.fixture
def kind() -> Iterator[types.DocumentType]:
    made = types.register(replace(LOGBOOK, code="UJI", countersigned=True, kept_as=LOGBOOK.code))
    yield made
    for code in ("UJI", "LP-UJI"):
        types._types.pop(code)


def test_when_all_who_are_named_have_signed_a_sheet_says_so_and_the_document_stays(
    site: Site, control: User, kind: types.DocumentType, client: Client
) -> None:
    people: dict[str, User] = {
        "executed": user_with(Role.IT, site), "witnessed": user_with(Role.SUPPORT, site),
        "approved": user_with(Role.MANAGER, site),
    }  # fmt: skip
    slots = [Signer(f"Nama {purpose}", "Jabatan", purpose, user.pk) for purpose, user in people.items()]
    document = issue(site, control, type=kind, slots=[*slots, Signer("Tamu Luar", "Klien, PT X", "witnessed")])
    before: Any = (document.sha256, document.file, text_of(document))
    other = user_with(Role.MANAGER, site, "manajer.lain")
    for purpose in people:
        with pytest.raises(Invalid):
            sign(document, other, purpose)
    for purpose, user in people.items():
        assert sheet_of(document) is None
        client.force_login(user)  # also who reads no document of this kind
        page = client.get(document.get_absolute_url())
        assert page.context["form"]["purpose"].value() == purpose
        sent = {"purpose": purpose, "password": PASSWORD}
        assert client.post(f"/documents/{document.pk}/sign/", sent).status_code == 302
    sheet = sheet_of(document)
    document.refresh_from_db()
    assert sheet is not None and sheet.number.startswith("LP-UJI/JKT/") and sheet.status == document.status == "valid"
    assert (document.sha256, document.file, text_of(document)) == before
    said = text_of(sheet)
    for words in (document.full_number, document.sha256[:12], "Tamu Luar", *map(str, people.values())):
        assert words in said, words
    assert "20 November 2026" in said and "Lembar Pengesahan" in said
    with pytest.raises(WrongState):
        sign(document, people["executed"], "executed")
    with pytest.raises(Invalid):
        sign(sheet, other, "acknowledged")  # the sheet itself is nobody's to sign
    for one, named in ((document, sheet), (sheet, document)):
        assert named.full_number in client.get(one.get_absolute_url()).content.decode()
        assert named.full_number in client.get(f"/verify/{one.code}/").content.decode()
    shown = client.get(sheet.get_absolute_url())
    assert shown.context["awaited"] == [] and shown.context["form"] is None
    assert "Belum menandatangani" not in shown.content.decode()
    sign(document, other, "acknowledged")
    assert IssuedDocument.objects.filter(type_code="LP-UJI").count() == 1


def test_who_has_left_meanwhile_is_not_waited_for_and_there_is_one_sheet(
    site: Site, control: User, kind: types.DocumentType
) -> None:
    gone, stays = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    slots = [Signer("Yang Keluar", "IT", "executed", gone.pk), Signer("Manajer", "Manajer", "approved", stays.pk)]
    document = issue(site, control, type=kind, slots=slots)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert [one.name for one in awaited(document, [])] == ["Manajer"]
    sign(document, stays, "approved")
    sheet = sheet_of(document)
    assert sheet is not None and "Yang Keluar" in text_of(sheet)
    User.objects.filter(pk=gone.pk).update(is_active=True)
    sign(document, User.objects.get(pk=gone.pk), "executed")
    assert sheet_of(document) == sheet


def test_a_process_of_the_version_before_still_issues(site: Site, control: User) -> None:
    """The database is migrated first, and web processes are replaced one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_default FROM information_schema.columns WHERE (table_name, column_name) IN"
            " (('documents_issueddocument', 'slots'), ('retention_condition', 'again')) ORDER BY 1"
        )
        assert [(table, default is not None) for table, default in cursor.fetchall()] == [
            ("documents_issueddocument", True), ("retention_condition", True),
        ]  # fmt: skip


def test_what_names_somebody_is_found_by_an_index(site: Site) -> None:
    """An agent, who reads no kind of document, searches and looks at Today as all others do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "document_slots" in IssuedDocument.objects.visible_to(user_with(Role.AGENT, site)).explain()
