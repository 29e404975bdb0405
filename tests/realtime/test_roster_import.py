"""A spreadsheet roster: agents down, dates across, codes in the cells; all of it or nothing (RTM-1)."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from occ.errors import NotAllowed, WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.sheets.reading import SheetRefused
from realtime.models import Roster, RosterLine
from realtime.services import rosters as services
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import heading_day, roster_read, summary
from tests.factories import NOW, Floor
from tests.realtime.rosters import DAYS, MONTH, Plan, plan_of, workbook

pytestmark = pytest.mark.req("RTM-1")


@pytest.fixture
def plan(floor: Floor) -> Plan:
    return plan_of(floor)


def read(plan: Plan, file: Any, **fields: Any) -> dict[str, Any]:
    given = {"site": plan.floor.jkt, "month": MONTH, "actor": plan.wfm, "now": NOW} | fields
    return summary(roster_read(file=file, **given))


def brought(plan: Plan, file: Any, seen: str = "") -> dict[str, Any]:
    given = {"site": plan.floor.jkt, "month": MONTH, "actor": plan.wfm, "now": NOW, "seen": seen}
    return roster_import(file=file, name="roster.xlsx", **given)


def good(plan: Plan) -> io.BytesIO:
    rows = [[one.number, one.name, "P", "OFF", "M"] for one in plan.people]
    return workbook(["NIK", "Nama", *DAYS[:3], "Total"], *rows, before=2)


def test_a_matrix_becomes_the_months_draft_and_the_same_twice_changes_nothing(plan: Plan) -> None:
    found = read(plan, good(plan))
    assert found["counts"] == {"total": 3, "good": 3, "faulty": 0, "changes": 9, "people": 3, "days": 3, "others": 0}
    assert found["unknown"] == ["Total"] and not Roster.objects.exists(), "a look leaves nothing"
    made = brought(plan, good(plan))
    assert (made["version"], made["changes"], made["status"]) == (1, 9, "draft")
    again = brought(plan, good(plan))
    assert again == made | {"changes": 0} and RosterLine.objects.count() == 9
    plan.publish(Roster.objects.get())
    assert brought(plan, good(plan))["changes"] == 0 and Roster.objects.count() == 1, "also once it is published"
    other = workbook(["NIK", *DAYS[:3]], [plan.people[0].number, "S", None, "M"])
    found = read(plan, other)
    assert (found["counts"]["changes"], found["counts"]["others"], found["revises"]) == (2, 2, True)
    assert found["emptied"] == 1
    seen = roster_read(file=other, site=plan.floor.jkt, month=MONTH, actor=plan.wfm, now=NOW).seen
    assert found["seen"] == seen
    draft = plan.begin(reason="tukar")
    plan.write(draft, (plan.people[0], DAYS[0], "M"))
    with pytest.raises(WrongState) as refused:  # what was shown is not what it would do now
        roster_import(file=other, name="x", site=plan.floor.jkt, month=MONTH, actor=plan.wfm, now=NOW, seen=seen)
    assert refused.value.code == "changed" and draft.lines.count() == 9
    services.roster_cancel(roster_id=draft.pk, note="x", actor=plan.wfm, now=NOW)
    assert brought(plan, other, seen) == {"roster": Roster.objects.get(version=3).pk, "version": 3, "changes": 2,
                                          "status": "draft"}  # fmt: skip
    assert brought(plan, other, seen)["changes"] == 0, "twice is once"
    assert Roster.objects.get(version=3).lines.count() == 8, "an empty cell takes off; who is not named stays"


def test_each_problem_names_its_cell(plan: Plan) -> None:
    one, two, three = plan.people
    file = workbook(
        ["NIK", "Nama", *DAYS[:3]],
        [one.number, one.name, "P", "QQ", "M"],
        ["N-none", "Siapa", "P", "P", "P"],
        [two.number, two.name, "P", 7.5, None],
        [two.number, two.name, "P", "P", None],
        [None, "Tanpa nomor", "P", None, None],
        [three.number, three.name, "P", "S", "OFF"],
    )
    found = read(plan, file)
    problems = {one["column"]: one["code"] for row in found["rows"] for one in row["problems"]}
    assert problems["D2"] == "code_unknown" and problems["A3"] == "nobody" and problems["D4"] == "code_unknown"
    assert problems["A4"] == problems["A5"] == "duplicate"
    assert found["counts"]["faulty"] == 5 and found["counts"]["good"] == 1
    with pytest.raises(WrongState):
        brought(plan, file)
    assert not Roster.objects.exists()


def test_a_table_that_does_not_begin_at_the_corner(plan: Plan) -> None:
    file = workbook([None, None, "NIK", *DAYS[:2]], [None, None, plan.people[0].number, "P", "??"], before=3)
    (row,) = read(plan, file)["rows"]
    assert [one["column"] for one in row["problems"]] == ["E5"]


@pytest.mark.parametrize(
    ("heading", "day"),
    [
        ("1", 1), ("01", 1), ("31.0", 31), ("Sen 7", 7), ("Senin, 7", 7), ("7-Des", 7), ("7 Desember", 7), ("7/12", 7),
        ("2026-12-07", 7), ("2026-12-07T00:00:00", 7), ("07/12/2026", 7), ("Total", None), ("", None),
        ("Jam 40x", None),
    ],
)  # fmt: skip
def test_how_days_are_written(heading: str, day: int | None) -> None:
    assert heading_day(heading, MONTH) == (MONTH.replace(day=day) if day else None)


@pytest.mark.parametrize(
    ("headings", "code"),
    [
        (["NIK", "Nama"], "no_days"),
        (["NIK", date(2026, 11, 30), date(2026, 12, 1)], "other_month"),
        (["NIK", "1", "32"], "other_month"),
        (["NIK", "1", "1 Desember"], "day_twice"),
        (["Siapa", "1", "2"], "no_header"),
    ],
)
def test_headings_that_are_no_roster_of_the_month(plan: Plan, headings: list[Any], code: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(plan, workbook(headings, ["N1", "P", "P"]))
    assert refused.value.code == code


def test_csv_is_read_as_well(plan: Plan) -> None:
    text = f"NIK;Nama;1;2\n{plan.people[0].number};x;P;L\n"
    assert read(plan, io.BytesIO(text.encode()))["counts"]["changes"] == 2


def test_ods_is_read_as_well(plan: Plan) -> None:
    def row(*cells: str) -> str:
        made = "".join(f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>'
                       for one in cells)  # fmt: skip
        return f"<table:table-row>{made}</table:table-row>"

    names = "".join(
        f' xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "table", "text")
    )
    rows = row("NIK", "Nama", "1", "2") + row(plan.people[0].number, "x", "P", "??")
    content = (
        f"<office:document-content{names}><office:body><office:spreadsheet><table:table table:name='Roster'>{rows}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    out.seek(0)
    found = read(plan, out)
    assert found["counts"]["changes"] == 0, "its row has a fault"
    assert [one["column"] for line in found["rows"] for one in line["problems"]] == ["D2"]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04rubbish", b"\x00\x01\x02" * 50])
def test_what_is_no_spreadsheet_is_refused_in_words(plan: Plan, content: bytes) -> None:
    with pytest.raises(SheetRefused):
        read(plan, io.BytesIO(content))


def test_whose_role_does_not_cover_the_site(plan: Plan) -> None:
    with pytest.raises(NotAllowed):
        read(plan, good(plan), actor=plan.floor.support)


def test_the_command(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(good(plan).getvalue())
    place = {"site": "JKT", "month": "2026-12"}
    call_command("import_roster", path, json=True, **place)
    assert json.loads(capsys.readouterr().out)["counts"]["changes"] == 9
    call_command("import_roster", path, json=True, apply=True, **place)
    assert json.loads(capsys.readouterr().out)["imported"]["changes"] == 9
    call_command("import_roster", path, apply=True, **place)
    assert "0 cells changed" in capsys.readouterr().out
    path.write_bytes(workbook(["NIK", "1"], [plan.people[0].number, "??"]).getvalue())
    with pytest.raises(SystemExit) as ended:
        call_command("import_roster", path, **place)
    assert ended.value.code == 1 and "B2:" in capsys.readouterr().out
    for wrong in ({"site": "XXX", "month": "2026-12"}, {"site": "JKT", "month": "2026-13"}):
        with pytest.raises(CommandError):
            call_command("import_roster", path, **wrong)


def test_all_wrong_headings_are_told_and_no_faulty_row_passes_for_a_good_one(plan: Plan) -> None:
    file = workbook(["NIK", "2026-11-30", DAYS[0], DAYS[0]], [plan.people[0].number, "P", "P", "P"])
    with pytest.raises(SheetRefused) as refused:
        read(plan, file)
    assert "B1" in str(refused.value) and "D1" in str(refused.value)
    one, two, _three = plan.people
    found = read(plan, workbook(["NIK", *DAYS[:2]], [one.number, "P", "QQ"], [two.number, "P", "M"]))
    assert {row[0] for row in found["sample"]} == {two.name} and found["counts"]["changes"] == 2


def test_a_published_month_changes_for_a_reason_that_is_asked(plan: Plan, client: Client) -> None:
    plan.published((plan.people[0], DAYS[2], "P"))
    client.force_login(plan.wfm)
    sent = {"site": plan.floor.jkt.pk, "month": f"{MONTH:%Y-%m}"}
    file = SimpleUploadedFile("good.xlsx", good(plan).getvalue())
    page = client.post(reverse("realtime:import"), sent | {"file": file})
    assert page.status_code == 422 and set(page.context["form"].errors) == {"reason"}
    file.seek(0)
    assert client.post(reverse("realtime:import"), sent | {"file": file, "reason": "Kampanye"}).status_code == 302
    job = Job.objects.get()
    job_run(job_id=job.pk, now=NOW)
    client.post(reverse("realtime:import_apply", args=[job.pk]))
    job_run(job_id=Job.objects.latest("created_at").pk, now=NOW)
    assert Roster.objects.get(version=2).note == "Kampanye"
