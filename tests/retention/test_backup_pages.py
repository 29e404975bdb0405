"""Batches, findings and checks by pages: each step by every role from every state, lists, exports (RET-4 to RET-6)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from occ.errors import NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.workflow.flows import FLOWS
from retention.choices import BatchStatus
from retention.models import Batch, Check, Finding, Pack, Record, Store
from retention.services import batches, verifying
from retention.services.sending import send
from retention.views import findings as finding_views
from retention.workflow import BATCH
from tests.factories import user
from tests.retention.backups import NOW, Ground, at

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-4")]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    return Ground(tmp_path)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def bring(batch: Batch, state: str, ground: Ground) -> None:
    if state == BatchStatus.GATHERING:
        return
    batches.batch_escalate(batch_id=batch.pk, actor=user(Role.TEAM_LEADER, ground.jkt), now=NOW)
    if state == BatchStatus.ESCALATED:
        return
    if state == BatchStatus.INCOMPLETE:
        ground.path(Record.objects.all()[0]).unlink()
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=NOW)
    if state != BatchStatus.RUNNING:
        ground.back_up(batch)
    batch.refresh_from_db()
    assert batch.status == state


@pytest.mark.req("KER-5")
@pytest.mark.parametrize("state", BatchStatus.values)
def test_every_step_from_every_state_by_every_role(ground: Ground, state: str) -> None:
    ground.records(2)
    batches.batches_gather(now=NOW)
    batch = Batch.objects.get()
    bring(batch, state, ground)
    for name, service in batches.TRANSITIONS.items():
        one = BATCH.find(name)
        for role in Role:
            actor = user(role, ground.jkt, name=f"walk.{role}")
            expected = None if role in one.by_roles and state in one.source else (
                NotAllowed if role not in one.by_roles else WrongState
            )  # fmt: skip
            if expected is not None:
                with pytest.raises(expected):
                    service(batch_id=batch.pk, actor=actor, now=NOW)
    assert FLOWS["retention.batch"] is BATCH


def test_a_batch_goes_its_way_by_the_pages(ground: Ground) -> None:
    ground.records(3)
    bad = ground.record("bad.wav")
    ground.path(bad).unlink()
    batches.batches_gather(now=NOW)
    batch = Batch.objects.get()
    leader, it = acting(user(Role.TEAM_LEADER, ground.jkt)), acting(ground.it)
    page = leader.get(batch.get_absolute_url())
    assert "Escalate to Team IT" in page.content.decode()
    assert leader.post(reverse("retention:batch_step", args=[batch.pk, "escalate"])).status_code == 302
    assert it.post(reverse("retention:batch_step", args=[batch.pk, "start"])).status_code == 302
    working = it.get(batch.get_absolute_url()).content.decode()
    assert 'hx-select="#progress"' in working and "0 of 4 records are backed up" in working
    batch.refresh_from_db()
    assert batch.next_at is not None
    watching = it.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert "HX-Refresh" not in watching.headers
    ground.back_up(batch, batch.next_at)
    watching = it.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert watching.headers["HX-Refresh"] == "true"
    text = it.get(batch.get_absolute_url()).content.decode()
    assert "bad.wav" in text and "Missing at the source" in text and "3 of 4 records" in text
    assert "hx-select" not in text and "JKT-recording-202511-01" in text and "Second: 2" in text
    assert reverse("retention:record_waive", args=[bad.pk]) not in text
    boss = acting(user(Role.COORDINATOR, ground.jkt))
    waive = reverse("retention:record_waive", args=[bad.pk])
    assert waive in boss.get(batch.get_absolute_url()).content.decode()
    assert boss.post(waive, {"reason": ""}).status_code == 422
    assert boss.post(waive, {"reason": "Tidak pernah terekam"}).status_code == 302
    assert boss.post(waive, {"reason": "lagi"}).status_code == 422
    assert it.post(reverse("retention:batch_step", args=[batch.pk, "start"])).status_code == 302
    batch.refresh_from_db()
    ground.back_up(batch, batch.next_at or NOW)
    text = it.get(batch.get_absolute_url()).content.decode()
    assert "Tidak pernah terekam" in text and batch.status == BatchStatus.COMPLETE


def test_a_stopped_run_says_why_on_the_page(ground: Ground) -> None:
    ground.records(1)
    batch = ground.batch()
    (ground.folder / "main").rename(ground.folder / "gone")
    ground.back_up(batch)
    text = acting(ground.it).get(batch.get_absolute_url()).content.decode()
    assert "The backup has stopped" in text and "Main: " in text


@pytest.mark.req("RET-6")
def test_a_finding_is_mended_or_resolved_by_its_page(ground: Ground, monkeypatch: Any) -> None:
    ground.records(3)
    ground.back_up(ground.batch())
    pack = Pack.objects.exclude(number=0)[0]
    ground.flip(pack.name)
    verifying.store_verify(store=Store.objects.get(code="MAIN"), actor=COMMAND, clock=at())
    finding, it = Finding.objects.get(), acting(ground.it)
    text = it.get(finding.get_absolute_url()).content.decode()
    assert "Write it anew from another store" in text and pack.name in text
    other = acting(user(Role.COORDINATOR, ground.jkt))
    assert "Write it anew from another store<" not in other.get(finding.get_absolute_url()).content.decode()
    repair = reverse("retention:finding_repair", args=[finding.pk])
    assert other.post(repair).status_code == 403
    sent: list[Any] = []
    monkeypatch.setattr("retention.services.repairing.send", lambda *args: sent.append(args) or True)
    assert it.post(repair).status_code == 302 and sent == [("repair", finding.pk, ground.it.pk)]
    from retention.tasks import repair as task

    assert task.apply(args=[finding.pk, ground.it.pk]).get() is True
    finding.refresh_from_db()
    assert finding.status == "resolved"
    assert task.apply(args=[finding.pk, ground.it.pk]).get() is False
    ground.flip(pack.name)
    verifying.store_verify(store=Store.objects.get(code="MAIN"), actor=COMMAND, clock=at())
    step = reverse("retention:finding_step", args=[finding.pk, "resolve"])
    assert it.post(step, {"text": ""}).status_code in {409, 422}
    refused = it.post(step, {"text": "Disk diganti, salinan dibaca ulang"})
    assert refused.status_code in {403, 409, 422} and Finding.objects.open().exists()  # it is damaged still
    assert "Mark as resolved" not in it.get(Finding.objects.open().get().get_absolute_url()).content.decode()
    assert finding_views.STEPPING.flow.key == "retention.finding"


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("what", ["batches", "findings", "checks"])
def test_lists_filter_export_and_ask_little(ground: Ground, what: str) -> None:
    ground.records(3)
    ground.back_up(ground.batch())
    for pack in Pack.objects.all():
        ground.flip(pack.name)
    for _again in range(2):
        for store in ground.stores:
            verifying.store_verify(store=store, actor=COMMAND, clock=at())
    client, url = acting(ground.it), reverse(f"retention:{what}")
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get(url)
    assert (
        page.status_code == 200 and len(page.context["page"].rows) == {"batches": 1, "findings": 2, "checks": 4}[what]
    )
    assert len(queries) <= 14, [one["sql"][:90] for one in queries]
    for query in ("?q=JKT", "?status=open", "?status=late", "?kind=fixity", "?sort=-due", "?month_from=2025-11-05",
                  "?since=2026-01-01", "?q=%00x", "?kind=nonsense", "?site=0"):  # fmt: skip
        assert client.get(url + query).status_code == 200, query
    client.get(url + "?clear=1")
    assert client.post(reverse("exports:new"), {"kind": f"retention.{what}", "query": ""}).status_code == 302
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    from django.core.files.storage import storages

    with storages["default"].open(job.output_file) as file:
        sheet = load_workbook(io.BytesIO(file.read())).worksheets[0]
    assert sheet.max_row >= 2


@pytest.mark.req("RET-6")
def test_a_drill_s_page_leads_to_its_report(ground: Ground) -> None:
    from retention.services import drilling

    ground.records(2)
    ground.back_up(ground.batch())
    drilling.drill_run(clock=at())
    check = Check.objects.get(kind="drill")
    assert check.document is not None
    text = acting(ground.it).get(check.get_absolute_url()).content.decode()
    assert check.document.full_number in text and check.seed in text
    foreign = acting(user(Role.IT, ground.jkt.__class__.objects.get(code="YGY")))
    assert foreign.get(check.get_absolute_url()).status_code == 404
    assert check not in foreign.get(reverse("retention:checks")).context["page"].rows


def test_with_the_broker_away_nothing_is_lost(settings: Any, monkeypatch: Any) -> None:
    from celery import current_app
    from kombu.exceptions import OperationalError

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(current_app, "send_task", away)
    assert send("back_up", 1) is False


def test_today_shows_whose_turn_it_is_and_what_has_stopped(ground: Ground) -> None:
    ground.records(2)
    batches.batches_gather(now=NOW)
    batch = Batch.objects.get()
    leader, it = acting(user(Role.TEAM_LEADER, ground.jkt)), acting(ground.it)
    home = reverse("home")
    assert "Escalate to Team IT" in leader.get(home).content.decode()
    assert "Start the backup" not in it.get(home).content.decode()
    batches.batch_escalate(batch_id=batch.pk, actor=user(Role.TEAM_LEADER, ground.jkt), now=NOW)
    assert "Start the backup" in it.get(home).content.decode()
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=NOW)
    (ground.folder / "main").rename(ground.folder / "gone")
    ground.back_up(batch)
    assert "has stopped" in it.get(home).content.decode()
    assert "has stopped" not in acting(user(Role.COORDINATOR, ground.jkt)).get(home).content.decode()
