"""The spreadsheet logbook brought in (UID-13): judged first, then all of it or nothing."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import xlwt
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from occ.errors import WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import Person
from occ.sheets.reading import SheetRefused
from tests import factories
from tests.factories import NOW, Floor
from tests.userids.test_ladder import in_threads
from userids.models import Account, Assignment
from userids.services.importing import Reading, logbook_read
from userids.services.imports import logbook_import

HEADER = ["User ID", "Nama", "NIK", "Email", "Jabatan", "Channel", "Tanggal Aktif", "Status", "Tidak Aktif Sejak"]
GOOD = ["OMN-900", "Siti Aminah", "K900", "siti@x.test", "Agent", "Voice, WA", "1 Agustus 2025", "Aktif", None]


def xlsx(*rows: list[Any]) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for at, row in enumerate((["Logbook User ID"], HEADER, *rows), 1):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(at, column, value)
            if isinstance(value, str):
                cell.data_type = "s"
    book.save(out)
    out.seek(0)
    out.name = "logbook.xlsx"
    return out


def row(**changes: Any) -> list[Any]:
    names = ["user_id", "name", "number", "email", "role", "channels", "activated", "status", "deactivated"]
    return [changes.get(name, value) for name, value in zip(names, GOOD, strict=True)]


def look(floor: Floor, *rows: list[Any]) -> Reading:
    with override("en"):
        return logbook_read(
            file=xlsx(*rows), site=floor.jkt, application=factories.application(), actor=floor.support, now=NOW
        )


def bring_in(floor: Floor, *rows: list[Any]) -> dict[str, int]:
    return logbook_import(
        file=xlsx(*rows), name="logbook.xlsx", site=floor.jkt, application=factories.application(),
        actor=floor.support, now=NOW,
    )  # fmt: skip


def codes(reading: Reading) -> list[set[str]]:
    return [{one.code for one in row.problems} for row in reading.preview.rows]


@pytest.mark.req("UID-13")
def test_the_preview_writes_nothing(floor: Floor) -> None:
    before = (Account.objects.count(), Person.objects.count(), Assignment.objects.count())
    reading = look(floor, GOOD)
    assert reading.preview.counts == {"total": 1, "good": 1, "faulty": 0}
    assert (Account.objects.count(), Person.objects.count(), Assignment.objects.count()) == before


@pytest.mark.req("UID-13")
@pytest.mark.parametrize(("changes", "code"), [
    ({"activated": "31/02/2025"}, "date_impossible"), ({"activated": date(2027, 1, 1)}, "future"),
    ({"status": "Non Aktif"}, "empty"), ({"deactivated": "2 Agustus 2025"}, "contradiction"),
    ({"status": "Non Aktif", "deactivated": "31/07/2025"}, "order"), ({"channels": "Telegraf"}, "unknown"),
    ({"email": "siti"}, "email"), ({"name": None}, "empty"), ({"user_id": "x" * 61}, "too_long"),
])  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(floor: Floor, changes: dict[str, Any], code: str) -> None:
    assert codes(look(floor, row(**changes))) == [{code}]


@pytest.mark.req("UID-13")
@pytest.mark.parametrize(("changes", "faults"), [
    ({"user_id": None, "status": "Non Aktif", "deactivated": "31/07/2025"}, {"empty", "order"}),
    ({"channels": "Telegraf", "activated": "32/08/2025", "deactivated": date(2027, 1, 1), "status": "Non Aktif"},
     {"unknown", "date_impossible", "future"}),
    ({"activated": "32/08/2025", "deactivated": "31/06/2025"}, {"date_impossible", "contradiction"}),
    ({"activated": "32/08/2025", "deactivated": "31/06/2025", "status": "Non Aktif"}, {"date_impossible"}),
    ({"activated": "32/08/2025", "name": "Orang Lain", "email": "USED"},
     {"date_impossible", "other_person", "email_used"}),
])  # fmt: skip
def test_all_that_is_wrong_with_a_row_is_said_at_once(floor: Floor, changes: dict[str, Any], faults: set[str]) -> None:
    """Else it would come up only once the first faults are mended."""
    Person.objects.filter(pk=factories.person(floor.jkt, name="Siti Aminah").pk).update(number="K900")
    if changes.get("email") == "USED":
        changes = changes | {"email": floor.agent.email}
    assert codes(look(floor, row(**changes))) == [faults]


@pytest.mark.req("UID-13")
def test_dates_are_judged_though_the_site_is_not_known(floor: Floor) -> None:
    wrong = row(status="Non Aktif", deactivated="31/07/2025")
    reading = logbook_read(
        file=xlsx(wrong), site=None, application=factories.application(), actor=floor.support, now=NOW
    )
    assert codes(reading) == [{"unknown", "order"}]


@pytest.mark.req("UID-13")
def test_what_the_logbook_has_already_is_a_problem(floor: Floor) -> None:
    known = row(user_id=floor.account.user_id.lower())
    used = row(user_id="OMN-901", email=floor.agent.email.upper())
    assert codes(look(floor, known, used)) == [{"known"}, {"email_used"}]


@pytest.mark.req("UID-13")
def test_a_logbook_that_grew_brings_in_what_is_new(floor: Floor) -> None:
    first = row(status="Non Aktif", deactivated="1 September 2025")
    second = row(name="Budi", number="K901", email="budi@x.test", activated="01/09/2025")
    plain = row(user_id="OMN-903", name="Tanpa Nomor", number=None, email="tanpa@x.test")
    bring_in(floor, first, second, plain)
    new = row(user_id="OMN-902", name="Baru", number="K902", email="baru@x.test")
    reading = look(floor, first, second, plain, new)
    assert codes(reading) == [set()] * 4
    assert (reading.known, reading.preview.counts["good"], len(reading.new_people)) == (3, 1, 1)
    made = bring_in(floor, first, second, plain, new)
    assert (made["accounts"], made["known"], made["people"]) == (1, 3, 1)
    with pytest.raises(WrongState):
        bring_in(floor, first, second)


@pytest.mark.req("UID-13")
@pytest.mark.parametrize("changes", [
    {"name": "Siti Lain"}, {"number": "K999"}, {"email": "lain@x.test"}, {"role": "Supervisor"}, {"channels": "Email"},
    {"activated": "2 Agustus 2025"}, {"status": "Non Aktif", "deactivated": "1 September 2025"},
])  # fmt: skip
def test_a_known_row_that_says_something_else_stays_a_fault(floor: Floor, changes: dict[str, Any]) -> None:
    bring_in(floor, GOOD)
    assert "known" in codes(look(floor, row(**changes)))[0]


@pytest.mark.req("UID-13")
def test_the_minute_that_only_the_logbook_knows_is_no_difference(floor: Floor) -> None:
    bring_in(floor, GOOD)
    shut = datetime(2025, 9, 1, 14, 5, tzinfo=floor.jkt.zone)
    Assignment.objects.filter(account__user_id="OMN-900").update(ends_at=shut)
    Account.objects.filter(user_id="OMN-900").update(status="inactive", deactivated_at=shut)
    reading = look(floor, row(status="Non Aktif", deactivated="1 September 2025"))
    assert (codes(reading), reading.known) == ([set()], 1)


@pytest.mark.req("UID-13")
def test_successive_holders_are_history_and_overlapping_ones_a_problem(floor: Floor) -> None:
    first = row(status="Non Aktif", deactivated="1 September 2025")
    second = row(name="Budi", number="K901", email="budi@x.test", activated="01/09/2025")
    overlapping = row(name="Budi", number="K901", email="budi@x.test", activated="31/08/2025")
    assert codes(look(floor, first, second)) == [set(), set()]
    found = look(floor, first, overlapping)
    assert codes(found) == [{"duplicate"}, {"duplicate"}]
    assert "row 4" in found.preview.rows[0].problems[0].message


@pytest.mark.req("UID-13")
def test_one_email_on_active_ids_of_two_people_names_both_rows(floor: Floor) -> None:
    other = row(user_id="OMN-901", name="Budi", number="K901", email="SITI@x.test")
    same = row(user_id="OMN-902")
    assert codes(look(floor, GOOD, other)) == [{"email_twice"}, {"email_twice"}]
    assert codes(look(floor, GOOD, same)) == [set(), set()]


@pytest.mark.req("UID-13", "KER-11")
def test_all_is_written_with_who_and_why(floor: Floor) -> None:
    first = row(status="Non Aktif", deactivated="1 September 2025")
    second = row(name="=Budi", number=None, email="budi@x.test", activated="01/09/2025")
    assert bring_in(floor, first, second) == {"accounts": 1, "assignments": 2, "people": 2, "known": 0}
    account = Account.objects.get(user_id="OMN-900")
    assert (account.status, account.channels) == ("active", ["voice", "whatsapp"])
    held = list(account.assignments.order_by("starts_at"))
    assert held[0].ends_at == held[1].starts_at
    assert (held[1].person.name, held[1].person.number[:4]) == ("=Budi", "TMP-")
    past = account.history.get()
    assert past.history_user == floor.support and "logbook.xlsx" in past.history_change_reason
    assert Entry.objects.filter(action="logbook.imported").count() == 1


@pytest.mark.req("UID-13")
def test_one_faulty_row_keeps_everything_out_and_twice_is_refused(floor: Floor) -> None:
    with pytest.raises(WrongState):
        bring_in(floor, GOOD, row(user_id="OMN-901", activated="31/02/2025"))
    assert not Account.objects.filter(user_id="OMN-900").exists()
    bring_in(floor, GOOD)
    with pytest.raises(WrongState):
        bring_in(floor, GOOD)
    assert Account.objects.filter(user_id="OMN-900").count() == 1


@pytest.mark.req("UID-13")
def test_somebody_with_neither_number_nor_email_is_found_again_in_a_later_file(floor: Floor) -> None:
    bring_in(floor, row(number=None, email=None))
    made = bring_in(floor, row(user_id="OMN-901", number=None, email=None))
    assert made == {"accounts": 1, "assignments": 1, "people": 0, "known": 0}


@pytest.mark.req("UID-13", "KER-13")
@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("headings", [
    ["User ID", "Name", "Employee number", "E-mail", "Role", "Channel", "Active since", "Status", "Inactive since"],
    ["User ID", "Nama", "NIK", "Surel", "Jabatan", "Kanal", "Tanggal Aktif", "Status", "Tanggal Non Aktif"],
])  # fmt: skip
def test_headings_of_both_languages_are_known_in_either(floor: Floor, language: str, headings: list[str]) -> None:
    file = io.BytesIO((";".join(headings) + "\n" + ";".join(str(one or "") for one in GOOD) + "\n").encode())
    with override(language):
        reading = logbook_read(
            file=file, site=floor.jkt, application=factories.application(), actor=floor.support, now=NOW
        )
    assert reading.preview.unknown_columns == []
    assert [(entry.channels, entry.role) for entry in reading.entries] == [(["voice", "whatsapp"], "Agent")]


@pytest.mark.req("UID-13")
def test_an_old_xls_is_read_too(floor: Floor) -> None:
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Logbook")
    for at, values in enumerate((HEADER, GOOD)):
        for column, value in enumerate(values):
            if value is not None:
                sheet.write(at, column, value)
    book.save(out)
    out.seek(0)
    reading = logbook_read(file=out, site=floor.jkt, application=factories.application(), actor=floor.support, now=NOW)
    assert [entry.user_id for entry in reading.entries] == ["OMN-900"]


def post(client: Client, floor: Floor, *rows: list[Any]) -> Job:
    data = {"file": xlsx(*rows), "site": floor.jkt.pk, "application": factories.application().pk}
    answer = client.post("/userids/import/", data)
    assert answer.status_code == 302, answer.content
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=job.created_at)
    job.refresh_from_db()
    return job


@pytest.mark.req("UID-13", "KER-12")
def test_the_wizard_shows_then_writes(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    job = post(client, live_floor, GOOD)
    assert job.state == State.DONE and not Account.objects.filter(user_id="OMN-900").exists()
    assert b"OMN-900" in client.get(f"/userids/import/{job.pk}/").content
    client.post(f"/userids/import/{job.pk}/apply/")
    started = Job.objects.latest("created_at")
    assert job_run(job_id=started.pk, now=started.created_at)
    assert not job_run(job_id=started.pk, now=started.created_at + timedelta(seconds=1))
    assert Account.objects.filter(user_id="OMN-900").count() == 1


@pytest.mark.req("UID-13", "KER-13")
def test_the_preview_speaks_the_language_of_who_reads_it(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    wrong = row(user_id="OMN-901", activated="31/02/2025", status="Cuti", channels="Telegraf", name=None)
    job = post(client, live_floor, GOOD, wrong)
    pages = {}
    for language in ("id", "en"):
        client.cookies["django_language"] = language
        pages[language] = unescape(client.get(f"/userids/import/{job.pk}/").content.decode())
    for words in (
        "“31/02/2025” is not a day in the calendar.", "There is no channel “telegraf”.",
        "Use one of: active, inactive.", "1 August 2025", "Voice, WhatsApp", "Active since:",
    ):  # fmt: skip
        assert words in pages["en"]
        assert words not in pages["id"]
    for words in (
        "“31/02/2025” tidak ada di kalender",
        "Aktif, Non Aktif",
        "1 Agustus 2025",
        "Suara, WhatsApp",
        "Tanggal Aktif:",
    ):
        assert words in pages["id"]
        assert words not in pages["en"]


@pytest.mark.req("UID-13", "KER-13")
def test_a_refused_file_says_why_in_the_language_of_who_reads_it(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    file = io.BytesIO(b"Nama;NIK\nSiti;K900\n")
    file.name = "logbook.csv"
    client.post(
        "/userids/import/", {"file": file, "site": live_floor.jkt.pk, "application": factories.application().pk}
    )
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=job.created_at)
    for language, words in (("id", "Tanggal Aktif (Active since"), ("en", "These columns are missing")):
        client.cookies["django_language"] = language
        assert words in unescape(client.get(f"/userids/import/{job.pk}/").content.decode())


@pytest.mark.req("UID-13", "KER-9")
def test_faulty_rows_come_back_with_the_reason_and_only_to_their_owner(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    job = post(client, live_floor, GOOD, row(user_id="OMN-901", activated="31/02/2025"))
    client.post(f"/userids/import/{job.pk}/apply/")
    assert Job.objects.latest("created_at") == job
    answer = client.get(f"/userids/import/{job.pk}/faulty/", follow=True)
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]  # type: ignore[attr-defined]
    assert (sheet.max_row, sheet["A2"].value, sheet["B2"].value) == (2, 4, "OMN-901")
    assert sheet.cell(2, sheet.max_column).value
    client.force_login(factories.user(Role.DOCUMENT_CONTROL))
    assert client.get(f"/userids/import/{job.pk}/").status_code == 404
    assert client.get(f"/exports/{job.pk}/file/").status_code == 404
    client.force_login(live_floor.leader)
    assert client.get("/userids/import/").status_code == 403


@pytest.mark.req("UID-13")
def test_the_command_previews_applies_and_refuses(
    floor: Floor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, none = tmp_path / "good.xlsx", tmp_path / "bad.xlsx", tmp_path / "none.xlsx"
    good.write_bytes(xlsx(GOOD).getvalue())
    bad.write_bytes(xlsx(row(activated="31/02/2025")).getvalue())
    none.write_bytes(b"%PDF-1.7 x")
    options: dict[str, Any] = {"json": True, "site": "JKT", "user": floor.support.username}
    call_command("import_logbook", good, **options)
    assert json.loads(capsys.readouterr().out)["counts"] == {"total": 1, "good": 1, "faulty": 0}
    with pytest.raises(SystemExit) as left:
        call_command("import_logbook", bad, **options)
    found = json.loads(capsys.readouterr().out)["rows"]
    assert (left.value.code, [one["row"] for one in found]) == (1, [3])
    with pytest.raises(SystemExit):
        call_command("import_logbook", bad, **options | {"json": False})
    said = capsys.readouterr().out
    assert "1 rows: 0 good, 1 with problems" in said
    assert "  row 3 OMN-900: " in said
    with pytest.raises(CommandError):
        call_command("import_logbook", none, **options)
    call_command("import_logbook", good, apply=True, **options)
    assert Account.objects.filter(user_id="OMN-900").exists()


@pytest.mark.req("UID-13", "KER-8")
def test_of_two_imports_at_once_the_second_sees_the_first(live_floor: Floor) -> None:
    def write() -> Any:
        return logbook_import(
            file=xlsx(GOOD), name="a.xlsx", site=live_floor.jkt, application=factories.application(),
            actor=live_floor.support, now=NOW,
        )  # fmt: skip

    results = in_threads(2, write)
    assert sorted(type(one).__name__ for one in results) == ["WrongState", "dict"]
    assert Account.objects.filter(user_id="OMN-900").count() == 1
    assert Person.objects.filter(number="K900").count() == 1


def ods(*rows: list[str]) -> io.BytesIO:
    out, names = io.BytesIO(), 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    names += ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    names += ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = "".join(f"<table:table-row>{''.join(cell.format(one) for one in row)}</table:table-row>" for row in rows)
    sheet = f'<table:table table:name="Logbook">{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f"<office:document-content {names}>{body}</office:document-content>")
    out.seek(0)
    return out


@pytest.mark.req("UID-13")
def test_an_open_document_is_read_too(floor: Floor) -> None:
    file = ods(HEADER[:4], ["OMN-900", "Siti", "K900", "siti@x.test"])
    place = {"site": floor.jkt, "application": factories.application(), "actor": floor.support, "now": NOW}
    with pytest.raises(SheetRefused) as refused:
        logbook_read(file=file, **place)  # type: ignore[arg-type]
    assert refused.value.code == "columns_missing"
    file = ods([*HEADER[:4], "Tanggal Aktif"], ["OMN-900", "Siti", "K900", "siti@x.test", "1 Agustus 2025"])
    assert logbook_read(file=file, **place).preview.counts["good"] == 1  # type: ignore[arg-type]


@pytest.mark.req("UID-13")
def test_a_workbook_under_a_password_says_so(floor: Floor) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = io.BytesIO()
    OOXMLFile(xlsx(GOOD)).encrypt("rahasia", locked)
    locked.seek(0)
    with override("en"), pytest.raises(SheetRefused, match="password") as refused:
        logbook_read(file=locked, site=floor.jkt, application=factories.application(), actor=floor.support, now=NOW)
    assert refused.value.code == "encrypted"


@pytest.mark.req("UID-13")
def test_a_duplicate_is_found_though_its_fellow_has_other_faults(floor: Floor) -> None:
    """Else it would come up only once the first faults are mended."""
    first, second = row(channels="Telegram"), row(name="Budi", number="K901", email="budi@x.test")
    assert codes(look(floor, first, second)) == [{"unknown", "duplicate"}, {"duplicate"}]
    assert not look(floor, first, second).entries


@pytest.mark.req("UID-13")
@pytest.mark.parametrize("content", [b"MZ\x90\x00\x03\x00\x00\x00" * 9, b"MZ, a program", b"#!/bin/sh\necho a,b\n"])
def test_a_program_is_refused_at_the_form_by_its_content(live_floor: Floor, client: Client, content: bytes) -> None:
    client.force_login(live_floor.support)
    for name in ("x.exe", "logbook.xlsx"):
        file = io.BytesIO(content)
        file.name = name
        page = client.post("/userids/import/", {"file": file})
        assert page.status_code == 422
        assert "Ini bukan lembar kerja" in page.content.decode()
        assert "Pilih lagi" not in page.content.decode()
