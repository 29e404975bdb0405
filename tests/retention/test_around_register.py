"""The register of documents (RET-11): all of them in one list, entries by hand and by file, issued as a PDF."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.ledger.models import Entry as LedgerEntry
from occ.people.choices import Role
from occ.people.models import Site, User
from retention.models import Bag, Batch, Copy, Entry, Pack, RegisterLine, Schedule, Store
from retention.services import register
from retention.services.holds import Scope, hold_set
from retention.services.register import Line, entry_add, entry_change, entry_destroy, expired
from tests.factories import NOW, PASSWORD, Floor, user
from userids.documents import LOGBOOK, logbook_body

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-11")]
DAY = date(2026, 11, 20)


def line(where: Site, **values: Any) -> Line:
    given: dict[str, Any] = {
        "number": "BA/17/2024", "title": "Berita acara", "medium": "hardcopy", "owner_role": "document_control",
        "place": "Lemari 3", "issued_on": date(2024, 5, 1), "expires_on": date(2026, 5, 1),
    }  # fmt: skip
    return Line(site=where, **given | values)


@pytest.fixture
def control(floor: Floor) -> User:
    return user(Role.DOCUMENT_CONTROL, floor.jkt)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def a_backed_up_batch(where: Site, *, status: str = "complete", gone: bool = False) -> Batch:
    batch = Batch.objects.create(
        kind="chat", site=where, month=date(2024, 2, 1), status="complete", due_at=NOW, opened_at=NOW,
        completed_at=NOW - timedelta(days=300),
    )  # fmt: skip
    bag = Bag.objects.create(
        batch=batch, number=1, identifier=f"{where.code}-1", status=status, opened_at=NOW - timedelta(days=310),
        completed_at=NOW - timedelta(days=300), gone_at=NOW if gone else None,
    )  # fmt: skip
    pack = Pack.objects.create(bag=bag, number=1, name=f"{where.code}/1.pack", size=1, sha256="0" * 64, written_at=NOW)
    store = Store.objects.get_or_create(code="MAIN", defaults={"name": "Main", "kind": "directory", "url": "file:///x"})
    Copy.objects.create(pack=pack, store=store[0], checked_at=NOW, gone_at=NOW if gone else None)
    return batch


# The list -------------------------------------------------------------------------------------------------------------


def test_all_that_is_kept_is_in_one_list(floor: Floor, control: User) -> None:
    body = logbook_body(rows=[], totals={}, site="x", period=None, as_of=DAY, language="id")
    document = document_issue(
        type=LOGBOOK, site=floor.jkt, subject=None, title="Logbook", data=body, language="id", actor=control, now=NOW
    )
    entry = entry_add(line=line(floor.jkt), actor=control, now=NOW)
    batch = a_backed_up_batch(floor.jkt)
    Batch.objects.create(kind="chat", site=floor.jkt, month=date(2025, 1, 1), due_at=NOW, opened_at=NOW)  # no bag yet
    rows = {one.key: one for one in RegisterLine.objects.visible_to(control)}
    assert set(rows) == {f"D{document.pk}", f"E{entry.pk}", f"B{batch.pk}"}
    issued, kept = rows[f"D{document.pk}"], rows[f"B{batch.pk}"]
    assert (issued.number, issued.issued_on, issued.expires_on) == (document.full_number, DAY, date(2028, 11, 20))
    # A month's batch may go two years after its last day: the end of February.
    assert (kept.number, kept.expires_on) == (batch.identifier, date(2026, 2, 28))
    assert (kept.place, kept.issued_on, kept.status) == ("MAIN", (NOW - timedelta(days=300)).date(), "kept")
    assert rows[f"E{entry.pk}"].expires_on == date(2026, 5, 1)
    Schedule.objects.create(
        record_kind="chat", channel="voice", valid_from=date(2026, 1, 1), backup_after_years=1, delete_after_years=5,
        basis="x", reason="x", set_at=NOW,
    )  # fmt: skip
    assert RegisterLine.objects.get(key=kept.key).expires_on == date(2029, 2, 28)  # the longest period of its kind


def test_a_destroyed_batch_says_since_when(floor: Floor) -> None:
    batch = a_backed_up_batch(floor.jkt, status="gone", gone=True)
    found = RegisterLine.objects.get(key=f"B{batch.pk}")
    assert (found.status, found.destroyed_on, found.place) == ("destroyed", DAY, "-")


@pytest.mark.req("KER-9")
def test_nobody_sees_a_document_of_another_site_or_of_a_type_that_is_not_theirs(floor: Floor, control: User) -> None:
    body = logbook_body(rows=[], totals={}, site="x", period=None, as_of=DAY, language="id")
    for where in (floor.jkt, floor.ygy, None):
        document_issue(
            type=LOGBOOK, site=where, subject=None, title="L", data=body, language="id", actor=control, now=NOW
        )
    entry_add(line=line(floor.jkt), actor=control, now=NOW)
    seen = RegisterLine.objects.visible_to(control)
    assert {one.site_id for one in seen} == {floor.jkt.pk} and seen.count() == 2
    leader = RegisterLine.objects.visible_to(floor.leader)  # no reader of logbooks
    assert [one.kind for one in leader] == ["entry"]
    assert RegisterLine.objects.visible_to(user(Role.DOCUMENT_CONTROL)).count() == 4
    assert acting(user(Role.AGENT, floor.jkt)).get(reverse("retention:register")).status_code == 403


@pytest.mark.req("KER-12")
def test_the_list_is_filtered_sorted_paged_and_counted(
    floor: Floor, control: User, django_assert_max_num_queries: Any
) -> None:
    today = timezone.localdate()
    for n in range(120):
        days = {"issued_on": today - timedelta(days=900 - n), "expires_on": today + timedelta(days=n - 60)}
        entry_add(line=line(floor.jkt, number=f"N-{n:03}", **days), actor=control, now=NOW)
    page, url = acting(control), reverse("retention:register")
    with django_assert_max_num_queries(20):
        first = page.get(url + "?sort=expires")
    numbers = [one.number for one in first.context["page"].rows]
    assert numbers == [f"N-{n:03}" for n in range(50)]
    second = page.get(url + first.context["page"].next_url)
    assert [one.number for one in second.context["page"].rows] == [f"N-{n:03}" for n in range(50, 100)]
    back = page.get(url + second.context["page"].previous_url)
    assert [one.number for one in back.context["page"].rows] == numbers
    over = page.get(url, {"state": "expired", "sort": "-expires"}).context["page"].rows
    assert [one.number for one in over][:2] == ["N-059", "N-058"] and over[0].state["label"] == "May be disposed of"
    assert expired(floor.jkt, today).count() == 60
    assert page.get(url, {"q": "N-07", "kind": "entry", "medium": "hardcopy"}).context["page"].rows[0].number == "N-079"


# Entries --------------------------------------------------------------------------------------------------------------


def test_an_entry_is_put_right_with_a_reason_and_both_are_kept(floor: Floor, control: User) -> None:
    entry = entry_add(line=line(floor.jkt), actor=control, now=NOW)
    with pytest.raises(Invalid) as twice:
        entry_add(line=line(floor.jkt), actor=control, now=NOW)
    assert twice.value.field == "number"
    right = line(floor.jkt, place="Lemari 9")
    with pytest.raises(Invalid):
        entry_change(entry_id=entry.pk, line=right, why=" ", actor=control, now=NOW)
    for actor in (floor.coordinator, user(Role.DOCUMENT_CONTROL, floor.ygy)):
        with pytest.raises(NotAllowed):
            entry_change(entry_id=entry.pk, line=right, why="x", actor=actor, now=NOW)
    with pytest.raises(NotAllowed):  # not into a site that is not theirs either
        entry_change(entry_id=entry.pk, line=replace(right, site=floor.ygy), why="x", actor=control, now=NOW)
    entry_change(entry_id=entry.pk, line=right, why="dipindah", actor=control, now=NOW)
    assert [one.place for one in entry.history.order_by("pk")] == ["Lemari 3", "Lemari 9"]
    assert LedgerEntry.objects.filter(action="entry.changed", data__changed=["place"]).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", " "), ("title", ""), ("place", ""), ("medium", "stone"), ("owner_role", "king"), ("title", "x" * 201),
     ("expires_on", date(2024, 4, 30)), ("issued_on", date(1, 1, 1))],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(floor: Floor, control: User, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        entry_add(line=line(floor.jkt, **{field: value}), actor=control, now=NOW)
    assert refused.value.field == field and not Entry.objects.exists()


def test_a_document_is_not_destroyed_before_its_last_day_is_over_nor_without_approval(
    floor: Floor, control: User
) -> None:
    """With approval: tests/retention/test_papers_execution.py."""
    entry = entry_add(line=line(floor.jkt), actor=control, now=NOW)
    with pytest.raises(WrongState):
        entry_destroy(entry_id=entry.pk, on=date(2026, 5, 1), note="x", actor=control, now=NOW)
    with pytest.raises(IntegrityError, match="no proposal has it on its list"), transaction.atomic():
        entry_destroy(entry_id=entry.pk, on=DAY, note="BA/1", actor=control, now=NOW)
    assert expired(floor.jkt, DAY).count() == 1


def test_pages_of_an_entry(floor: Floor, control: User) -> None:
    page = acting(control)
    data = {
        "number": "K-1", "title": "Kontrak <b>", "medium": "softcopy", "site": floor.jkt.pk, "owner_role": "it",
        "place": "Server", "issued_on": "2024-01-01", "expires_on": "2023-01-01",
    }  # fmt: skip
    wrong = page.post(reverse("retention:entry_new"), data)
    assert wrong.status_code == 422 and "expires before it was issued" in wrong.content.decode()
    assert page.post(reverse("retention:entry_new"), data | {"expires_on": "2026-01-01"}).status_code == 302
    entry = Entry.objects.get()
    text = page.get(entry.get_absolute_url()).content.decode()
    assert "Kontrak &lt;b&gt;" in text and "May be disposed of" in text
    edit = reverse("retention:entry_edit", args=[entry.pk])
    assert page.post(edit, data | {"expires_on": "2027-01-01"}).status_code == 422  # no reason
    assert page.post(edit, data | {"expires_on": "2027-01-01", "why": "diperpanjang"}).status_code == 302
    assert "diperpanjang" in page.get(entry.get_absolute_url()).content.decode()


# Import, export, issue ------------------------------------------------------------------------------------------------


def ran(kind: str, owner: User) -> Job:
    job = Job.objects.filter(kind=kind).latest("created_at")
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    return job


@pytest.mark.django_db(transaction=True)
def test_a_spreadsheet_is_looked_at_then_all_of_it_or_nothing(live_floor: Floor) -> None:
    control = user(Role.DOCUMENT_CONTROL, live_floor.jkt)
    page, url = acting(control), reverse("retention:entries:import")
    head = "No Dokumen,Judul,Media,Lokasi,Penanggung Jawab,Tempat Simpan,Tgl Terbit,Expired Date,Masa Simpan\n"
    good = "A-1,Absensi,Kertas,JKT,Document Control,Rak 1,01/08/2024,,2\n"
    good += "A-2,Roster,File,,TL,Server,1 Agustus 2024,2026-08-01,\n"
    bad = "A-3,Lain,Kertas,YGY,,Rak 1,2024-08-01,,2\nA-4,Lain,Batu,JKT,Raja,Rak 1,2024-08-01,,\n"
    data = {"site": live_floor.jkt.pk}
    answer = page.post(url, data | {"file": SimpleUploadedFile("d.csv", (head + good + bad).encode())})
    assert answer.status_code == 302
    job = ran("retention.entries", control)
    assert job.result["counts"] == {"total": 4, "good": 2, "faulty": 2} and not Entry.objects.exists()
    preview = reverse("retention:entries:import_preview", args=[job.pk])
    assert "role does not cover" in page.get(preview).content.decode()
    assert page.get(reverse("retention:entries:import_faulty", args=[job.pk])).status_code == 302
    page.post(reverse("retention:entries:import_apply", args=[job.pk]))
    assert not Entry.objects.exists()
    page.post(url, data | {"file": SimpleUploadedFile("d.csv", (head + good).encode())})
    job = ran("retention.entries", control)
    page.post(reverse("retention:entries:import_apply", args=[job.pk]))
    assert ran("retention.entries_apply", control).result == {"created": 2, "changed": 0, "unchanged": 0}
    first, second = Entry.objects.order_by("number")
    assert (first.expires_on, first.medium, second.owner_role) == (date(2026, 8, 1), "hardcopy", "team_leader")
    page.post(url, data | {"file": SimpleUploadedFile("d.csv", (head + good.replace("Rak 1", "Rak 2")).encode())})
    job = ran("retention.entries", control)
    assert job.result["done"] == {"created": 0, "changed": 1, "unchanged": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("KER-12")
def test_the_register_goes_out_as_a_sheet_and_as_an_issued_pdf(live_floor: Floor) -> None:
    control = user(Role.DOCUMENT_CONTROL, live_floor.jkt)
    entry_add(line=line(live_floor.jkt, title="=HYPERLINK(1)"), actor=control, now=NOW)
    entry_add(line=line(live_floor.jkt, number="B-2", issued_on=date(2025, 1, 1)), actor=control, now=NOW)
    page = acting(control)
    page.post(reverse("exports:new"), {"kind": "retention.register", "query": "issued_to=2024-12-31"})
    job = ran("retention.register", control)
    content = b"".join(page.get(reverse("exports:file", args=[job.pk])).streaming_content)  # type: ignore[attr-defined]
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = [cell.value for row in sheet.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert "BA/17/2024" in cells and "B-2" not in cells
    url = reverse("retention:register_issue")
    data = {"site": live_floor.jkt.pk, "language": "id", "password": "wrong"}
    assert page.post(url, data).status_code == 422
    assert page.post(url, data | {"password": PASSWORD}).status_code == 302
    job = ran("retention.register_pdf", control)
    document = IssuedDocument.objects.get(number=job.result["number"])
    assert (document.type_code, document.expires_on.year) == ("DCD-RET", timezone.localdate().year + 2)
    answer = page.get(reverse("documents:download", args=[document.pk]))
    pdf = PdfReader(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    text = pdf.pages[0].extract_text()
    assert "BA/17/2024" in text and "B-2" in text and document.full_number in text
    assert acting(live_floor.coordinator).get(url).status_code == 403
    assert RegisterLine.objects.filter(key=f"D{document.pk}").exists()  # it is in the register itself


@pytest.mark.req("RET-15")
def test_the_api_says_and_takes_the_same(floor: Floor, control: User) -> None:
    page = acting(control)
    data = {
        "number": "API-1", "title": "Surat", "medium": "hardcopy", "site": "JKT", "place": "Rak", "why": "x",
        "issued_on": "2024-01-01", "expires_on": "2025-01-01",
    }  # fmt: skip
    made = page.post("/api/v1/retention/entries/", data, content_type="application/json")
    assert made.status_code == 201, made.content
    url = f"/api/v1/retention/entries/{made.json()['id']}/"
    changed = page.put(url, data | {"place": "Rak 2"}, content_type="application/json")
    assert changed.status_code == 200 and changed.json()["place"] == "Rak 2"
    twice = page.post("/api/v1/retention/entries/", data, content_type="application/json")
    assert twice.status_code == 422 and twice.json()["field"] == "number"
    found = page.get("/api/v1/retention/register/?expired=true").json()["results"]
    assert [one["number"] for one in found] == ["API-1"] and found[0]["may_be_disposed_of"]
    assert page.get("/api/v1/retention/register/?expired=false").json()["results"] == []
    assert acting(floor.leader).post("/api/v1/retention/entries/", data).status_code == 403
    assert register.may_register(control, floor.jkt) and not register.may_register(control, floor.ygy)


def test_holds_and_entries_are_found_by_search(floor: Floor, control: User) -> None:
    entry = entry_add(line=line(floor.jkt), actor=control, now=NOW)
    scope = Scope(site=floor.jkt, customer="Budi Santoso")
    hold = hold_set(scope=scope, reason="audit", note="Audit ISO", until=None, actor=floor.manager, now=NOW)
    text = acting(control).get(reverse("search"), {"q": "BA/17"}).content.decode()
    assert entry.get_absolute_url() in text
    assert hold.get_absolute_url() in acting(floor.leader).get(reverse("search"), {"q": "hold-jkt"}).content.decode()
    assert hold.get_absolute_url() not in acting(floor.manager).get(reverse("search"), {"q": "Budi"}).content.decode()
    foreign = acting(user(Role.COORDINATOR, floor.ygy)).get(reverse("search"), {"q": "HOLD-JKT"}).content.decode()
    assert hold.get_absolute_url() not in foreign


@pytest.mark.django_db(transaction=True)
def test_a_preview_that_is_not_true_any_more_changes_nothing(live_floor: Floor) -> None:
    control = user(Role.DOCUMENT_CONTROL, live_floor.jkt)
    page, url = acting(control), reverse("retention:entries:import")
    sheet = b"No Dokumen,Judul,Media,Tempat Simpan,Tgl Terbit,Masa Simpan\nA-1,Absensi,Kertas,Rak 1,2024-08-01,2\n"
    data = {"site": live_floor.jkt.pk}
    for title, outcome in (("Lama", "changed"), ("Absensi", "unchanged")):
        given = Line(
            number="A-1", title=title, medium="hardcopy", site=live_floor.jkt, owner_role="document_control",
            place="Rak 1", issued_on=date(2024, 8, 1), expires_on=date(2026, 8, 1),
        )  # fmt: skip
        register.entry_push(line=given, why="x", actor=control, now=timezone.now())
        page.post(url, data | {"file": SimpleUploadedFile("d.csv", sheet)})
        job = ran("retention.entries", control)
        assert job.result["done"][outcome] == 1
        entry = Entry.objects.get(number="A-1")
        right = replace(given, title="Absensi pagi")  # somebody puts it right after the preview
        entry_change(entry_id=entry.pk, line=right, why="Salah", actor=control, now=timezone.now())
        page.post(reverse("retention:entries:import_apply", args=[job.pk]))
        applied = Job.objects.filter(kind="retention.entries_apply").latest("created_at")
        assert job_run(job_id=applied.pk, now=timezone.now())
        applied.refresh_from_db()
        assert applied.state == State.REFUSED and Entry.objects.get().title == "Absensi pagi"
