"""The first process as people do it in a browser, and every page's fitness for all of them (UID-16, KER-9)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from occ.ledger.models import Seal
from occ.notifications.models import Notification
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from tests.browser.conftest import violations
from tests.factories import PDF, Floor, account, person, user
from userids.models import Account
from userids.services import deactivations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PDF = {"name": "bukti.pdf", "mimeType": "application/pdf", "buffer": PDF}


@pytest.mark.req("UID-3", "UID-5", "UID-9", "UID-16", "KER-8")
def test_a_leavers_id_is_shut_and_passed_on(live_floor: Floor, operating: None, visit: Callable[..., Page]) -> None:
    """Support records, beat sees that it is late, the coordinator hears once, the team leader shuts the ID, a new agent
    takes it over: with worker and beat running."""
    new = person(live_floor.jkt, name="Agent Baru")
    support = visit("support.all")
    support.goto(reverse("userids:resignation_new"))
    support.fill("[name=person]", live_floor.agent.number)
    support.fill("[name=last_working_day]", (timezone.localdate() - timedelta(days=3)).isoformat())
    support.set_input_files("[name=letter]", PDF)
    support.click("button:has-text('Catat dan minta')")
    expect(support.locator("main")).to_contain_text("User ID yang kini harus dinonaktifkan team leader: 1")
    coordinator = visit("coordinator.jkt")
    within(60, lambda: Notification.objects.filter(user__username="coordinator.jkt").exists())
    coordinator.goto("/inbox/")
    expect(coordinator.locator("main .occ-message")).to_have_count(1)
    expect(coordinator.locator("main")).to_contain_text("Pelanggaran")

    leader = visit("team_leader.jkt", language="en")
    leader.click(f"main a:has-text('{live_floor.account.user_id} ·')")
    leader.click("button:has-text('Start')")
    leader.click("a[data-dialog='dialog-fail']")
    leader.fill("#dialog-fail [name=note]", "time-out")
    leader.click("#dialog-fail button[type=submit]")
    expect(leader.locator("main")).to_contain_text("time-out")
    leader.click("button:has-text('Try again')")
    leader.click("button:has-text('Confirm as deactivated')")
    expect(leader.locator("main")).to_contain_text("Please attach the proof")
    leader.set_input_files("[name=file]", PDF)
    leader.click("button:has-text('Confirm as deactivated')")
    expect(leader.locator(".occ-steps [aria-current=step]")).to_contain_text("Deactivated")
    expect(leader.locator("main")).to_contain_text("too late")

    support.goto(live_floor.request.get_absolute_url())
    support.click("a[data-dialog='dialog-document']")
    support.click("#dialog-document button[type=submit]")
    support.goto(live_floor.account.get_absolute_url())
    support.click("a:has-text('Ganti pemegang')")
    support.fill("[name=person]", new.number)
    support.fill("[name=email]", new.email)
    support.click("button:has-text('Minta kepada team leader')")
    leader.goto("/")
    leader.click("main a:has-text('→ Agent Baru')")
    leader.click("button:has-text('Start')")
    leader.fill("[name=text]", "The new agent logs in.")
    leader.check("[name=sessions_revoked]")
    leader.check("[name=work_handed_over]")
    leader.click("button:has-text('Confirm as replaced')")
    expect(leader.locator(".occ-steps [aria-current=step]")).to_contain_text("Replaced")
    held = Account.objects.get(pk=live_floor.account.pk)
    assert held.holder is not None
    assert (held.status, held.holder.person) == ("active", new)
    sweep(now=timezone.now())  # one more beside beat's own
    told = Notification.objects.filter(user__username="coordinator.jkt")
    assert told.count() == 1
    within(90, Seal.objects.exists)
    call_command("verify_ledger")


@pytest.mark.req("UID-13", "UID-14")
def test_document_control_imports_a_spreadsheet_and_exports_the_list(
    live_floor: Floor, operating: None, visit: Callable[..., Page], tmp_path: Path
) -> None:
    user(Role.DOCUMENT_CONTROL)
    book, out = Workbook(), io.BytesIO()
    for row in (["LOGBOOK"], ["User ID", "Nama", "NIK", "Email", "Tanggal Aktif", "Status"],
                ["IMP-1", "Ani", "77001", "ani@x.test", "1 Agustus 2025", "Aktif"]):  # fmt: skip
        book.active.append(row)
    book.save(out)
    page = visit("document_control.all")
    page.goto(reverse("userids:import"))
    file = {"name": "logbook.xlsx", "mimeType": "application/octet-stream", "buffer": out.getvalue()}
    page.set_input_files("[name=file]", file)
    page.select_option("[name=site]", str(live_floor.jkt.pk))
    page.click("button:has-text('pratinjau')")
    page.click("button:has-text('Impor semua baris')", timeout=40_000)
    page.click("main a:has-text('Ke logbook')", timeout=40_000)
    page.fill("main [name=q]", "IMP-1")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.click("button:has-text('Ekspor ke Excel')")
    with page.expect_download(timeout=40_000) as download:
        page.click("main a[download]")
    download.value.save_as(tmp_path / "out.xlsx")
    rows = list(load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["IMP-1"]


def within(seconds: float, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.3)


def addresses(floor: Floor) -> list[str]:
    request = floor.request
    return [
        "/", "/inbox/", "/search/?q=omn", reverse("compliance"), reverse("obligations"), reverse("policies"),
        reverse("policy", args=["userids.deactivate.hours"]), reverse("sop"), reverse("userids:dashboard"),
        reverse("userids:accounts"), floor.account.get_absolute_url(), reverse("userids:account_new"),
        reverse("userids:resignations"), reverse("userids:resignation_new"),
        reverse("userids:resignation", args=[request.person.resignations.get().pk]), reverse("userids:deactivations"),
        request.get_absolute_url(), reverse("userids:breaches"), reverse("userids:replacements"),
        reverse("userids:import"), reverse("exports:list"), reverse("documents:register"), "/no/such/page/",
        reverse("password_change"),
    ]  # fmt: skip


@pytest.mark.req("UID-16", "KER-13")
@pytest.mark.parametrize(("language", "dark", "width"), [("id", False, 1440), ("en", True, 360)])
def test_every_page_is_fit_for_everybody(
    live_floor: Floor, visit: Callable[..., Page], language: str, dark: bool, width: int
) -> None:
    """axe finds nothing, nothing sticks out at 360 px, no script or policy complains; both languages and themes."""
    other = person(live_floor.jkt)
    account(other)
    live_floor.resign(timezone.localdate(), now=timezone.now())
    deactivations.resignation_record(
        person_id=other.pk, last_working_day=timezone.localdate() - timedelta(days=9), actor=live_floor.support,
        now=timezone.now(),
    )  # fmt: skip
    page = visit("support.all", language=language, dark=dark, width=width)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    wrong: list[str] = []
    for url in addresses(live_floor):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        wrong += [f"{url} {one}" for one in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{url} is wider than {width} px")
        said = [one for one in said if "404" not in one]
        wrong += [f"{url} {one}" for one in said]
        said.clear()
    assert not wrong, "\n".join(wrong)


@pytest.mark.req("UID-16")
def test_without_scripts_the_forms_work_all_the_same(live_floor: Floor, browser, live_server) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "support.all")
    page.fill("[name=password]", "Sangat-Rahasia-2026")
    page.press("[name=password]", "Enter")
    page.goto(reverse("userids:accounts") + f"?q={live_floor.account.user_id}")
    assert page.locator("#list tbody tr").count() == 1
    context.close()
