"""Attendance on pages, in the API and as a file (RTM-6 to RTM-8, KER-12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from occ.figures.registry import FIGURES, Scope
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import User
from occ.policies.services import policy_set
from realtime.models import AttendanceMark, Headcount, ShiftRecord
from realtime.policies import SMALL_BASE
from realtime.services import attendance, headcounts
from realtime.services.month_sums import month_sums
from tests.factories import DAY, NOW, Floor, person, user
from tests.realtime.conftest import event
from tests.realtime.floors import MORNING, rostered, shift, wib
from tests.realtime.test_attendance import heard, login, logout  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.req("RTM-6", "RTM-7", "RTM-8"), pytest.mark.django_db]
Tell = Callable[..., Any]
PLACE = f"?site=JKT&day={DAY}"


@pytest.fixture
def day(floor: Floor, tell: Tell) -> Floor:
    """Ten agents of the morning: half of them late, one of them in AUX for too long, one absent."""
    shift(floor.jkt).breaks = MORNING
    people = [floor.agent, *(person(floor.jkt, team=floor.team) for _one in range(9))]
    told: list[Any] = []
    for i, one in enumerate(people):
        rostered(one, wib(8))
        if i < 9:
            told += [login(one, wib(8, 12 * (i % 2))), logout(one, wib(17))]
    told.append(event("agent.state", wib(9), agent=floor.agent.number, state="aux", reason="toilet"))
    told.append(event("agent.state", wib(9, 40), agent=floor.agent.number, state="available"))
    tell(*told, now=wib(19))
    headcounts.headcounts_open(now=wib(19))
    attendance.records_keep(now=wib(19))
    return floor


def logged_in(client: Client, who: User) -> Client:
    client.force_login(who)
    return client


def test_a_day_is_shown_by_shift_and_handed_over(day: Floor, client: Client) -> None:
    page = logged_in(client, day.leader).get(reverse("realtime:attendance") + PLACE)
    text = page.content.decode()
    assert page.status_code == 200 and "<strong>9</strong>" in text and text.count("08:12") == 4
    found = Headcount.objects.get()
    done = client.post(reverse("realtime:headcount_hand", args=[found.pk]), {"note": "lengkap"})
    assert done.status_code == 302
    assert Headcount.objects.get().counts["there"] == 9
    again = client.post(reverse("realtime:headcount_hand", args=[found.pk]), {"note": ""})
    assert again.status_code == 422, "said, and nothing done twice"


def test_who_went_home_early_came_and_did_not_work_to_the_end(floor: Floor, tell: Tell, client: Client) -> None:
    shift(floor.jkt)
    other = person(floor.jkt)
    for one in (floor.agent, other):
        rostered(one, wib(8))
    tell(login(floor.agent, wib(8)), login(other, wib(8)), logout(other, wib(9, 49)), logout(floor.agent, wib(17)),
         now=wib(19))  # fmt: skip
    text = logged_in(client, floor.leader).get(reverse("realtime:attendance") + PLACE).content.decode()
    (head,) = re.findall('<p class="mb-0 occ-shift-count">(.*?)</p>', text, re.DOTALL)
    said = " ".join(re.sub("<.*?>", "", head).split())
    assert said.startswith("2 dari 2 datang (100 %) · 1 bekerja sampai selesai · 1 pulang lebih awal")
    assert text.count("431") == 1


def test_a_shift_to_come_is_not_begun_and_own_hours_are_said(floor: Floor, client: Client) -> None:
    begins = (timezone.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    line = rostered(floor.agent, begins)
    rostered(person(floor.jkt, name="Sendiri"), begins, hours=4)
    rostered(person(floor.jkt), begins)
    address = reverse("realtime:attendance") + f"?site=JKT&day={line.day}"
    text = logged_in(client, floor.leader).get(address).content.decode()
    (head,) = re.findall('<p class="mb-0 occ-shift-count">(.*?)</p>', text, re.DOTALL)
    assert "Belum mulai" in head and "3 dijadwalkan" in head and "%" not in head
    assert text.count("jam sendiri") == 1
    day = client.get(reverse("realtime:attendance_person_day", args=[floor.agent.pk, line.day])).content.decode()
    assert ("hanya hari ini" in day) == (line.hours != line.shift.hours)


@pytest.mark.parametrize("query", ["?site=YGY", "?site=nowhere", "?site=99999999999999999999"])
def test_a_site_out_of_reach_is_not_there(day: Floor, client: Client, query: str) -> None:
    assert logged_in(client, day.leader).get(reverse("realtime:attendance") + query).status_code == 404


@pytest.mark.parametrize("value", ["x", "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-20'"])
def test_a_day_that_is_none_is_said(day: Floor, client: Client, value: str) -> None:
    logged_in(client, day.leader)
    page = client.get(reverse("realtime:attendance"), {"site": "JKT", "day": value})
    assert page.status_code == 200 and "Yang ditampilkan hari ini" in page.content.decode()
    page = client.get(reverse("realtime:attendance_month"), {"site": "JKT", "month": value})
    assert page.status_code == 200 and "Yang ditampilkan bulan ini" in page.content.decode()
    address = reverse("realtime:attendance_person_day", args=[day.agent.pk, "2026-11-20"]).replace("2026-11-20", "x")
    assert client.get(address).status_code == 404


def test_one_persons_day_leads_from_figures_to_events(day: Floor, client: Client) -> None:
    address = reverse("realtime:attendance_person_day", args=[day.agent.pk, DAY.isoformat()])
    text = logged_in(client, day.leader).get(address).content.decode()
    for wanted in ("agent.login", "25", "<rect", "toilet"):  # 40 minutes of 15
        assert wanted in text
    refused = client.post(f"{address}mark/", {"status": "sick", "note": ""})
    assert refused.status_code == 422 and not AttendanceMark.objects.exists()
    assert client.post(f"{address}mark/", {"status": "sick", "note": "surat dokter"}).status_code == 302
    assert AttendanceMark.objects.get().status == "sick"


def test_a_share_of_few_shifts_says_so(day: Floor, client: Client) -> None:
    address = reverse("realtime:attendance_month") + f"?site=JKT&month={DAY:%Y-%m}"
    page = logged_in(client, day.leader).get(address)
    assert page.content.decode().count("dari hanya 1<") == 9 * 3 + 2, "who did not come has no login accuracy"
    policy_set(key=SMALL_BASE, value=1, valid_from=NOW, reason="x", site=None, actor=day.manager, now=NOW)
    assert "dari hanya" not in client.get(address).content.decode()


def test_an_agent_sees_the_own_days_and_nobody_elses(day: Floor, client: Client) -> None:
    me = user(Role.AGENT, day.jkt, name="me")
    me.person = day.agent
    me.save()
    logged_in(client, me)
    other = ShiftRecord.objects.exclude(person=day.agent).first()
    assert other is not None
    text = client.get(reverse("realtime:attendance_records") + "?sort=-day").content.decode()
    assert day.agent.name in text and other.person.name not in text
    assert (
        client.get(reverse("realtime:attendance_person_day", args=[day.agent.pk, DAY.isoformat()])).status_code == 200
    )
    assert client.get(other.get_absolute_url()).status_code == 404
    assert client.get(reverse("realtime:attendance")).status_code == 403
    rows = client.get(reverse("api:realtime-attendance"), {"from": DAY, "to": DAY}).json()["results"]
    assert [one["employee"] for one in rows] == [day.agent.number]
    assert rows[0]["aux_over_ms"] == 25 * 60_000 and rows[0]["status"] == "present" and not rows[0]["confirmed"]


def test_the_api_gives_the_shifts_page_by_page(day: Floor, client: Client) -> None:
    absent = ShiftRecord.objects.get(status="absent")
    headcounts.attendance_mark(
        person_id=absent.person_id, day=DAY, status="sick", note="x", actor=day.leader, now=wib(19)
    )
    logged_in(client, day.leader)
    address: str | None = reverse("api:realtime-attendance") + f"?from={DAY}&to={DAY}&size=4"
    found, sizes = [], []
    while address:
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address).json()
        found += page["results"]
        sizes.append((len(page["results"]), sum("realtime_" in one["sql"] for one in asked)))
        address = page["next"]
    assert sizes == [(4, 2), (4, 2), (2, 2)], "the records and their marks, however many rows a page has"
    assert len({one["employee"] for one in found}) == ShiftRecord.objects.filter(day=DAY).count() == 10
    assert [one["status"] for one in found if one["confirmed"]] == ["sick"]


def test_the_month_sums_what_counts(day: Floor, client: Client) -> None:
    absent = ShiftRecord.objects.get(status="absent")
    headcounts.attendance_mark(
        person_id=absent.person_id, day=DAY, status="sick", note="x", actor=day.leader, now=wib(19)
    )
    rows = {one.person.pk: one for one in month_sums(site=day.jkt, first=DAY.replace(day=1), team=day.team)}
    assert len(rows) == 10
    assert (rows[absent.person_id].absent, rows[absent.person_id].excused) == (0, 1)
    mine = rows[day.agent.pk]
    assert (mine.shifts, mine.present, mine.late, mine.over_minutes, mine.punctual) == (1, 1, 0, 25, 100.0)
    late = [one for one in rows.values() if one.late]
    assert len(late) == 4 and all(one.late_minutes == 12 and one.punctual == 0 for one in late)
    page = logged_in(client, day.leader).get(reverse("realtime:attendance_month"), {"site": "JKT", "month": "2026-11"})
    assert page.status_code == 200 and page.content.decode().count("</tr>") == 11


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("status=late", 4),
        ("odd=over", 1),
        ("odd=early", 0),
        ("odd=corrected", 0),
        ("since=2026-11-21", 0),
        ("q=Orang", 10),
    ],
)
def test_the_list_is_filtered(day: Floor, client: Client, query: str, rows: int) -> None:
    page = logged_in(client, day.leader).get(f"{reverse('realtime:attendance_records')}?{query}")
    assert len(page.context["page"].rows) == rows


def test_what_counts_is_what_is_filtered_by(day: Floor, client: Client) -> None:
    absent = ShiftRecord.objects.get(status="absent")
    headcounts.attendance_mark(
        person_id=absent.person_id, day=DAY, status="leave", note="x", actor=day.leader, now=wib(19)
    )
    logged_in(client, day.leader)
    for status, rows in (("absent", 0), ("leave", 1)):
        page = client.get(f"{reverse('realtime:attendance_records')}?status={status}")
        assert len(page.context["page"].rows) == rows


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", ["attendance", "attendance_records", "attendance_month"])
def test_a_page_asks_as_often_for_many_as_for_few(day: Floor, client: Client, name: str) -> None:
    logged_in(client, day.leader)
    address = reverse(f"realtime:{name}") + PLACE
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    for _one in range(10):
        rostered(person(day.jkt, team=day.team), wib(8))
    attendance.records_keep(now=wib(19))
    with CaptureQueriesContext(connection) as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(few) <= 32, [one["sql"][:120] for one in many]


def test_nothing_rostered_says_what_to_do(floor: Floor, client: Client) -> None:
    logged_in(client, floor.leader)
    for name in ("attendance", "attendance_records", "attendance_month"):
        assert client.get(reverse(f"realtime:{name}") + "?site=JKT").status_code == 200
    quiet = reverse("realtime:attendance_person_day", args=[floor.agent.pk, (DAY + timedelta(days=1)).isoformat()])
    assert client.get(quiet).status_code == 200


def test_the_key_figures_are_those_of_the_pages(day: Floor) -> None:
    """Of the site, the team, one agent; and of a day on which nobody was planned nothing is said."""
    scope = Scope(wib(0), wib(0, day=21), site=day.jkt)
    of = {name: FIGURES[f"realtime.{name}"].of(scope) for name in ("login_accuracy", "attendance", "adherence")}
    assert (of["login_accuracy"].value, of["login_accuracy"].inputs) == (
        pytest.approx(100 * 5 / 9),
        {"present": 9, "late": 4},
    )
    assert of["attendance"].value == 90.0
    mine = FIGURES["realtime.adherence"].of(Scope(wib(0), wib(0, day=21), person=day.agent))
    record = ShiftRecord.objects.get(person=day.agent)
    assert mine.value == record.adherence and mine.inputs["out_ms"] == record.out_ms
    team = FIGURES["realtime.login_accuracy"].of(Scope(wib(0), wib(0, day=21), team=day.team))
    assert team.inputs["present"] == 9
    other = FIGURES["realtime.adherence"].of(Scope(wib(0, day=21), wib(0, day=22), site=day.jkt))
    assert other.value is None


def exported(client: Client, page: Any, owner: User) -> Any:
    sent = {"kind": page.context["export_kind"], "query": page.context["export_scope"]}
    assert client.post(reverse("exports:new"), sent).status_code == 302
    job = Job.objects.filter(owner=owner).latest("created_at")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    with storages["default"].open(job.output_file) as file:
        return load_workbook(file).worksheets[0]


@pytest.mark.req("KER-12")
def test_day_and_month_are_exported_as_their_pages_show_them(day: Floor, client: Client) -> None:
    logged_in(client, day.leader)
    sheet = exported(client, client.get(reverse("realtime:attendance") + PLACE), day.leader)
    assert sheet.max_row == 11 and sum(row[9].value == 12 for row in sheet.iter_rows(min_row=2)) == 4
    page = client.get(reverse("realtime:attendance_month") + f"?site=JKT&month={DAY:%Y-%m}")
    sheet = exported(client, page, day.leader)
    heads = [cell.value for cell in sheet[1]]
    punctual = [row[heads.index("Ketepatan login (%)")].value for row in sheet.iter_rows(min_row=2)]
    assert sorted(punctual, key=str) == [0, 0, 0, 0, 100, 100, 100, 100, 100, None]
    assert punctual == [one.punctual for one in page.context["rows"]]
