"""Background jobs: once, whatever happens to the worker, the broker, or a second worker (KER-8, KER-12)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid, NotAllowed
from occ.jobs import kinds, services
from occ.jobs.kinds import Kind, Outcome
from occ.jobs.models import ATTEMPTS, SILENT, Job, State
from occ.jobs.services import job_run, job_start, jobs_clear, jobs_take_up
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site
from occ.times import JAKARTA, local_day
from tests.factories import NOW, Floor, site, user
from tests.processes import ROOT, environment, running


@pytest.fixture
def deed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A kind of job whose deed the test says."""

    def make(run: Any, *, may: bool = True) -> str:
        monkeypatch.setitem(kinds.KINDS, "test", Kind("test", "Test", run, lambda user: may))
        return "test"

    return make


def files() -> list[str]:
    try:
        return storages["default"].listdir("jobs")[1]
    except FileNotFoundError:
        return []


def started(floor: Floor, kind: str, **params: Any) -> Job:
    return job_start(kind=kind, params=params, owner=floor.support, now=NOW)


@pytest.mark.req("KER-9")
def test_a_file_that_is_too_large_is_refused_before_it_is_stored(floor: Floor, deed: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(services, "LARGEST_INPUT", 1)
    kind, before = deed(lambda job, progress, now: Outcome()), files()
    for size, fits in ((2**20, True), (2**20 + 1, False)):
        file = ContentFile(b"x" * size, name="list.csv")
        if fits:
            job_start(kind=kind, params={}, owner=floor.support, now=NOW, file=file)
            continue
        with pytest.raises(Invalid) as refused:
            job_start(kind=kind, params={}, owner=floor.support, now=NOW, file=file)
        assert (refused.value.field, refused.value.code) == ("file", "too_large")
    assert Job.objects.count() == 1 and len(files()) == len(before) + 1


@pytest.mark.req("KER-8")
def test_a_mistake_undoes_the_deed_and_is_said(floor: Floor, deed: Any) -> None:
    def run(job: Job, progress: Any, now: Any) -> Outcome:
        Site.objects.create(code="BDG", name="Bandung")
        raise RuntimeError("a bug")

    job = started(floor, deed(run))
    assert job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert job.state == State.FAILED and "a bug" not in job.error and job.error
    assert not Site.objects.filter(code="BDG").exists()


@pytest.mark.req("KER-8")
def test_the_second_of_two_workers_undoes_its_deed_and_leaves_no_file(live_floor: Floor, deed: Any) -> None:
    def run(job: Job, progress: Any, now: Any) -> Outcome:
        Site.objects.create(code=f"X{job.attempts}", name="x")
        Job.objects.filter(pk=job.pk).update(claimed_at=now + SILENT)  # somebody else has taken it up meanwhile
        return Outcome(b"content", "a.txt")

    job = started(live_floor, deed(run))
    assert not job_run(job_id=job.pk, now=NOW)
    assert not Site.objects.filter(code__startswith="X").exists()
    assert files() == []


@pytest.mark.req("KER-8")
@pytest.mark.parametrize("error", [Invalid("no"), RuntimeError("a bug")])
def test_one_that_was_taken_over_says_nothing_of_how_it_failed(floor: Floor, deed: Any, error: Exception) -> None:
    def run(job: Job, progress: Any, now: Any) -> Outcome:
        Job.objects.filter(pk=job.pk).update(claimed_at=now + SILENT)
        raise error

    kind = deed(run)
    kinds.KINDS[kind] = replace(kinds.KINDS[kind], outside=True)
    job = started(floor, kind)
    assert not job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.RUNNING, "")


@pytest.mark.req("KER-8")
@pytest.mark.parametrize("outside", [True, False])
def test_only_what_holds_no_transaction_may_last(
    floor: Floor, deed: Any, monkeypatch: pytest.MonkeyPatch, outside: bool
) -> None:
    from occ.jobs import tasks

    kind, asked = deed(lambda job, progress, now: Outcome()), list[Any]()
    kinds.KINDS[kind] = replace(kinds.KINDS[kind], outside=outside)
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, time_limit=None: asked.append(time_limit))
    started(floor, kind)
    jobs_take_up(now=NOW + timedelta(seconds=31))
    assert set(asked) == {services.OUTSIDE_SECONDS if outside else None}


@pytest.mark.req("KER-8")
def test_after_several_deaths_it_is_given_up(floor: Floor, deed: Any) -> None:
    job = started(floor, deed(lambda job, progress, now: Outcome()))
    Job.objects.filter(pk=job.pk).update(attempts=ATTEMPTS)
    assert job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert job.state == State.FAILED


