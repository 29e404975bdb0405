"""Who signs an issued document for what, each once; and the sheet that bears it once all have signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from occ.documents import countersigning, types
from occ.documents.awaiting import awaited
from occ.documents.countersigning import document_sign, sheet_of, signatures_settle
from occ.documents.models import IssuedDocument
from occ.documents.services import document_revise
from occ.documents.signing import Signer
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from tests.documents.conftest import NOW, PASSWORD, issue, user_with
from tests.userids.test_ladder import in_threads
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
    for who, purpose in ((other, "acknowledged"), (people["approved"], "acknowledged")):
        with pytest.raises(WrongState):
            sign(document, who, purpose)
    client.force_login(other)
    assert client.get(document.get_absolute_url()).context["form"] is None, "what stands on the sheet is all there is"
    assert document.signatures.count() == 3
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
    with pytest.raises(WrongState):
        sign(document, User.objects.get(pk=gone.pk), "executed")
    assert sheet_of(document) == sheet


def test_who_has_signed_is_not_asked_for_another_word(
    site: Site, control: User, kind: types.DocumentType, client: Client
) -> None:
    one, two = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    slots = [Signer("A", "IT", "executed", one.pk), Signer("B", "Manajer", "approved", two.pk)]
    document = issue(site, control, type=kind, slots=slots)
    sign(document, one, "executed")
    client.force_login(one)
    assert client.get(document.get_absolute_url()).context["form"] is None
    with pytest.raises(WrongState):
        sign(document, one, "acknowledged")


def named(site: Site, control: User, kind: types.DocumentType, *users: User) -> IssuedDocument:
    purposes = ("executed", "witnessed", "approved")
    slots = [Signer(f"Nama {n}", "Jabatan", purposes[n], user.pk) for n, user in enumerate(users)]
    return issue(site, control, type=kind, slots=slots)


def open_of(document: IssuedDocument) -> list[str]:
    rows = Obligation.objects.open().filter(rule="documents.signed", object_id=document.pk).order_by("pk")
    return [str(one.owner) for one in rows]


def test_each_who_is_named_owes_the_signature_until_it_is_given(
    site: Site, control: User, kind: types.DocumentType, client: Client
) -> None:
    it, boss, coordinator = user_with(Role.IT, site), user_with(Role.MANAGER, site), user_with(Role.COORDINATOR, site)
    document = named(site, control, kind, it, boss)
    assert open_of(document) == [str(it), str(boss)]
    duty = Obligation.objects.get(owner=it)
    assert (duty.site, duty.clause, duty.due_at - NOW) == (site, kind.clause, timedelta(days=7))
    asked = Notification.objects.get(user=it)
    assert asked.params["subject"] == document.full_number and asked.url == document.get_absolute_url()
    client.force_login(it)
    (turn,) = client.get("/").context["turns"]
    assert turn.url == f"{document.get_absolute_url()}#sign" and turn.due_at == duty.due_at
    client.force_login(coordinator)
    assert client.get("/").context["turns"] == []
    rows = client.get("/obligations/").context["page"].rows
    assert {one.owed_by for one in rows} == {str(it), str(boss)}
    sweep(now=NOW + timedelta(days=5, minutes=1))
    assert Notification.objects.filter(user=it).count() == 2
    sign(document, it, "executed")
    duty.refresh_from_db()
    assert duty.state == "fulfilled" and duty.on_time and open_of(document) == [str(boss)]
    sweep(now=NOW + timedelta(days=7, minutes=1))
    told = Notification.objects.get(user=coordinator)
    assert told.kind == "obligation.breach" and told.params["subject"] == document.full_number
    sign(document, boss, "witnessed")
    assert open_of(document) == []


def test_a_signature_is_not_owed_by_who_left_nor_of_a_revision_before(
    site: Site, control: User, kind: types.DocumentType
) -> None:
    it, boss = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    document = named(site, control, kind, it, boss)
    revised = document_revise(
        document_id=document.pk, type=kind, title="Lagi", data=document.data, language="id", reason="Salah cetak",
        actor=control, now=NOW,
    )  # fmt: skip
    assert (open_of(document), open_of(revised)) == ([], [str(it), str(boss)])
    User.objects.filter(pk=it.pk).update(is_active=False)
    assert signatures_settle(now=NOW) == (1, 0)
    assert open_of(revised) == [str(boss)]
    User.objects.filter(pk=it.pk).update(is_active=True)
    signatures_settle(now=NOW)
    assert open_of(revised) == [str(boss), str(it)]


def test_the_sheet_is_issued_when_the_last_who_was_awaited_has_left(
    site: Site, control: User, kind: types.DocumentType
) -> None:
    it, boss = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    document, untouched = named(site, control, kind, it, boss), named(site, control, kind, it)
    sign(document, boss, "witnessed")
    assert sheet_of(document) is None and signatures_settle(now=NOW) == (0, 0)
    RoleAssignment.objects.filter(user=it).update(ends_on=date(2020, 1, 2))
    signatures_settle(now=NOW)
    signatures_settle(now=NOW + timedelta(hours=20))
    assert sheet_of(document) is None  # a role that lapsed may be given again
    signatures_settle(now=NOW + timedelta(hours=25))
    sheet = sheet_of(document)
    assert sheet is not None and sheet.issued_by_label == str(BEAT) and "Nama 0" in text_of(sheet)
    assert sheet_of(untouched) is None  # nobody has signed it
    assert signatures_settle(now=NOW + timedelta(hours=26)) == (0, 0)
    other = named(site, control, kind, boss, user_with(Role.SUPPORT, site))
    sign(other, boss, "executed")
    User.objects.filter(username__startswith="support").update(is_active=False)
    assert [signatures_settle(now=NOW + timedelta(hours=27)) for _run in range(2)] == [(1, 0), (1, 0)]
    assert sheet_of(other) is not None  # who has left does not come back over night


def test_one_document_that_cannot_be_settled_does_not_stop_the_others(
    site: Site, control: User, kind: types.DocumentType, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, boss = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    for document in (bad := named(site, control, kind, it, boss), good := named(site, control, kind, it, boss)):
        sign(document, boss, "witnessed")
    User.objects.filter(pk=it.pk).update(is_active=False)
    signatures_settle(now=NOW)
    issued = countersigning._issue_sheet

    def breaks(document: IssuedDocument, *args: Any, **said: Any) -> IssuedDocument:
        if document == bad:
            raise ValueError
        return issued(document, *args, **said)

    monkeypatch.setattr(countersigning, "_issue_sheet", breaks)
    assert signatures_settle(now=NOW + timedelta(days=2)) == (1, 1)
    assert sheet_of(bad) is None and sheet_of(good) is not None


@pytest.mark.django_db(transaction=True)
def test_the_last_two_at_once_are_one_sheet(kind: types.DocumentType, transactional_db: None) -> None:
    where = Site.objects.get_or_create(code="JKT", defaults={"name": "Jakarta"})[0]
    people = {"executed": user_with(Role.IT, where), "witnessed": user_with(Role.MANAGER, where)}
    document = named(where, user_with(Role.DOCUMENT_CONTROL, where), kind, *people.values())
    who = iter(people.items())
    said = in_threads(2, lambda: sign(document, *reversed(next(who))))
    assert said == [None, None]
    sheet = sheet_of(document)
    assert IssuedDocument.objects.filter(type_code="LP-UJI").count() == 1 and sheet is not None
    assert all(str(one) in text_of(sheet) for one in people.values())
    assert document.signatures.count() == 2 and open_of(document) == []


@pytest.mark.usefixtures("english")
def test_the_deadline_stands_beside_the_clause_of_the_kind_that_is_signed(
    site: Site, control: User, kind: types.DocumentType, client: Client
) -> None:
    named(site, control, kind, user_with(Role.IT, site))
    client.force_login(user_with(Role.COORDINATOR, site))
    asked = client.get("/obligations/", {"clause": kind.clause})
    assert [one.rule for one in asked.context["page"].rows] == ["documents.signed"]


def test_what_was_issued_before_signers_were_named_is_signed_by_role(
    site: Site, control: User, kind: types.DocumentType, client: Client
) -> None:
    before, other, qmr = issue(site, control, type=kind), issue(site, control), user_with(Role.QMR, site)
    client.force_login(qmr)
    said = "sebelum jenisnya mencantumkan siapa yang menandatangani"
    assert said in client.get(before.get_absolute_url()).content.decode()
    assert said not in client.get(other.get_absolute_url()).content.decode()
    sign(before, qmr, "checked")
    assert sheet_of(before) is None and open_of(before) == [] and signatures_settle(now=NOW) == (0, 0)


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


def test_a_role_that_lapsed_over_night_is_waited_for_a_day_whoever_signs_last(
    site: Site, control: User, kind: types.DocumentType
) -> None:
    one, boss = user_with(Role.IT, site), user_with(Role.MANAGER, site)
    document = named(site, control, kind, one, boss)
    RoleAssignment.objects.filter(user=boss).update(ends_on=date(2020, 1, 2))
    assert signatures_settle(now=NOW) == (1, 0) and open_of(document) == [str(one)]
    sign(document, one, "executed")
    assert sheet_of(document) is None
    RoleAssignment.objects.filter(user=boss).update(ends_on=None)
    sign(document, User.objects.get(pk=boss.pk), "witnessed")
    sheet = sheet_of(document)
    assert sheet is not None and "Belum menandatangani" not in text_of(sheet)


def test_what_is_signed_on_paper_only_costs_beat_nothing(site: Site, control: User, kind: types.DocumentType) -> None:
    counts = []
    for _round in range(2):
        issue(site, control, type=kind, slots=[Signer("Kertas", "Saksi", "executed"), Signer("Lain", "S", "approved")])
        with CaptureQueriesContext(connection) as queries:
            assert signatures_settle(now=NOW) == (0, 0)
        counts.append(len(queries))
    assert counts[0] == counts[1]
