"""Contracts from a spreadsheet (SDM-7): preview and import judge alike, the law holds, twice is once."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from occ.errors import WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import User
from sdm.models import Employee, Employment
from sdm.services.contract_import import contracts_import, contracts_read, summary
from sdm.services.employments import Terms
from tests.factories import NOW, Floor
from tests.sdm.conftest import Hire
from tests.sdm.contracts import elsewhere

pytestmark = pytest.mark.req("SDM-7")
HEADS = ["NIP", "Nama", "Jenis Kontrak", "Nomor Kontrak", "Awal Kontrak", "Akhir Kontrak", "Masa Percobaan"]
FIRST = Terms("pkwt", date(2025, 1, 1), date(2025, 12, 31))


def sheet(*rows: list[Any]) -> ContentFile:
    book, out = Workbook(), io.BytesIO()
    for row in (HEADS, *rows):
        book.active.append([datetime(one.year, one.month, one.day) if isinstance(one, date) else one for one in row])
    book.save(out)
    return ContentFile(out.getvalue(), name="kontrak.xlsx")


@pytest.fixture
def employee(hire: Hire) -> Employee:
    return hire(contract=FIRST)


def row(employee: Employee, first: date, last: date | None, kind: str = "PKWT", probation: Any = None) -> list[Any]:
    return [employee.person.number, "x", kind, f"K-{first:%Y}", first, last, probation]


def test_a_file_brings_extensions_and_again_changes_nothing(employee: Employee, hr: User) -> None:
    later, between = date(2027, 1, 1), date(2026, 1, 1)  # in the wrong order: judged in theirs
    rows = [row(employee, later, date(2027, 12, 31)), row(employee, between, date(2026, 12, 31))]
    assert contracts_read(file=sheet(*rows), actor=hr, now=NOW).done == {"added": 2, "unchanged": 0, "registered": 0}
    assert Employment.objects.filter(employee=employee).count() == 1  # a preview writes nothing
    given: dict[str, Any] = {"name": "kontrak.xlsx", "actor": hr, "now": NOW}
    assert contracts_import(file=sheet(*rows), **given) == {"added": 2, "unchanged": 0, "registered": 0}
    assert contracts_import(file=sheet(*rows), **given) == {"added": 0, "unchanged": 2, "registered": 0}
    assert [one.extends_id is None for one in employee.employments.order_by("starts_on")] == [True, False, False]


@pytest.mark.parametrize(("cells", "code"), [
    ((date(2026, 1, 1), date(2030, 1, 1)), "pkwt_limit"), ((date(2026, 1, 1), None), "pkwt_without_end"),
    ((date(2025, 6, 1), date(2026, 6, 1)), "contract_overlaps"), ((date(2026, 1, 1), date(2026, 5, 1), "PKWT", 2),
    "pkwt_probation"), ((date(2026, 1, 1), date(2026, 5, 1), "PKWT", "tiga"), "number"),
    ((date(2026, 1, 1), date(2026, 5, 1), "PKWTT"), "pkwtt_with_end"),
])  # fmt: skip
def test_what_a_row_may_not_say(employee: Employee, hr: User, cells: tuple[Any, ...], code: str) -> None:
    rows = [row(employee, *cells), row(employee, date(2031, 6, 1), date(2031, 12, 31))]
    reading = contracts_read(file=sheet(*rows), actor=hr, now=NOW)
    assert [one.code for one in reading.preview.rows[0].problems] == [code]
    assert reading.preview.counts == {"total": 2, "good": 1, "faulty": 1}
    assert summary(reading)["rows"][0]["problems"][0]["column"]
    with pytest.raises(WrongState):
        contracts_import(file=sheet(*rows), name="x", actor=hr, now=NOW)
    assert Employment.objects.filter(employee=employee).count() == 1


def test_two_rows_of_one_day_are_the_same_row(employee: Employee, hr: User) -> None:
    twice = row(employee, date(2026, 1, 1), date(2026, 5, 1))
    reading = contracts_read(file=sheet(twice, twice), actor=hr, now=NOW)
    assert reading.preview.counts["faulty"] == 2


def test_people_of_another_site_are_unknown(floor: Floor, employee: Employee) -> None:
    file = sheet(
        row(employee, date(2026, 1, 1), date(2026, 5, 1)), ["tidak-ada", "", "PKWT", "", NOW.date(), NOW.date()]
    )
    reading = contracts_read(file=file, actor=elsewhere(Role.HR_RELATIONS, floor.ygy), now=NOW)
    assert [one.problems[0].code for one in reading.preview.rows] == ["unknown", "unknown"]


def test_by_its_pages(employee: Employee, hr: User) -> None:
    asker = Client()
    asker.force_login(hr)
    upload = reverse("sdm:contract_import:import")
    assert "sdm/contracts/import" in asker.get(reverse("sdm:contracts")).content.decode()
    assert asker.get(upload).status_code == 200
    file = sheet(row(employee, date(2026, 1, 1), date(2026, 12, 31)))
    assert asker.post(upload, {"file": file}).status_code == 302
    for kind in ("sdm.contracts_import", "sdm.contracts_import_apply"):
        job = Job.objects.get(kind=kind)
        job_run(job_id=job.pk, now=timezone.now())
        page = reverse("sdm:contract_import:import_preview", args=[job.pk])
        assert asker.get(page).status_code == 200
        if kind == "sdm.contracts_import":
            assert employee.person.number in asker.get(page).content.decode()
            assert asker.post(reverse("sdm:contract_import:import_apply", args=[job.pk])).status_code == 302
    assert Employment.objects.filter(employee=employee).count() == 2
    job.refresh_from_db()
    assert job.result == {"added": 1, "unchanged": 0, "registered": 0}


def test_a_file_registers_what_was_registered_once(employee: Employee, hr: User) -> None:
    first = date(2026, 1, 1)
    heads = [*HEADS, "Tgl TTD", "Tanggal Pencatatan", "Nomor Pencatatan"]

    def rows(*more: Any) -> Any:
        book, out = Workbook(), io.BytesIO()
        for one in (heads, [*row(employee, first, date(2026, 12, 31)), *more]):
            book.active.append([datetime(at.year, at.month, at.day) if isinstance(at, date) else at for at in one])
        book.save(out)
        return ContentFile(out.getvalue(), name="kontrak.xlsx")

    given: dict[str, Any] = {"name": "kontrak.xlsx", "actor": hr, "now": NOW}
    whole = (date(2026, 1, 2), date(2026, 1, 5), "WLKP-9")
    for wrong in ((None, date(2026, 1, 5), None), (None, None, "WLKP-9"), (None, date(2030, 1, 5), "WLKP-9")):
        assert contracts_read(file=rows(*wrong), actor=hr, now=NOW).preview.counts["faulty"] == 1
    assert contracts_import(file=rows(*whole), **given) == {"added": 1, "unchanged": 0, "registered": 1}
    assert contracts_import(file=rows(*whole), **given) == {"added": 0, "unchanged": 1, "registered": 0}
    assert employee.employments.get(starts_on=first).registered == (date(2026, 1, 5), "WLKP-9")
    other = rows(None, date(2026, 1, 6), "WLKP-10")
    assert contracts_read(file=other, actor=hr, now=NOW).preview.counts["faulty"] == 1  # registered otherwise