@pytest.mark.req("KER-9")
def test_a_file_made_under_a_role_that_has_ended_is_not_given_out(floor: Floor, deed: Any, client: Client) -> None:
    """An export of one site is no souvenir of who works at the other one now."""
    now = timezone.now()
    mover = user(Role.SUPPORT, floor.jkt, name="mover")
    job = job_start(kind=deed(lambda *_given: Outcome(b"of Jakarta", "x.txt")), params={}, owner=mover, now=now)
    assert job_run(job_id=job.pk, now=now - timedelta(days=3))
    client.force_login(mover)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 200
    today = local_day(now, JAKARTA)
    RoleAssignment.objects.filter(user=mover).update(ends_on=today - timedelta(days=1))
    RoleAssignment.objects.create(user=mover, role=Role.SUPPORT, site=site("YGY"), starts_on=today)
    answer = client.get(f"/exports/{job.pk}/file/")
    assert (answer.status_code, Entry.objects.filter(action="job.downloaded").count()) == (403, 1)
    RoleAssignment.objects.create(user=mover, role=Role.SUPPORT, site=None, starts_on=today)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 200, "a wider one covers it"
    storages["default"].delete(Job.objects.get(pk=job.pk).output_file)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 404, "lost: said, and no mistake of ours"


@pytest.mark.req("KER-9")
def test_what_an_import_found_is_shown_under_the_role_it_was_found_by(floor: Floor, client: Client) -> None:
    """Every page of every import, and what reads of a list that was not taken."""
    now = timezone.now()
    mover = user(Role.WFM, floor.jkt, name="mover")
    for role in (Role.RTFM, Role.SUPPORT, Role.HR_RECRUITMENT, Role.DOCUMENT_CONTROL, Role.ADMINISTRATOR):
        RoleAssignment.objects.create(user=mover, role=role, site=floor.jkt, starts_on="2020-01-01")
    client.force_login(mover)
    pages = {
        "realtime.roster_import": "realtime:import_preview", "realtime.roster_import_apply": "realtime:import_preview",
        "realtime.forecast_import": "realtime:forecasts:import_preview",
        "realtime.report": "realtime:reports:import_preview", "realtime.report_head": "realtime:reports:import_mapping",
        "userids.reconcile": "userids:reconciliation_job",
    }  # fmt: skip
    urls = []
    for kind, name in pages.items():
        made = Job.objects.create(
            kind=kind, owner=mover, language="en", state=State.REFUSED, error="Row 3", created_at=now,
            claimed_at=now - timedelta(days=3), finished_at=now, params={"site": floor.jkt.pk},
        )  # fmt: skip
        urls.append(reverse(name, args=[made.pk]))
    urls.append(reverse("api:userids-reconciliation-job", args=[made.pk]))
    assert [client.get(url).status_code for url in urls] == [200] * 7
    today = local_day(now, JAKARTA)
    RoleAssignment.objects.filter(user=mover).update(ends_on=today - timedelta(days=1))
    RoleAssignment.objects.create(user=mover, role=Role.WFM, site=site("YGY"), starts_on=today)
    assert [client.get(url).status_code for url in urls] == [403] * 7
    roster = Job.objects.get(kind="realtime.roster_import")
    assert client.post(reverse("realtime:import_apply", args=[roster.pk])).status_code == 403


@pytest.mark.req("KER-12")
def test_what_an_import_found_is_cleared_away_with_its_file(floor: Floor, client: Client) -> None:
    now = timezone.now()
    wfm = user(Role.WFM, floor.jkt, name="wfm")
    kept = Job.objects.create(
        kind="realtime.roster_import", owner=wfm, language="en", state=State.DONE, created_at=now, finished_at=now,
        params={"site": floor.jkt.pk, "month": "2026-12-01"}, result={"rows": [["Sari"]], "counts": {"faulty": 0}},
    )  # fmt: skip
    client.force_login(wfm)
    assert jobs_clear(now=now + timedelta(days=29)) == 0
    assert [jobs_clear(now=now + timedelta(days=31)), jobs_clear(now=now + timedelta(days=31))] == [1, 0]
    kept.refresh_from_db()
    assert kept.result == {} and kept.is_cleared
    page = client.get(reverse("realtime:import_preview", args=[kept.pk]))
    assert page.status_code == 200 and reverse("realtime:import") in page.content.decode()
    assert client.post(reverse("realtime:import_apply", args=[kept.pk])).status_code == 302
    assert not Job.objects.filter(kind="realtime.roster_import_apply").exists()


@pytest.mark.req("KER-9")
def test_who_lost_the_right_meanwhile_gets_nothing(floor: Floor, deed: Any) -> None:
    job = started(floor, deed(lambda job, progress, now: Outcome()))
    deed(lambda job, progress, now: Outcome(b"secret", "x"), may=False)
    assert job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.output_file) == (State.REFUSED, "")
    with pytest.raises(NotAllowed):
        started(floor, "test")


