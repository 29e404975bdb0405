"""Candidates from a spreadsheet (SDM-3): looked at first, all or nothing, and nothing read that is not checked."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from occ.errors import WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from sdm.models import Candidate, Recruitment
from sdm.services.candidate_import import candidates_import, candidates_read, months
from tests.factories import NOW, Floor
from tests.sdm.recruits import recruiting, staff
from tests.sdm.test_records import acting

pytestmark = pytest.mark.req("SDM-3")
HEADINGS = ["Nama", "NIK", "No HP", "Pendidikan", "Pengalaman", "Keahlian", "Jenis Kelamin", "Tanggal Lahir", "Foto"]
GOOD = ["Sari W", "3171010101901234", "0812-5555-0001", "D3", "2 tahun", "Aplikasi Office; Excel", "Perempuan",
        "2000-01-01", "x.jpg"]  # fmt: skip


def sheet(*rows: list[Any]) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for row in (HEADINGS, *rows):
        book.active.append(row)
    book.save(out)
    out.seek(0)
    return out


def read(row: Recruitment, *rows: list[Any]) -> Any:
    return candidates_read(file=sheet(*rows), recruitment=row, actor=staff(Role.HR_RECRUITMENT), now=NOW)


def test_a_file_is_looked_at_and_brought_in_whole(floor: Floor) -> None:
    row = recruiting(floor)
    other = ["Budi", "3171010101905678", "", "SMK", 8, "", "Laki-laki", "", ""]
    preview = read(row, GOOD, other)
    assert preview.counts == {"total": 2, "good": 2, "faulty": 0} and not Candidate.objects.exists()
    assert set(preview.unknown_columns) == {"Jenis Kelamin", "Tanggal Lahir", "Foto"}
    bring: dict[str, Any] = {"name": "x.xlsx", "recruitment": row, "actor": staff(Role.HR_RECRUITMENT), "now": NOW}
    assert candidates_import(file=sheet(GOOD, other), **bring) == {"created": 2}
    one, two = Candidate.objects.order_by("pk")
    assert (one.education, one.experience_months, one.skills) == ("d3", 24, ["Aplikasi Office", "Excel"])
    assert (one.nik, one.birth_date, two.experience_months) == ("3171010101901234", "", 8)
    assert one.criteria.filter(outcome="met").count() == 2 and two.criteria.filter(outcome="not_met").count() == 2


def test_one_faulty_row_keeps_all_of_them_out(floor: Floor) -> None:
    row = recruiting(floor)
    bad = [["", *GOOD[1:]], ["Budi", "12", *GOOD[2:]], ["Cici", "", "nol", *GOOD[3:]], ["Dedi", "", "", "S9"],
           ["Endah", "", "", "D3", "lama"], GOOD, ["Sama", *GOOD[1:]]]  # fmt: skip
    preview = read(row, *bad)
    assert preview.counts["faulty"] == 7  # the last two repeat each other
    with pytest.raises(WrongState):
        candidates_import(
            file=sheet(*bad), name="x.xlsx", recruitment=row, actor=staff(Role.HR_RECRUITMENT), now=NOW
        )  # fmt: skip
    assert not Candidate.objects.exists()


def test_who_is_a_candidate_already_is_a_problem_of_the_row(floor: Floor) -> None:
    row = recruiting(floor)
    assert candidates_import(
        file=sheet(GOOD), name="x.xlsx", recruitment=row, actor=staff(Role.HR_RECRUITMENT), now=NOW
    ) == {"created": 1}  # fmt: skip
    assert read(row, GOOD).rows[0].problems[0].column == "nik"


@pytest.mark.parametrize(("text", "expected"), [("8", 8), ("8 bulan", 8), ("2 tahun", 24), (" 1 Years ", 12)])
def test_months_and_years_are_understood(text: str, expected: int) -> None:
    assert months(text) == expected


def test_the_pages_lead_from_the_file_to_the_pipeline(floor: Floor) -> None:
    row = recruiting(floor)
    client = acting(staff(Role.HR_RECRUITMENT))
    assert acting(floor.coordinator).get(reverse("sdm:candidate_import:import")).status_code == 403
    file = SimpleUploadedFile("pelamar.xlsx", sheet(GOOD).read())
    answer = client.post(reverse("sdm:candidate_import:import"), {"file": file, "recruitment": row.pk})
    assert answer.status_code == 302
    job = Job.objects.get()
    job_run(job_id=job.pk, now=NOW)
    page = client.get(answer["Location"]).content.decode()
    assert "Sari W" in page and "Jenis Kelamin" in page and GOOD[1] not in page
    done = client.post(reverse("sdm:candidate_import:import_apply", args=[job.pk]))
    job_run(job_id=Job.objects.latest("created_at").pk, now=NOW)
    assert "Imported: 1 candidate." in client.get(done["Location"]).content.decode()
    assert Candidate.objects.get().name == "Sari W"
