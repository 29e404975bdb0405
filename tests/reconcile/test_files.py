"""An application's list as a file: what is read, what is refused, and a worker that dies in the middle (UID-11)."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlwt
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from occ.documents.models import IssuedDocument
from occ.jobs.models import SILENT, Job, State
from occ.jobs.services import job_run, job_start
from occ.people.choices import Role
from occ.sheets.dates import parse_instant
from occ.sheets.reading import SheetRefused, look_at
from occ.times import JAKARTA
from tests.factories import NOW, Floor, user
from tests.processes import ROOT, environment
from tests.reconcile.helpers import RUN, found
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling.jobs import RECONCILE
from userids.reconciling.reading import FaultyRows, Listing, list_read

pytestmark = pytest.mark.req("UID-11")
HEAD = ["User ID", "Nama", "Email", "Status", "Login Terakhir"]


def xlsx(*rows: list[Any], head: list[Any] = HEAD) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for row in (["Daftar pengguna Omni Channel"], head, *rows):
        book.active.append(row)
    book.save(out)
    out.seek(0)
    return out


def csv(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def read(file: io.BytesIO) -> Listing:
    with override("en"):
        return list_read(file=file, name="daftar", taken_at=RUN)


def refused(file: io.BytesIO) -> list[set[str]]:
    with pytest.raises(FaultyRows) as raised:
        read(file)
    return [{one.code for one in row.problems} for row in raised.value.preview.rows]


def test_a_spreadsheet_with_a_title_and_indonesian_headings(db: None) -> None:
    found = read(xlsx(["OMN-1", "Siti  Aminah", "siti@x.test", "Aktif", datetime(2026, 11, 20, 9, 5)],
                      ["OMN-2", None, None, "Non Aktif", None]))  # fmt: skip
    first, second = found.users
    assert (first.user_id, first.active, first.name, second.active) == ("OMN-1", True, "Siti Aminah", False)
    assert first.last_login_at == datetime(2026, 11, 20, 9, 5, tzinfo=JAKARTA)
    assert {"name", "email", "last_login"} <= found.tells and "role" not in found.tells


def test_an_empty_column_tells_nothing(db: None) -> None:
    assert "last_login" not in read(xlsx(["OMN-1", "Siti", None, "Aktif", None])).tells
    some = xlsx(["OMN-1", "Siti", None, "Aktif", None], ["OMN-2", "Budi", None, "Aktif", datetime(2026, 11, 20)])
    assert "last_login" in read(some).tells


def test_csv_and_xls_and_english_headings(db: None) -> None:
    text = "Username;Account Status;Last Login;Disabled At\nOMN-1;Enabled;20/11/2026 09.05;-\nOMN-2;FALSE;;2026-11-01\n"
    one, two = read(csv(text)).users
    assert (one.active, two.active) == (True, False)
    assert one.last_login_at == datetime(2026, 11, 20, 9, 5, tzinfo=JAKARTA)
    assert two.inactive_since == datetime(2026, 11, 1, tzinfo=JAKARTA)
    book = xlwt.Workbook()
    sheet = book.add_sheet("x")
    for y, row in enumerate([["User ID", "Status"], ["OMN-1", "Aktif"]]):
        for x, value in enumerate(row):
            sheet.write(y, x, value)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    assert read(out).users[0].user_id == "OMN-1"


@pytest.mark.parametrize(("text", "want"), [
    ("2026-11-20T02:05:00Z", datetime(2026, 11, 20, 9, 5, tzinfo=JAKARTA)),
    ("2026-11-20 09:05:10.123+07:00", datetime(2026, 11, 20, 9, 5, 10, 123000, tzinfo=JAKARTA)),
    ("2026-11-20 09:05 WIB", datetime(2026, 11, 20, 9, 5, tzinfo=JAKARTA)),
    ("20 November 2026, 09:05", datetime(2026, 11, 20, 9, 5)), ("20/11/2026 9.05.07", datetime(2026, 11, 20, 9, 5, 7)),
    ("Jumat, 20 November 2026", date(2026, 11, 20)), ("20/11/2026", date(2026, 11, 20)), (46346, date(2026, 11, 20)),
    (46346.5, datetime(2026, 11, 20, 12)), ("-", None), ("Belum pernah", None), ("never", None),
])  # fmt: skip
def test_instants_as_programs_write_them(text: Any, want: Any) -> None:
    assert parse_instant(text) == want


@pytest.mark.parametrize(("row", "codes"), [
    ([None, "x", None, "Aktif", None], {"empty"}), (["A", "x", None, None, None], {"empty"}),
    (["A", "x", None, "Mungkin", None], {"choice"}), (["A\u202eB", "x", None, "Aktif", None], {"hidden"}),
    (["x" * 255, "x", None, "Aktif", None], {"too_long"}),
    (["A", "x", None, "Aktif", "31/02/2026"], {"date_impossible"}),
    (["A", "x", None, "Aktif", "12/11/2027"], {"future"}),
    (["A", "x", None, "Aktif", "11/20/2026"], {"date_month_first"}),
    (["A", "x", None, "Aktif", "2026-11-20T25:00:00Z"], {"not_a_date"}),
])  # fmt: skip
def test_one_faulty_row_refuses_the_list_whole(db: None, row: list[Any], codes: set[str]) -> None:
    assert refused(xlsx(["OMN-1", None, None, "Aktif", None], row)) == [set(), codes]


def test_an_id_twice_whatever_its_case_is_faulty(db: None) -> None:
    rows = [["OMN-1", None, None, "Aktif", None], ["omn-1 ", None, None, "Aktif", None]]
    assert refused(xlsx(*rows)) == [{"duplicate"}, {"duplicate"}]


@pytest.mark.parametrize("content", [
    b"", b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04 broken", b"a,b\n1,2\n", b"User ID\nA\n",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
])  # fmt: skip
def test_what_is_no_list_is_refused_in_words(db: None, content: bytes) -> None:
    with pytest.raises(SheetRefused) as raised:
        read(io.BytesIO(content))
    assert str(raised.value)


@pytest.mark.req("UID-13")
@pytest.mark.parametrize(("name", "refused"), [("a.xlsx", True), ("a.ODS", True), ("a.csv", False), ("a.xls", False)])
def test_a_text_with_a_spreadsheets_name_is_refused_at_the_upload(name: str, refused: bool) -> None:
    file = ContentFile(b"User ID,Status\nA,Aktif\n", name=name)
    if not refused:  # programs write text into .xls
        look_at(file)
        return
    with override("en"), pytest.raises(SheetRefused, match="a text file with a spreadsheet's name"):
        look_at(file)


def test_a_zip_bomb_and_too_many_rows_are_refused(db: None) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (450 * 2**20))
    out.seek(0)
    with pytest.raises(SheetRefused):
        read(out)
    many = "User ID,Status\n" + "".join(f"A{i},Aktif\n" for i in range(200_001))
    with pytest.raises(SheetRefused):
        read(csv(many))


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=5), max_size=8))
def test_any_text_is_read_or_refused_and_never_an_error(cells: list[list[str]]) -> None:
    lines = ["User ID,Status,Name,Email,Last login", *(",".join(row) for row in cells)]
    with contextlib.suppress(SheetRefused, FaultyRows):
        read(io.BytesIO("\n".join(lines).encode("utf-8", "surrogatepass")))


def start(floor: Floor, file: io.BytesIO, **params: Any) -> Job:
    content = ContentFile(file.getvalue(), name="daftar.xlsx")
    params = {"application": floor.account.application_id, "taken_at": NOW.isoformat()} | params
    return job_start(kind=RECONCILE.key, params=params, owner=user(Role.DOCUMENT_CONTROL), now=NOW, file=content)


def done(job: Job) -> Job:
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    return job


def test_the_job_ends_with_a_run_a_refusal_or_a_question(live_floor: Floor) -> None:
    row = [live_floor.account.user_id, live_floor.agent.name, None, "Aktif", None]
    faulty = done(start(live_floor, xlsx(row, ["X", None, None, "Entah", None])))
    assert faulty.result["faulty"]["counts"]["faulty"] == 1 and faulty.output_file
    question = done(start(live_floor, xlsx()))
    assert question.result["confirm"]
    assert not Reconciliation.objects.exists() and not Finding.objects.exists()
    run = done(start(live_floor, xlsx(), confirmed=True))
    assert Reconciliation.objects.get().pk == run.result["run"]
    assert found() == [("missing", live_floor.account.user_id)]


KILLED = """
import os, sys, uuid, django
django.setup()
from django.utils import timezone
from occ.jobs import services
from userids.reconciling import runs, keeping
place, name = sys.argv[2].split(":")
def dying(*args, **kwargs): os.kill(os.getpid(), 9)
setattr({"runs": runs, "keeping": keeping}[place], name, dying)
services.job_run(job_id=uuid.UUID(sys.argv[1]), now=timezone.now())
"""


@pytest.mark.req("KER-8")
@pytest.mark.parametrize(
    "at", ["keeping:_make", "keeping:owe", "runs:findings_tell", "runs:report_issue", "runs:record"]
)
def test_a_worker_killed_in_mid_run_has_written_nothing_and_the_next_one_does_all(
    live_floor: Floor, tmp_path: Path, at: str
) -> None:
    row = [live_floor.account.user_id, "Bukan Dia", None, "Aktif", datetime(2026, 6, 1)]
    job = start(live_floor, xlsx(row, ["ASING", None, None, "Aktif", None]))
    dead = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk), at], env=environment(tmp_path), cwd=ROOT, check=False
    )
    assert dead.returncode == -9
    assert not Reconciliation.objects.exists() and not Finding.objects.exists()
    assert not IssuedDocument.objects.exists()
    assert job_run(job_id=job.pk, now=timezone.now() + SILENT + timedelta(seconds=1))
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    assert [kind for kind, _id in found()] == ["dormant", "holder_differs", "unknown"]
    assert Reconciliation.objects.count() == IssuedDocument.objects.count() == 1


def said(*words: str, **options: Any) -> Any:
    out = io.StringIO()
    call_command("reconcile", *words, stdout=out, **options)
    return out.getvalue()


def test_the_command_reconciles_refuses_and_says_so_as_json(live_floor: Floor, tmp_path: Path) -> None:
    user(Role.DOCUMENT_CONTROL)
    good, bad = tmp_path / "baik.csv", tmp_path / "buruk.csv"
    good.write_text(f"User ID,Status\n{live_floor.account.user_id},Aktif\nX-1,Aktif\n")
    bad.write_text("User ID,Status\nX-1,Aktif\nX-2,Entah\n")
    facts = json.loads(said("OMNI", str(good), json=True))
    assert facts["counts"]["new"] == {"unknown": 1} and facts["users"] == 2
    assert facts["report"] == IssuedDocument.objects.get().full_number
    assert json.loads(said("OMNI", str(good), json=True))["counts"]["again"] == {"unknown": 1}
    assert "again unknown: 1" in said("OMNI", str(good))
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was reconciled"):
        call_command("reconcile", "OMNI", str(bad), json=True, stdout=out)
    told = json.loads(out.getvalue())["refused"]
    assert (told["code"], told["rows"][0]["row"]) == ("faulty_rows", 3)
    assert (told["rows"][0]["user_id"], told["counts"]["faulty"], told["cut"]) == ("X-2", 1, 0)
    assert set(told["rows"][0]) == {"row", "user_id", "problems"}
    for words, match in ((["NONE", str(good)], "no application"), (["OMNI", "/no/such"], "No such file"),
                         (["OMNI"], ".")):  # fmt: skip
        with pytest.raises(CommandError, match=match):
            said(*words)
    assert Reconciliation.objects.count() == 3
