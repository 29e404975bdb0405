"""Leave out of a spreadsheet (SDM-9, SDM-11): what is over was taken, what is to come is asked for, once."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from occ.errors import NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.models import WorkflowStep
from sdm.absence.importing import kind_meant, leave_file_import, leave_file_read
from sdm.models import LeaveRequest
from sdm.services import absence
from tests.factories import NOW, Floor, person, user

pytestmark = pytest.mark.req("SDM-9", "SDM-11")
HEADER = ["NIP", "Jenis Cuti", "Mulai", "Sampai", "Alasan"]


def xlsx(*rows: list[Any]) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for values in (HEADER, *rows):
        book.active.append(values)
    book.save(out)
    out.seek(0)
    out.name = "cuti.xlsx"
    return out


def read(hr: User, *rows: list[Any]) -> list[set[str]]:
    reading = leave_file_read(file=xlsx(*rows), actor=hr, now=NOW)
    assert not LeaveRequest.objects.exists()
    return [{one.code for one in found.problems} for found in reading.preview.rows]


@pytest.fixture
def hr(floor: Floor) -> User:
    return user(Role.HR_RELATIONS)


@pytest.mark.parametrize(
    ("word", "key"),
    [("Cuti Tahunan", "annual"), ("annual leave", "annual"), ("SAKIT", "sick"), ("Menikah", "marries"),
     ("ijin", "permission"), ("Cuti melahirkan", "maternity"), ("death", "death")],
)  # fmt: skip
def test_kinds_are_meant_by_key_by_name_and_by_usual_words(floor: Floor, word: str, key: str) -> None:
    assert kind_meant(word, date(2026, 11, 2)).key == key


def test_what_is_over_was_taken_and_what_is_to_come_is_asked_for(floor: Floor, hr: User) -> None:
    number = floor.agent.number
    rows = [
        [number, "Cuti tahunan", "2 November 2026", "4 November 2026", None],
        [number, "Sakit", "10/11/2026", None, "Flu"],
        [number, "Cuti", "07/12/2026", "08/12/2026", None],
    ]  # fmt: skip
    before = absence.balance_on(floor.agent, date(2026, 11, 20)).left
    done = leave_file_import(file=xlsx(*rows), name="x", actor=hr, now=NOW)
    assert done == {"taken": 2, "asked": 1, "known": 0}
    found = list(LeaveRequest.objects.order_by("starts_on").values_list("kind", "status"))
    assert found == [("annual", "taken"), ("sick", "taken"), ("annual", "requested")]
    assert absence.balance_on(floor.agent, date(2026, 11, 20)).left == before - 3 - 2
    counts = LeaveRequest.history.count(), WorkflowStep.objects.count()
    again = leave_file_import(file=xlsx(*rows), name="x", actor=hr, now=NOW)
    assert again == {"taken": 0, "asked": 0, "known": 3}
    assert (LeaveRequest.history.count(), WorkflowStep.objects.count()) == counts


def test_what_is_wrong_with_a_row_is_said_and_nothing_is_written(floor: Floor, hr: User) -> None:
    number = floor.agent.number
    good = [number, "Cuti", "2026-11-02", "2026-11-03", None]
    assert read(
        hr, good, ["404", "Cuti", "2026-11-02", None, None], [number, "liburan", "2026-11-05", None, None],
        [number, "Cuti", "2026-11-10", "2026-11-09", None], [number, "Cuti", "2026-11-03", "2026-11-06", None],
        [number, "Cuti", "2026-11-14", "2026-11-15", None], [number, "Menikah", "2026-12-01", "2026-12-31", None],
    ) == [set(), {"unknown"}, {"unknown"}, {"order"}, {"overlap"}, {"no_working_day"}, {"too_many_days"}]  # fmt: skip
    with pytest.raises(WrongState):
        leave_file_import(file=xlsx(good, ["404", "Cuti", "2026-11-02", None, None]), name="x", actor=hr, now=NOW)
    assert not LeaveRequest.objects.exists()


def test_only_hr_of_the_site_takes_up(floor: Floor, hr: User) -> None:
    other = user(Role.HR_RELATIONS, floor.ygy, name="hr.y")
    assert read(other, [floor.agent.number, "Cuti", "2026-11-02", None, None]) == [{"unknown"}]
    mine = user(Role.HR_RELATIONS, floor.jkt, name="hr.own")
    mine.person = person(floor.jkt)
    mine.save(update_fields=["person"])
    with pytest.raises(NotAllowed, match="Anda"):  # nobody records the own leave as taken
        absence.leave_take_up(
            person_id=mine.person.pk, kind="annual", starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 2),
            actor=mine, now=NOW,
        )  # fmt: skip
    with pytest.raises(NotAllowed):
        absence.leave_take_up(
            person_id=person(floor.jkt).pk, kind="annual", starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 2),
            actor=floor.leader, now=NOW,
        )  # fmt: skip


def test_the_pages_show_then_write(live_floor: Floor) -> None:
    client, hr = Client(), user(Role.HR_RELATIONS)
    client.force_login(hr)
    file = xlsx([live_floor.agent.number, "Cuti", "2026-01-05", "2026-01-06", "Rahasia"])
    assert client.get(reverse("sdm:leave_file:import")).status_code == 200
    assert client.post(reverse("sdm:leave_file:import"), {"file": file}).status_code == 302
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=job.created_at)
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    page = client.get(reverse("sdm:leave_file:import_preview", args=[job.pk])).content.decode()
    assert live_floor.agent.number in page and "Rahasia" not in page
    assert not LeaveRequest.objects.exists()
    client.post(reverse("sdm:leave_file:import_apply", args=[job.pk]))
    started = Job.objects.latest("created_at")
    job_run(job_id=started.pk, now=started.created_at)
    assert LeaveRequest.objects.get().status == "taken"
    assert client.get(reverse("sdm:leave_file:import_preview", args=[started.pk])).status_code == 200
    for kind, query in (("sdm.leaves", "status=taken"), ("sdm.leave_balances", ""), ("sdm.turnover", "what=working")):
        assert client.post("/exports/new/", {"kind": kind, "query": query}).status_code == 302
        made = Job.objects.latest("created_at")
        job_run(job_id=made.pk, now=made.created_at)
        made.refresh_from_db()
        assert made.state == State.DONE, (kind, made.error)


def test_a_file_does_not_tell_of_another_sites_sick_notes(floor: Floor, hr: User) -> None:
    absence.leave_take_up(
        person_id=floor.agent.pk, kind="sick", starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 3), actor=hr, now=NOW
    )
    other = user(Role.HR_RELATIONS, floor.ygy, name="hr.y")
    rows = [[floor.agent.number, kind, "2026-11-02", "2026-11-03", None] for kind in ("Sakit", "Cuti")]
    for row in rows:
        found = leave_file_read(file=xlsx(row), actor=other, now=NOW)
        assert [one.code for one in found.preview.rows[0].problems] == ["unknown"]
        assert found.done["known"] == 0