@pytest.mark.req("KER-8")
def test_a_long_step_shows_that_it_lives(live_floor: Floor, deed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "HEARTBEAT_SECONDS", 1)
    seen = []

    def run(job: Job, progress: Any, now: Any) -> Outcome:
        progress(0.42)
        time.sleep(2.5)
        seen.append(Job.objects.values_list("progress", "heard_at").get(pk=job.pk))
        return Outcome()

    job = started(live_floor, deed(run))
    job_run(job_id=job.pk, now=NOW)
    ((percent, heard),) = seen
    assert percent == 42 and heard > timezone.now() - timedelta(seconds=30)


@pytest.mark.req("KER-8")
def test_who_lost_a_job_gives_no_sign_of_life_for_the_next_one(floor: Floor, deed: Any) -> None:
    job = started(floor, deed(lambda job, progress, now: Outcome()))
    mine = Job.objects.filter(pk=job.pk)
    mine.update(state=State.RUNNING, claimed_at=NOW, heard_at=NOW)
    job.refresh_from_db()
    heard = services.Heard(job)
    heard._write(7)
    assert mine.get().progress == 7
    mine.update(claimed_at=NOW + SILENT, heard_at=NOW + SILENT, progress=3)  # taken over
    heard._write(50)
    assert (mine.get().progress, mine.get().heard_at) == (3, NOW + SILENT)


@pytest.mark.req("KER-8")
def test_with_the_broker_away_nothing_is_lost(live_floor: Floor, deed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    from occ.jobs import tasks

    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tasks.run, "apply_async", away)
    job = started(live_floor, deed(lambda job, progress, now: Outcome()))
    assert job.state == State.QUEUED
    asked = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, **options: asked.extend(args))
    assert jobs_take_up(now=NOW + timedelta(seconds=31)) == 1
    assert asked == [str(job.pk)]


KILLED = """
import os, sys, uuid, django
django.setup()
from django.utils import timezone
from occ.jobs import services
from userids.services import imports
at = int(sys.argv[2])
count = 0
real = imports.create_many
def dying(*args, **kwargs):
    global count
    count += 1
    if count > at: os.kill(os.getpid(), 9)
    real(*args, **kwargs)
imports.create_many = dying
services.job_run(job_id=uuid.UUID(sys.argv[1]), now=timezone.now())
"""


@pytest.mark.req("KER-8", "UID-13")
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_worker_killed_while_it_imports_has_written_nothing_and_the_next_one_writes_all(
    live_floor: Floor, tmp_path: Path, at: int
) -> None:
    from tests.userids.test_import import GOOD, xlsx
    from userids.models import Account

    params = {"site": live_floor.jkt.pk, "application": live_floor.account.application_id}
    file = ContentFile(xlsx(GOOD).getvalue(), name="logbook.xlsx")
    job = job_start(kind="userids.import_apply", params=params, owner=live_floor.support, now=NOW, file=file)
    dead = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk), str(at)], env=environment(tmp_path), cwd=ROOT, check=False
    )
    assert dead.returncode == -9
    assert not Account.objects.filter(user_id="OMN-900").exists()
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert job_run(job_id=job.pk, now=timezone.now() + SILENT + timedelta(seconds=1))
    job.refresh_from_db()
    assert (job.state, job.result["accounts"]) == (State.DONE, 1), job.error
    assert Account.objects.get(user_id="OMN-900").history.count() == 1


@pytest.mark.req("KER-8")
def test_a_real_worker_does_it_and_a_second_asking_changes_nothing(live_floor: Floor, tmp_path: Path) -> None:
    from occ.jobs.tasks import run

    job = started(live_floor, "userids.logbook", query="")
    with running(tmp_path, beats=0):
        for _again in range(3):
            run.delay(str(job.pk))
        deadline = time.monotonic() + 40
        while Job.objects.get(pk=job.pk).is_open:
            assert time.monotonic() < deadline, (tmp_path / "process0.log").read_text()[-2000:]
            time.sleep(0.2)
    job.refresh_from_db()
    assert (job.state, job.attempts, len(files())) == (State.DONE, 1, 1)


@pytest.mark.req("KER-12")
def test_a_file_that_no_job_knows_is_removed_after_a_day(live_floor: Floor) -> None:
    name = storages["default"].save("jobs/stray.out", ContentFile(b"half"))
    jobs_clear(now=timezone.now())
    assert files() == ["stray.out"]
    os.utime(storages["default"].path(name), (0, 0))
    jobs_clear(now=timezone.now())
    assert files() == []
