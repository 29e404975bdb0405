"""Results of a training out of a spreadsheet (SDM-4): previewed, all or nothing, each value for the stage it is of."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from occ.errors import WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from sdm.models import TrainingBatch, TrainingResult
from sdm.services.training_import import results_import, results_read
from tests.factories import NOW, Floor, user
from tests.sdm.training import add, batch, step

pytestmark = pytest.mark.req("SDM-4", "SDM-11")
HEAD = ["Nomor Peserta", "Nama", "Nilai Softskill", "Pre Test", "Post Test", "Tandem Pasif", "Catatan"]


def sheet(*rows: list[Any]) -> ContentFile[bytes]:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (HEAD, *rows):
        book.active.append(row)
    book.save(out)
    return ContentFile(out.getvalue(), name="nilai.xlsx")


@pytest.fixture
def where(floor: Floor) -> TrainingBatch:
    """Two at hardskill, K-1 and K-2; one at softskill, K-3."""
    found = batch(floor)
    for number in ("K-1", "K-2"):
        step(floor, add(found, f"Calon {number}", number), "hardskill")
    step(floor, add(found, "Calon K-3", "K-3"), "softskill")
    return found


def test_a_good_file_is_previewed_and_brought_in(floor: Floor, where: TrainingBatch) -> None:
    rows = (["K-1", "", None, 40, "82,5", None, ""], ["k-2", "", None, 35.25, 90, None, "Baik"])
    read = results_read(file=sheet(*rows), batch=where, actor=floor.leader, now=NOW)
    assert (read.preview.counts, read.done) == ({"total": 2, "good": 2, "faulty": 0}, 2)
    assert not TrainingResult.objects.exists()
    given: dict[str, Any] = {"name": "nilai.xlsx", "batch": where, "actor": floor.leader, "now": NOW}
    assert results_import(file=sheet(*rows), **given) == 2
    kept = TrainingResult.objects.order_by("participant__number")
    assert [(one.pre_score, one.score, one.note) for one in kept] == [
        (Decimal("40.00"), Decimal("82.50"), ""), (Decimal("35.25"), Decimal("90.00"), "Baik"),
    ]  # fmt: skip
    results_import(file=sheet(*rows), **given)
    assert TrainingResult.history.count() == 2  # the same again is nothing new


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["K-9", "", None, 40, 80, None, ""], "Nomor"),
        (["K-1", "", 80, None, None, None, ""], "Softskill"),
        (["K-1", "", None, 40, 180, None, ""], "Post test"),
        (["K-1", "", None, -1, 80, None, ""], "Pre test"),
        (["K-1", "", None, "empat", 80, None, ""], "Pre test"),
        (["K-1", "", None, None, None, None, ""], "Post test"),
        (["K-3", "", 80, None, None, None, ""], ""),  # softskill is HR's to enter
    ],
)
def test_a_bad_row_stops_the_file_and_says_where(
    floor: Floor, where: TrainingBatch, row: list[Any], column: str
) -> None:
    good = ["K-2", "", None, 35, 90, None, ""]
    read = results_read(file=sheet(good, row), batch=where, actor=floor.leader, now=NOW)
    assert read.preview.counts["faulty"] == 1
    problem = read.preview.rows[1].problems[0]
    labels = {"": "", "Nomor": "number", "Softskill": "softskill", "Post test": "post", "Pre test": "pre"}
    assert problem.column == labels[column]
    with pytest.raises(WrongState):
        results_import(file=sheet(good, row), name="nilai.xlsx", batch=where, actor=floor.leader, now=NOW)
    assert not TrainingResult.objects.exists()


def test_the_pages_of_the_import(floor: Floor, where: TrainingBatch, client: Client) -> None:
    client.force_login(floor.leader)
    url = reverse("sdm:training_results:import")
    file = sheet(["K-1", "", None, 40, 82, None, ""])
    assert client.post(url, {"batch": where.pk, "file": file}).status_code == 302
    job = Job.objects.get()
    job_run(job_id=job.pk, now=job.created_at)
    page = client.get(reverse("sdm:training_results:import_preview", args=[job.pk])).content.decode()
    assert "Calon K-1" in page
    client.post(reverse("sdm:training_results:import_apply", args=[job.pk]))
    started = Job.objects.get(kind="sdm.training_import_apply")
    job_run(job_id=started.pk, now=started.created_at)
    assert TrainingResult.objects.get().score == 82
    done = client.get(reverse("sdm:training_results:import_preview", args=[started.pk])).content.decode()
    assert where.get_absolute_url() in done


def test_only_open_batches_of_the_own_site_are_offered(floor: Floor, where: TrainingBatch, client: Client) -> None:
    client.force_login(user(Role.TEAM_LEADER, floor.ygy))
    answer = client.post(reverse("sdm:training_results:import"), {"batch": where.pk, "file": sheet(["K-1"])})
    assert answer.status_code == 422
