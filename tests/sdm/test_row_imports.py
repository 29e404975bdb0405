"""The plan, wages and letters of before from spreadsheets (SDM-11): judged alike, twice is once, nothing by half."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from occ.errors import WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.people.choices import Role
from sdm.discipline.levels import next_level
from sdm.models import PlanLine, Wage
from sdm.models.discipline import WarningLetter
from sdm.services.discipline_letters import given_to
from sdm.services.letter_import import LETTERS
from sdm.services.plan_import import PLAN
from sdm.services.wage_import import WAGES
from tests.factories import DAY, NOW, Floor, person, user
from tests.sdm.conftest import Hire

pytestmark = pytest.mark.req("SDM-11")
LATER = DAY + timedelta(days=30)


def sheet(*rows: list[Any]) -> ContentFile:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([datetime(one.year, one.month, one.day) if isinstance(one, date) else one for one in row])
    book.save(out)
    return ContentFile(out.getvalue(), name="berkas.xlsx")


def codes(reading: Any) -> list[tuple[str, str]]:
    return [(one.column, one.code) for row in reading.preview.rows for one in row.problems]


def test_a_plan_by_site_and_position_changes_from_a_day_on(floor: Floor) -> None:
    heads = ["Lokasi", "Jabatan", "Jumlah", "Berlaku Mulai", "Alasan"]
    planner = user(Role.HR_RECRUITMENT, floor.jkt)
    good = [heads, ["JKT", "agent", 80, LATER, "Rapat"], ["Jakarta", "Agent", 90, LATER + DAY.resolution, "PKS"]]
    assert PLAN.read(file=sheet(*good), actor=planner, now=NOW).done == {"added": 2, "unchanged": 0}
    assert not PlanLine.objects.exists()  # a preview writes nothing
    given: dict[str, Any] = {"name": "plan.xlsx", "actor": planner, "now": NOW}
    assert PLAN.bring_in(file=sheet(*good), **given) == {"added": 2, "unchanged": 0}
    assert list(PlanLine.objects.order_by("starts_on").values_list("number", "ends_on")) == [(80, LATER), (90, None)]
    bad = [
        heads, ["YGY", "Agent", 3, LATER, "x"], ["JKT", "Astronot", 3, LATER, "x"],
        ["JKT", "Agent", 3, DAY - timedelta(days=1), "x"], ["JKT", "Team Leader", 99999, LATER, "x"],
    ]  # fmt: skip
    found = codes(PLAN.read(file=sheet(*bad), actor=planner, now=NOW))
    assert [column for column, _code in found] == ["site", "position", "starts_on", "planned"]
    with pytest.raises(WrongState):
        PLAN.bring_in(file=sheet(*bad), **given)
    assert PlanLine.objects.count() == 2


def test_wages_come_in_once_by_payroll_and_are_nowhere_to_be_read(floor: Floor, hire: Hire) -> None:
    one, other = hire(), hire()
    heads, payroll = ["NIP", "Berlaku Mulai", "Upah", "Catatan"], user(Role.HR_PAYROLL, floor.jkt)
    since = date(2026, 1, 1)
    rows = [[one.person.number, since, 5_123_000, ""], [other.person.number, since, 6_000_000.5, "UMK"]]
    read = WAGES.read(file=sheet(heads, *rows), actor=payroll, now=NOW)
    assert read.done == {"added": 2, "unchanged": 0} and not Wage.objects.exists()
    assert "5123000" not in str(WAGES.summary(read))
    given: dict[str, Any] = {"name": "upah.xlsx", "actor": payroll, "now": NOW}
    assert WAGES.bring_in(file=sheet(heads, *rows), **given) == {"added": 2, "unchanged": 0}
    assert WAGES.bring_in(file=sheet(heads, *rows), **given) == {"added": 0, "unchanged": 2}
    assert Wage.objects.get(employee=other).rupiah == Decimal("6000000.50")
    assert not Entry.objects.filter(data__icontains="5123000").exists()
    far = person(floor.ygy)
    bad = [
        [far.number, since, 5_000_000, ""],
        [one.person.number, since, 7_000_000, ""],
        [other.person.number, since, 0, ""],
    ]
    found = codes(WAGES.read(file=sheet(heads, *bad), actor=payroll, now=NOW))
    assert [column for column, _code in found] == ["number", "note", "amount"]
    assert codes(WAGES.read(file=sheet(heads, rows[0]), actor=user(Role.HR_RELATIONS), now=NOW))


def test_letters_of_before_count_and_say_nothing_where_others_read(floor: Floor, hire: Hire) -> None:
    one, other = hire(), hire()
    heads = ["NIP", "SP", "Nomor Surat", "Tanggal SP", "Alasan", "Pasal", "Berlaku Sampai"]
    relations, given_on = user(Role.HR_RELATIONS, floor.jkt), DAY - timedelta(days=30)
    rows = [[one.person.number, "SP I", "HR/12", given_on, "Mangkir rahasia", "Pasal 27", None],
            [other.person.number, 2, "HR/13", given_on, "Terlambat", "Pasal 28", DAY - timedelta(days=1)]]  # fmt: skip
    read = LETTERS.read(file=sheet(heads, *rows), actor=relations, now=NOW)
    assert read.done == {"added": 2, "unchanged": 0} and not WarningLetter.objects.exists()
    assert "rahasia" not in str(LETTERS.summary(read))
    given: dict[str, Any] = {"name": "sp.xlsx", "actor": relations, "now": NOW}
    assert LETTERS.bring_in(file=sheet(heads, *rows), **given) == {"added": 2, "unchanged": 0}
    assert LETTERS.bring_in(file=sheet(heads, *rows), **given) == {"added": 0, "unchanged": 2}
    assert [next_level(given_to(who.pk), DAY) for who in (one, other)] == [2, 1]  # in force, and over
    assert not Entry.objects.filter(data__icontains="rahasia").exists()
    letter = WarningLetter.objects.get(person=one.person)
    assert (letter.document, letter.paper_number, letter.case.is_open) == (None, "HR/12", False)
    client = Client()
    client.force_login(relations)
    page = client.get(letter.case.get_absolute_url()).content.decode()
    assert "HR/12" in page and "rahasia" in page
    assert reverse("sdm:letter_import:import") in client.get(reverse("sdm:discipline")).content.decode()
    bad = [
        [one.person.number, 1, "HR/99", given_on, "x", "x", None], [one.person.number, 4, "HR/1", DAY, "x", "x", None],
        [other.person.number, 1, "HR/2", LATER, "x", "x", None],
        [other.person.number, 1, "HR/3", DAY, "x", "x", DAY - timedelta(days=2)],
        [person(floor.ygy).number, 1, "HR/4", DAY, "x", "x", None],
    ]  # fmt: skip
    found = codes(LETTERS.read(file=sheet(heads, *bad), actor=relations, now=NOW))
    assert [column for column, _code in found] == ["issued_on", "level", "issued_on", "valid_until", "number"]
    assert codes(LETTERS.read(file=sheet(heads, rows[0]), actor=floor.manager, now=NOW))
    with pytest.raises(IntegrityError, match="warning_whole"), transaction.atomic():
        WarningLetter.objects.create(
            case=letter.case, person=other.person, violated_on=DAY, reason="x", clause="x", requested_at=NOW,
            requested_by=relations, level=1, issued_on=DAY, valid_until=DAY, issued_at=NOW, issued_by=relations,
        )  # fmt: skip


def test_the_pages_bring_a_plan_in(floor: Floor, client: Client) -> None:
    client.force_login(floor.manager)
    day = timezone.localdate() + timedelta(days=9)
    file = sheet(["Site", "Posisi", "Rencana", "Mulai", "Alasan"], ["JKT", "Agent", 70, day, "PKS"])
    assert reverse("sdm:plan_import:import") in client.get(reverse("sdm:plan")).content.decode()
    answer = client.post(reverse("sdm:plan_import:import"), {"file": file})
    assert answer.status_code == 302
    assert job_run(job_id=Job.objects.get().pk, now=timezone.now())
    page = client.get(answer["Location"]).content.decode()
    assert "Agent" in page and "PKS" in page
    applied = client.post(reverse("sdm:plan_import:import_apply", args=[Job.objects.get().pk]))
    assert job_run(job_id=Job.objects.get(kind="sdm.plan_import_apply").pk, now=timezone.now())
    assert client.get(applied["Location"]).status_code == 200
    assert PlanLine.objects.get().number == 70
