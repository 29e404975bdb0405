"""The logbook given out (UID-14): as a spreadsheet of what the list shows, and as an issued document."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.translation import override
from openpyxl import load_workbook

from occ.jobs.models import SILENT, Job, State
from occ.jobs.services import job_run, job_start, jobs_clear
from occ.times import JAKARTA
from tests import factories
from tests.factories import NOW, Floor
from userids.models import Account
from userids.services.exports import logbook_workbook


def cells(data: bytes) -> list[list[Any]]:
    return [list(row) for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True)]


def export(client: Client, kind: str, query: str = "") -> Job:
    answer = client.post("/exports/new/", {"kind": kind, "query": query})
    assert answer.status_code == 302
    job = Job.objects.latest("created_at")
    assert job_run(job_id=job.pk, now=job.created_at)
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    return job


@pytest.mark.req("UID-14", "KER-12")
def test_the_export_has_the_rows_of_the_filtered_list(live_floor: Floor, client: Client) -> None:
    other = factories.account(factories.person(live_floor.ygy))
    client.force_login(live_floor.support)
    job = export(client, "userids.logbook", f"site={live_floor.ygy.pk}")
    data = b"".join(client.get(f"/exports/{job.pk}/file/").streaming_content)  # type: ignore[attr-defined]
    assert [row[0] for row in cells(data)[1:]] == [other.user_id]
    client.force_login(live_floor.leader)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 404
    assert client.get(f"/exports/{job.pk}/").status_code == 404


@pytest.mark.req("UID-14", "KER-9")
def test_the_export_holds_only_what_its_owner_may_see(live_floor: Floor, client: Client) -> None:
    factories.account(factories.person(live_floor.ygy))
    client.force_login(live_floor.leader)
    job = export(client, "userids.logbook")
    data = b"".join(client.get(f"/exports/{job.pk}/file/").streaming_content)  # type: ignore[attr-defined]
    assert [row[0] for row in cells(data)[1:]] == [live_floor.account.user_id]


@pytest.mark.req("UID-14")
@pytest.mark.parametrize(
    "kind", ["userids.deactivations", "userids.breaches", "userids.replacements", "userids.resignations",
             "home.obligations", "home.documents"]
)  # fmt: skip
@pytest.mark.usefixtures("only_user_ids")
def test_requests_and_breaches_are_exported(live_floor: Floor, client: Client, kind: str) -> None:
    live_floor.resign(NOW.date() - timedelta(days=4))
    client.force_login(live_floor.support)
    job = export(client, kind)
    data = b"".join(client.get(f"/exports/{job.pk}/file/").streaming_content)  # type: ignore[attr-defined]
    shown = [row[0] for row in cells(data)[1:]]
    first = live_floor.agent.name if kind == "userids.resignations" else live_floor.account.user_id
    if kind == "home.obligations":
        assert len(shown) == 1 and shown[0] == live_floor.request.due_at.astimezone(JAKARTA).replace(tzinfo=None)
    else:
        assert shown == ([] if kind in {"userids.replacements", "home.documents"} else [first])


@pytest.mark.req("KER-12")
def test_a_list_that_is_filtered_by_nonsense_is_not_exported_whole(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    client.post("/exports/new/", {"kind": "home.obligations", "query": "site=nonsense"})
    job = Job.objects.get()
    job_run(job_id=job.pk, now=job.created_at)
    job.refresh_from_db()
    assert (job.state, job.output_file) == (State.REFUSED, "")


@pytest.mark.req("UID-14")
def test_an_inactive_id_names_its_last_holder_without_a_query_per_row(
    floor: Floor, django_assert_max_num_queries: Any
) -> None:
    for _number in range(12):
        account = factories.account(factories.person(floor.jkt))
        account.assignments.update(ends_at=NOW)
        Account.objects.filter(pk=account.pk).update(status="inactive", deactivated_at=NOW)
    out = io.BytesIO()
    with override("en"), django_assert_max_num_queries(6):
        logbook_workbook(out, Account.objects.with_holder(), at=None, now=NOW)
    rows = cells(out.getvalue())[1:]
    assert len(rows) == 13 and all(row[1] for row in rows)


@pytest.mark.req("KER-8", "KER-12")
def test_a_dead_workers_job_is_taken_up_and_a_living_ones_is_not(live_floor: Floor) -> None:
    job = job_start(kind="userids.logbook", params={"query": ""}, owner=live_floor.support, now=NOW)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, claimed_at=NOW, heard_at=NOW, attempts=1)
    assert not job_run(job_id=job.pk, now=NOW + SILENT)
    assert job_run(job_id=job.pk, now=NOW + SILENT + timedelta(seconds=1))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.DONE, 2)


@pytest.mark.req("KER-12")
def test_old_files_are_cleared_away_and_rows_stay(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    job = export(client, "userids.logbook")
    Job.objects.filter(pk=job.pk).update(finished_at=NOW)
    assert jobs_clear(now=NOW + timedelta(days=29)) == 0
    assert jobs_clear(now=NOW + timedelta(days=31)) == 1
    assert client.get(f"/exports/{job.pk}/file/").status_code == 404


@pytest.mark.req("UID-14")
def test_the_file_says_by_what_it_was_filtered(live_floor: Floor, client: Client) -> None:
    client.force_login(live_floor.support)
    for kind, query, said in (
        ("userids.logbook", "status=active", "Aktif"),
        ("userids.deactivations", "", "tidak ada"),
    ):
        job = job_start(kind=kind, params={"query": query}, owner=live_floor.support, now=NOW)
        job_run(job_id=job.pk, now=NOW)
        content = b"".join(client.get(f"/exports/{job.pk}/file/").streaming_content)
        info = dict(load_workbook(io.BytesIO(content))["Info"].iter_rows(values_only=True))
        assert said in info["Filter"]


@pytest.mark.req("UID-14")
def test_the_command_writes_both_forms(floor: Floor, tmp_path: Path) -> None:
    sheet, paper = tmp_path / "logbook.xlsx", tmp_path / "logbook.pdf"
    call_command("export_logbook", format="xlsx", out=sheet, site="JKT")
    call_command("export_logbook", format="pdf", out=paper, site="JKT")
    assert [row[0] for row in cells(sheet.read_bytes())[1:]] == [floor.account.user_id]
    assert paper.read_bytes().startswith(b"%PDF-")
    with pytest.raises(CommandError):
        call_command("export_logbook", format="xlsx", out=sheet, site="XXX")
