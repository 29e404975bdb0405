"""The pages of rosters: the grid and what is written into it, versions, findings, shift codes, the import (RTM-1)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import Person
from realtime.models import Roster, RosterLine, Shift
from realtime.services.roster_reading import roster_read
from tests.factories import NOW, Floor, user
from tests.realtime.rosters import DAYS, MONTH, Plan, log_in_of, plan_of, workbook

pytestmark = pytest.mark.req("RTM-1")


@pytest.fixture
def plan(floor: Floor) -> Plan:
    return plan_of(floor)


def filled(plan: Plan, people: int) -> Roster:
    """A month of so many people, published."""
    made = Person.objects.bulk_create(
        Person(number=f"G{n:04}", name=f"Agent {n:04}", site=plan.floor.jkt, position="Agent", joined_on="2024-01-01")
        for n in range(people)
    )
    roster = plan.begin()
    plan.write(roster, *[(one, day, "P" if day.day % 7 else "OFF") for one in made for day in DAYS])
    Roster.objects.filter(pk=roster.pk).update(status="published", published_at=NOW)
    return roster


@pytest.mark.parametrize("people", [3, 120])
def test_a_months_grid_asks_as_often_for_many_people_as_for_few(
    plan: Plan, client: Client, people: int, django_assert_max_num_queries: Any
) -> None:
    roster = filled(plan, people)
    client.force_login(plan.floor.leader)
    with django_assert_max_num_queries(36):
        page = client.get(roster.get_absolute_url())
    assert page.status_code == 200
    text = page.content.decode()
    assert text.count("data-person=") == people and text.count("<td>P</td>") >= people * 26


def test_cells_written_in_the_grid(plan: Plan, client: Client) -> None:
    roster, sari = plan.begin(), plan.people[0]
    client.force_login(plan.wfm)
    url = f"{roster.get_absolute_url()}cells/"

    def post(*cells: Any) -> Any:
        return client.post(url, {"cells": json.dumps(cells)})

    answer = post([sari.pk, "2026-12-01", "p"], [sari.pk, "2026-12-02", "cuti"], [sari.pk, "2026-12-03", "tp"])
    assert answer.json()["cells"] == [
        [sari.pk, "2026-12-01", "P", ""], [sari.pk, "2026-12-02", "CT", "leave"], [sari.pk, "2026-12-03", "TP", "leads"]
    ]  # fmt: skip
    assert post([sari.pk, "2026-12-01", ""]).json()["cells"] == [[sari.pk, "2026-12-01", "", ""]]
    assert RosterLine.objects.count() == 2
    unknown = post([sari.pk, "2026-12-01", "Q"])
    assert unknown.status_code == 422 and "Q" in unknown.json()["message"]
    for rubbish in ("", "{", "[1]", '[["a", "b", "c"]]', '[[1, "2026-12-01", "\\u0000"]]', "[[1e400, 1, 1]]", "null",
                    json.dumps([[1, "2026-12-01", "P"]] * 501)):  # fmt: skip
        assert client.post(url, {"cells": rubbish}).status_code == 422
    plan.publish(roster)
    assert post([sari.pk, "2026-12-04", "P"]).status_code == 409
    client.force_login(plan.floor.support)
    assert post([sari.pk, "2026-12-04", "P"]).status_code == 403


def test_one_entry_without_scripts(plan: Plan, client: Client) -> None:
    roster, sari = plan.begin(), plan.people[0]
    client.force_login(plan.wfm)
    url = f"{roster.get_absolute_url()}cells/"
    assert client.post(url, {"person": sari.number, "day": "2026-12-01", "code": "P"}).status_code == 302
    assert roster.lines.get().person == sari
    refused = client.post(url, {"person": sari.number, "day": "2026-12-01", "code": "ZZ"})
    assert refused.status_code == 422 and b"ZZ" in refused.content


def test_from_the_new_version_to_its_publication(plan: Plan, client: Client) -> None:
    client.force_login(plan.wfm)
    answer = client.post("/realtime/rosters/new/", {"site": plan.floor.jkt.pk, "month": "2026-12", "reason": ""})
    roster = Roster.objects.get()
    assert answer.url == roster.get_absolute_url()  # type: ignore[attr-defined]
    assert client.post("/realtime/rosters/new/", {"site": plan.floor.jkt.pk, "month": "13"}).status_code == 422
    plan.write(roster, (plan.people[0], DAYS[0], "M"), (plan.people[0], DAYS[1], "P"))
    assert client.post(f"{roster.get_absolute_url()}validate/").status_code == 403, "the team leader validates"
    client.force_login(plan.floor.leader)
    refused = client.post(f"{roster.get_absolute_url()}validate/")
    assert refused.status_code == 422
    page = client.get(f"{roster.get_absolute_url()}findings/")
    assert page.status_code == 200 and plan.people[0].name.encode() in page.content
    piece = client.get(f"{roster.get_absolute_url()}findings/?piece=1", HTTP_HX_REQUEST="true")
    assert b"<html" not in piece.content
    plan.write(roster, (plan.people[0], DAYS[1], "OFF"))
    log_in_of(plan.people[0])
    for name, who in (("validate", plan.floor.leader), ("publish", plan.wfm)):
        client.force_login(who)
        if name == "publish":  # it is asked about, with what it does
            asked = {one["name"]: one for one in client.get(roster.get_absolute_url()).context["others"]}
            assert "Hari yang berubah: 2; orang: 1; langsung diberi tahu karena punya log-in: 1" in asked[name]["text"]
            assert (asked[name]["tone"], asked["cancel"]["tone"]) == ("", "danger")
        assert client.post(f"{roster.get_absolute_url()}{name}/").status_code == 302
    assert client.post(f"{roster.get_absolute_url()}revise/").status_code == 404, "that is the next version's"
    second = plan.begin(reason="ganti")
    plan.write(second, (plan.people[0], DAYS[0], "S"))
    changes = client.get(f"{second.get_absolute_url()}changes/").content.decode()
    assert "<strong>S</strong>" in changes and "ganti" in changes
    assert client.get(f"{roster.get_absolute_url()}changes/?against={second.pk}").status_code == 200
    assert client.get(f"{roster.get_absolute_url()}changes/?against=999999").status_code == 404
    assert client.get("/realtime/rosters/").status_code == 200


def test_shift_codes_on_the_page(plan: Plan, client: Client) -> None:
    client.force_login(user(Role.WFM, name="wfm.all"))
    sent = {"code": "pg2", "label": "Pagi 2", "starts": "22:30", "ends": "07:30", "paid_minutes": "480", "active": "on",
            "activity_0": "meal", "after_0": "02:00", "minutes_0": "60", "site": plan.floor.jkt.pk}  # fmt: skip
    assert client.post("/realtime/shifts/new/", sent).status_code == 302
    made = Shift.objects.get(code="PG2")
    assert (made.minutes, made.breaks) == (540, [{"activity": "meal", "after": 210, "minutes": 60}])
    assert made.hours == "22:30–07:30"
    assert client.post("/realtime/shifts/new/", sent | {"code": "PG3", "after_0": "12:00"}).status_code == 422
    assert client.post("/realtime/shifts/new/", sent | {"code": "PG3", "minutes_0": ""}).status_code == 422
    page = client.get(f"/realtime/shifts/{made.pk}/").content.decode()
    assert 'value="07:30"' in page and 'value="02:00"' in page
    edited = sent | {"label": "Dini hari", "reason": "nama"}
    assert client.post(f"/realtime/shifts/{made.pk}/", edited).status_code == 302
    assert client.get("/realtime/shifts/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_wizard_shows_then_writes(live_floor: Floor, client: Client) -> None:
    plan = plan_of(live_floor)
    client.force_login(plan.wfm)

    def upload(*rows: Any) -> Job:
        content = workbook(["NIK", "Nama", *DAYS[:2]], *rows).getvalue()
        sent = {"file": SimpleUploadedFile("roster.xlsx", content), "site": live_floor.jkt.pk, "month": "2026-12"}
        assert client.post("/realtime/rosters/import/", sent).status_code == 302
        job = Job.objects.latest("created_at")
        job_run(job_id=job.pk, now=job.created_at)
        job.refresh_from_db()
        return job

    bad = upload([plan.people[0].number, "x", "P", "QQ"])
    page = client.get(f"/realtime/rosters/import/{bad.pk}/").content.decode()
    assert bad.state == State.DONE and "D2:" in page
    assert client.get(f"/realtime/rosters/import/{bad.pk}/faulty/", follow=True).status_code == 200
    client.post(f"/realtime/rosters/import/{bad.pk}/apply/")
    assert not Roster.objects.exists()
    job = upload([plan.people[0].number, "x", "P", "S"])
    assert b"2026-12-01" in client.get(f"/realtime/rosters/import/{job.pk}/").content
    client.post(f"/realtime/rosters/import/{job.pk}/apply/")
    started = Job.objects.latest("created_at")
    assert job_run(job_id=started.pk, now=started.created_at + timedelta(seconds=1))
    assert Roster.objects.get(month=MONTH).lines.count() == 2
    started.refresh_from_db()
    assert client.get(f"/realtime/rosters/import/{started.pk}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_month_goes_out_as_the_spreadsheet_that_comes_in(live_floor: Floor, client: Client) -> None:
    plan = plan_of(live_floor)
    roster = plan.begin()
    plan.write(roster, (plan.people[0], DAYS[0], "M"), (plan.people[1], DAYS[30], "CT"), (plan.leader, DAYS[3], "TP"))
    client.force_login(plan.floor.leader)
    client.post("/exports/new/", {"kind": "realtime.roster", "query": f"&roster={roster.pk}"})
    job = Job.objects.latest("created_at")
    assert job_run(job_id=job.pk, now=job.created_at)
    answer = client.get(f"/exports/{job.pk}/file/")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    found = roster_read(file=io.BytesIO(content), site=live_floor.jkt, month=MONTH, actor=plan.wfm, now=NOW)
    assert (found.preview.counts["good"], found.changes, len(found.days)) == (3, [], 31)
    for query in ("", "roster=x", "roster=99999999999999999999", "roster=0"):
        client.post("/exports/new/", {"kind": "realtime.roster", "query": query})
        job = Job.objects.latest("created_at")
        job_run(job_id=job.pk, now=job.created_at)
        job.refresh_from_db()
        assert job.state == State.REFUSED
