"""Holds, reading, register and compliance in Chromium: a player that seeks, and pages fit for everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from occ.people.choices import Role
from retention.models import Hold
from retention.services.compliance import figures_count
from retention.services.holds import Scope, hold_set
from retention.services.register import Line, entry_add
from tests.browser.conftest import violations
from tests.browser.test_walk import within
from tests.factories import Floor, user
from tests.retention.around import a_record, sound, source
from tests.retention.meddling import destroyed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.req("RET-13")
def test_a_recording_is_played_from_anywhere_in_it(
    live_floor: Floor, visit: Callable[..., Page], tmp_path: Path
) -> None:
    one = a_record(source(live_floor.jkt, tmp_path), content=sound(300, rate=16_000))  # ten megabytes
    page = visit("team_leader.jkt", language="en")
    page.goto(reverse("retention:listen", args=[one.pk]))
    page.select_option("[name=purpose]", "complaint")
    page.fill("[name=note]", "K-17")
    parts: list[str] = []
    page.on("request", lambda request: parts.append(request.headers.get("range", "")))
    page.click("button:has-text('Listen')")

    def true(script: str) -> bool:
        return bool(page.evaluate(f"(() => {{ const sound = document.querySelector('audio'); return {script} }})()"))

    within(30, lambda: true("sound && sound.readyState >= 1"))
    assert abs(page.evaluate("document.querySelector('audio').duration") - 300) < 1
    assert page.evaluate("document.querySelector('audio').seekable.end(0)") > 299
    page.evaluate("document.querySelector('audio').muted = true")
    page.evaluate("document.querySelector('audio').currentTime = 250")
    within(30, lambda: true("!sound.seeking"))
    page.evaluate("document.querySelector('audio').play()")
    within(30, lambda: true("sound.currentTime > 250.2"))
    assert page.evaluate("document.querySelector('audio').error") is None
    assert any(part.startswith("bytes=") and part != "bytes=0-" for part in parts), parts
    page.focus("audio")  # by the keyboard too
    page.keyboard.press("Space")
    within(10, lambda: true("sound.paused"))


@pytest.mark.req("RET-12")
def test_a_hold_is_set_after_a_look_at_what_it_covers(
    live_floor: Floor, visit: Callable[..., Page], tmp_path: Path
) -> None:
    one = a_record(source(live_floor.jkt, tmp_path), agent=live_floor.agent)
    page = visit("coordinator.jkt", language="en")
    page.goto(f"{reverse('retention:hold_new')}?record={one.pk}")
    page.select_option("[name=reason]", "police")
    page.fill("[name=note]", "LP/12")
    page.click("button:has-text('See what it would cover')")
    expect(page.locator("main")).to_contain_text("It would cover 1 record")
    expect(page.locator("main")).to_contain_text(one.external_id)
    assert not Hold.objects.exists()
    page.click("button:has-text('Set the hold')")
    expect(page.locator("main")).to_contain_text("HOLD-JKT-")
    assert Hold.objects.get().named


@pytest.mark.req("RET-11", "RET-12", "RET-13", "RET-14", "KER-13")
@pytest.mark.parametrize(("language", "dark", "width"), [("id", False, 1440), ("en", True, 360)])
def test_these_pages_are_fit_for_everybody(
    live_floor: Floor, visit: Callable[..., Page], tmp_path: Path, language: str, dark: bool, width: int
) -> None:
    now, manager = timezone.now(), live_floor.manager
    calls, chats = source(live_floor.jkt, tmp_path / "r"), source(live_floor.jkt, tmp_path / "c", kind="chat")
    call = a_record(calls, content=sound(), agent=live_floor.agent, ended_at=now - timedelta(days=500))
    chat = a_record(chats, content=b'{"at": "2026-01-05T03:00:00Z", "from": "nasabah", "text": "Halo 081234567890"}')
    scope = Scope(site=live_floor.jkt, agent=live_floor.agent, customer="")
    hold = hold_set(
        scope=scope, reason="audit", note="Audit", until=now.date() + timedelta(days=9), actor=manager, now=now
    )
    line = Line(
        number="BA/1", title="Berita acara", medium="hardcopy", site=live_floor.jkt, owner_role="it", place="Lemari 1",
        issued_on=now.date() - timedelta(days=900), expires_on=now.date() - timedelta(days=10),
    )  # fmt: skip
    entry = entry_add(line=line, actor=user(Role.DOCUMENT_CONTROL), now=now)
    destroyed([a_record(calls, ended_at=call.ended_at)])  # a month of which a part is kept
    figures_count(now=now, seconds=60)
    pages = {
        "manager.all": [
            reverse("retention:compliance"), reverse("retention:figure_rows") + "?figure=overdue",
            reverse("retention:holds"), hold.get_absolute_url(), reverse("retention:hold_new"),
            reverse("retention:said"), reverse("retention:listen", args=[call.pk]),
            reverse("retention:read", args=[chat.pk]), reverse("retention:readings"),
        ],
        "document_control.all": [
            reverse("retention:register"), entry.get_absolute_url(), reverse("retention:entry_new"),
            reverse("retention:entry_edit", args=[entry.pk]), reverse("retention:register_issue"),
            reverse("retention:entries:import"),
        ],
    }  # fmt: skip
    wrong: list[str] = []
    for name, urls in pages.items():
        page = visit(name, language=language, dark=dark, width=width)
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)  # noqa: B023
        page.on("pageerror", lambda error: said.append(str(error)))  # noqa: B023
        for url in urls:
            page.goto(url)
            if page.locator("[name=purpose]").count():
                page.select_option("[name=purpose]", "audit")
                wrong += [f"{url} {one}" for one in violations(page)]
                page.click("main button[type=submit]")
                expect(page.locator("[name=purpose]")).to_have_count(0)  # asked once
            page.wait_for_load_state("networkidle")
            wrong += [f"{url} {one}" for one in violations(page)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{url} is wider than {width} px")
            wrong += [f"{url} {one}" for one in said]
            said.clear()
    assert not wrong, "\n".join(wrong)
