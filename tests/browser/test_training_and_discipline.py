"""A letter signed for by the person, and a batch brought on by its trainer, in Chromium (SDM-4, SDM-5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sdm.services import training
from sdm.services.training import Scored
from sdm.training.choices import TrainingStatus as S
from tests.browser.conftest import violations
from tests.factories import PASSWORD, Floor
from tests.sdm.discipline import agent_user, brought
from tests.sdm.training import add, batch, hr, step

pytestmark = [pytest.mark.req("SDM-4", "SDM-5"), pytest.mark.timeout(300)]


def test_the_person_finds_the_letter_on_today_and_signs(live_floor: Floor, visit: Callable[..., Page]) -> None:
    case = brought(live_floor, "sp_issued")
    agent = visit(agent_user(live_floor.agent).username, width=360, dark=True)
    agent.goto("/")
    agent.get_by_role("link", name=str(case)).first.click()
    expect(agent.get_by_role("heading", name="Pembinaan saya")).to_be_visible()
    assert agent.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(agent) == []
    agent.fill("#receive [name=note]", "Saya mengerti")
    agent.fill("#receive [name=password]", PASSWORD)
    agent.click("#receive button[type=submit]")
    expect(agent.get_by_text("Ditandatangani oleh karyawan")).to_be_visible()
    expect(agent.locator("#improve")).to_be_visible()
    leader = visit(live_floor.leader.username, language="en")
    leader.goto(case.get_absolute_url())
    expect(leader.get_by_text("Saya mengerti")).to_be_visible()
    assert violations(leader) == []
    leader.goto("/sdm/discipline/")
    expect(leader.get_by_role("link", name=str(case))).to_be_visible()
    assert violations(leader) == []


def test_a_trainer_enters_results_and_brings_on(live_floor: Floor, visit: Callable[..., Page]) -> None:
    where = batch(live_floor)
    people = [add(where, f"Calon {n}", f"K-{n}") for n in (1, 2)]
    for one in people:
        step(live_floor, one, "hardskill")
    rows = [Scored(one.pk, Decimal(70), Decimal(40)) for one in people]
    training.results_record(
        batch_id=where.pk, stage=S.HARDSKILL, rows=rows, actor=live_floor.leader, now=timezone.now()
    )
    leader = visit(live_floor.leader.username)
    leader.goto(where.get_absolute_url())
    assert violations(leader) == []
    leader.fill(f"[name=hardskill-score_{people[0].pk}]", "88.5")
    leader.get_by_role("button", name="Simpan hasil").click()
    expect(leader.get_by_text("Hasil disimpan: 2.")).to_be_visible()
    leader.get_by_role("button", name="lanjutkan yang sudah siap").click()
    expect(leader.get_by_text("Dilanjutkan: 1; masih pada tahap ini: 1.")).to_be_visible()
    narrow = visit(hr().username, language="en", width=360, dark=True)
    for url in ("/sdm/training/", "/sdm/training/board/", where.get_absolute_url(), people[0].get_absolute_url()):
        narrow.goto(url)
        assert narrow.evaluate("document.documentElement.scrollWidth") <= 360, url
        assert violations(narrow) == [], url
