"""Evaluations of before OCC (SDM-11): by spreadsheet, page and API alike, once for a month."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import User
from sdm.evaluating.renewing import lines as for_renewal
from sdm.models import PastEvaluation
from sdm.services.past_evaluation_import import EVALUATIONS, month_read
from sdm.services.past_evaluations import past_evaluation_take_up
from sdm.views.past_evaluations import columns, line, rows_of
from tests.factories import NOW, Floor, person, user
from tests.sdm.discipline import agent_user
from tests.sdm.test_row_imports import codes, sheet

pytestmark = pytest.mark.req("SDM-11")
HEADS = ["NIP", "Periode", "Nilai Akhir", "Predikat", "Ulasan", "Alasan Perubahan"]


@pytest.fixture
def quality(floor: Floor) -> User:
    return user(Role.QUALITY_ASSURANCE, floor.jkt)


@pytest.mark.parametrize(
    "text", ["2025-11", "11/2025", "November 2025", "nov 2025", "2025-11-20", "2025-11-01T00:00:00", "20/11/2025"]
)
def test_a_month_as_people_write_it(text: str) -> None:
    assert month_read(text) == date(2025, 11, 1)


@pytest.mark.parametrize(
    "text", ["", "2025", "13/2025", "2025-00", "Smarch 2025", "0001-01", "9999-12", "=A1", "٢٠٢٥-١١"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        month_read(text)


def test_a_file_comes_in_once_and_remarks_stand_nowhere_else(floor: Floor, quality: User) -> None:
    one, other = floor.agent.number, person(floor.jkt).number
    rows = [[one, "2025-11", 87.5, "Baik", "rahasia", ""], [one, "Des 2025", 90, "", "", ""],
            [other, date(2025, 11, 1), "78,25", "Cukup", "", ""]]  # fmt: skip
    read = EVALUATIONS.read(file=sheet(HEADS, *rows), actor=quality, now=NOW)
    assert read.done == {"added": 3, "unchanged": 0} and not PastEvaluation.objects.exists()
    assert "rahasia" not in str(EVALUATIONS.summary(read))
    given: dict[str, Any] = {"name": "nilai.xlsx", "actor": quality, "now": NOW}
    assert EVALUATIONS.bring_in(file=sheet(HEADS, *rows), **given) == {"added": 3, "unchanged": 0}
    assert EVALUATIONS.bring_in(file=sheet(HEADS, *rows), **given) == {"added": 0, "unchanged": 3}
    assert not Entry.objects.filter(data__icontains="rahasia").exists()
    assert PastEvaluation.objects.get(person__number=other).total == Decimal("78.25")
    changed = [one, "2025-11", 80, "Baik", "rahasia", ""]
    assert codes(EVALUATIONS.read(file=sheet(HEADS, changed), actor=quality, now=NOW)) == [("note", "differs")]
    assert EVALUATIONS.bring_in(file=sheet(HEADS, [*changed[:5], "Salah ketik"]), **given)["added"] == 1
    held = PastEvaluation.objects.get(person__number=one, month=date(2025, 11, 1))
    assert [(row.total, row.history_change_reason) for row in held.history.order_by("history_id")] == [
        (Decimal("87.50"), "taken up"), (Decimal("80.00"), "Salah ketik"),
    ]  # fmt: skip
    told = for_renewal(floor.agent, date(2025, 11, 15), date(2025, 12, 31))
    assert [said.value for said in told] == ["85", "90", "80"]


def test_hostile_rows_are_told_each_at_its_column_and_nothing_is_written(floor: Floor, quality: User) -> None:
    number, far = floor.agent.number, person(floor.ygy).number
    bad = [
        ["TIDAK-ADA", "2025-11", 80, "", "", ""], [far, "2025-11", 80, "", "", ""], [number, "kemarin", 80, "", "", ""],
        [number, "2025-10", 100.01, "", "", ""], [number, "2025-09", -1, "", "", ""],
        [number, "2025-08", "NaN", "", "", ""],
        [number, "2025-07", 80.123, "", "", ""], [number, "2026-11", 80, "", "", ""],
        [number, "1999-01", 80, "", "", ""],
        [number, "2025-06", 80, "x" * 21, "", ""], [number, "2025-05", 80, "", "x" * 2001, ""],
        [number, "", 80, "", "", ""], [number, "2025-04", "", "", "", ""],
    ]  # fmt: skip
    good = [number, "2025-01", 80, '=HYPERLINK("http://x")', "<script>", ""]
    reading = EVALUATIONS.read(file=sheet(HEADS, good, *bad), actor=quality, now=NOW)
    assert [column for column, _code in codes(reading)] == [
        "grade", "number", "number", "month", "total", "total", "total", "total", "month", "month", "grade", "remarks",
        "month", "total",
    ]  # fmt: skip
    with pytest.raises(WrongState):
        EVALUATIONS.bring_in(file=sheet(HEADS, good, *bad), name="x", actor=quality, now=NOW)
    assert not PastEvaluation.objects.exists()
    assert codes(EVALUATIONS.read(file=sheet(HEADS, [number, "2025-01", 80, "", "", ""]), actor=floor.manager, now=NOW))


def test_nobody_takes_up_the_own_and_none_of_a_month_to_come(floor: Floor, quality: User) -> None:
    own = person(floor.jkt)
    quality.person = own
    quality.save(update_fields=["person"])
    given: dict[str, Any] = {"month": date(2025, 11, 9), "total": Decimal(80), "actor": quality, "now": NOW}
    with pytest.raises(NotAllowed):
        past_evaluation_take_up(person_id=own.pk, **given)
    made, _new = past_evaluation_take_up(person_id=floor.agent.pk, **given)
    assert made.month == date(2025, 11, 1)
    with pytest.raises(Invalid):
        past_evaluation_take_up(person_id=floor.agent.pk, **given | {"month": NOW.date() + timedelta(days=40)})
    with pytest.raises(IntegrityError, match="past_evaluation_from_a_first"), transaction.atomic():
        PastEvaluation.objects.filter(pk=made.pk).update(month=date(2025, 11, 2))


def test_pages_and_api_say_the_same_to_who_may_read(floor: Floor, quality: User) -> None:
    past_evaluation_take_up(
        person_id=floor.agent.pk, month=date(2025, 11, 1), total=Decimal("87.5"), grade="Baik", actor=quality, now=NOW
    )
    desk, lead, own, elsewhere = Client(), Client(), Client(), Client()
    readers = (quality, floor.leader, agent_user(floor.agent), user(Role.QUALITY_ASSURANCE, floor.ygy))
    for client, who in zip((desk, lead, own, elsewhere), readers, strict=True):
        client.force_login(who)
    listed, api = reverse("sdm:past_evaluations"), reverse("api:sdm-past-evaluations")
    assert reverse("sdm:evaluation_import:import") in desk.get(listed).content.decode()
    for client, seen in ((desk, 1), (lead, 1), (elsewhere, 0)):
        assert client.get(listed).content.decode().count("87,50") == seen
        assert len(client.get(api, {"month": "2025-11-20"}).json()["results"]) == seen
    assert own.get(listed).status_code == 403
    page = own.get(reverse("sdm:person", args=[floor.agent.pk])).content.decode()
    assert "November 2025" in page and "87.50 Baik" in page
    assert len(columns()) == len(line(rows_of(quality, NOW).get()))
    given = {"employee": floor.agent.number, "month": "2025-10-01", "total": "70"}
    for status in (201, 200):
        answer = desk.post(api, given, content_type="application/json", HTTP_IDEMPOTENCY_KEY=f"nilai-{status}")
        assert answer.status_code == status


def test_the_wizard_brings_them_in(floor: Floor, quality: User, client: Client) -> None:
    client.force_login(quality)
    file: ContentFile = sheet(HEADS, [floor.agent.number, "2025-11", 87.5, "Baik", "", ""])
    answer = client.post(reverse("sdm:evaluation_import:import"), {"file": file})
    assert job_run(job_id=Job.objects.get().pk, now=timezone.now())
    assert "Baik" in client.get(answer["Location"]).content.decode()
    applied = client.post(reverse("sdm:evaluation_import:import_apply", args=[Job.objects.get().pk]))
    assert job_run(job_id=Job.objects.get(kind="sdm.evaluation_import_apply").pk, now=timezone.now())
    assert client.get(applied["Location"]).status_code == 200
    assert PastEvaluation.objects.get().grade == "Baik"
