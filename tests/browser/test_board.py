"""The live board in Chromium: what is posted is seen, a cut connection is said, mended and caught up (RTM-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from occ.ledger import heartbeats
from occ.login.models import Session
from occ.people.choices import Role
from occ.people.models import User
from realtime.models import Source
from realtime.services.ingesting import events_take
from tests.browser.conftest import violations
from tests.factories import NOW, Floor, account, person, user
from tests.realtime.conftest import event
from tests.realtime.floors import rostered
from tests.realtime.live import Web, floor_process, post, session_of, token_of, web

pytestmark = [pytest.mark.req("RTM-5"), pytest.mark.timeout(240)]
LIVE, LOST = "#board-link[data-link=live]", "#board-link[data-link=lost]"


@pytest.fixture
def site(live_floor: Floor, tmp_path: Path) -> Iterator[Web]:
    """Web and floor as processes; forty agents on a shift, of whom nobody has come, and the leader's own."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    with override_settings(
        STORAGES=django_settings.STORAGES | {"staticfiles": plain}, STATIC_ROOT=str(tmp_path / "static")
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    for name in heartbeats.EXPECTED:
        heartbeats.leave(name, now=NOW.replace(year=2099), did=0)
    Source.objects.create(code="omni", name="Omni Channel", heartbeat_seconds=3600, received_at=timezone.now())
    for number in range(40):
        rostered(person(live_floor.jkt, name=f"Absen {number:02}"), timezone.now() - timedelta(hours=1))
    with web(tmp_path) as one, floor_process(tmp_path):
        yield one


@pytest.fixture
def open_board(browser: Browser, site: Web, live_floor: Floor) -> Iterator[Callable[..., Page]]:
    contexts = []

    def opened(
        path: str = "/realtime/board/", *, width: int = 1440, language: str = "en", dark: bool = False,
        by: User | None = None,
    ) -> Page:  # fmt: skip
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=site.url)
        contexts.append(context)
        name, _sep, value = session_of(by or live_floor.leader).partition("=")
        cookies = {name: value, "django_language": language, "occ_theme": "dark" if dark else "light"}
        context.add_cookies([{"name": key, "value": said, "url": site.url} for key, said in cookies.items()])
        page = context.new_page()
        page.said = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.said.append(str(error)))  # type: ignore[attr-defined]
        page.on("console", lambda one: one.type == "error" and page.said.append(one.text))  # type: ignore[attr-defined]
        page.goto(path)
        page.wait_for_selector(LIVE)
        return page

    yield opened
    for context in contexts:
        context.close()


def state(floor: Floor, said: str, **fields: Any) -> dict[str, Any]:
    return event("agent.state", timezone.now(), agent=floor.account.user_id, state=said, **fields)


def row(page: Page, floor: Floor) -> Any:
    return page.locator(f"tr[data-key='p{floor.agent.pk}']")


def test_a_cut_connection_is_said_and_mended_and_everything_is_caught_up(
    open_board: Callable[..., Page], site: Web, live_floor: Floor
) -> None:
    rtfm = user(Role.RTFM, live_floor.jkt)
    token = token_of(rtfm)
    page = open_board("/realtime/board/?sort=since")
    one = row(page, live_floor)
    post(site.url, token, [state(live_floor, "busy")])
    expect(one).to_contain_text("With a customer", timeout=15_000)
    post(site.url, token, [state(live_floor, "aux", reason="toilet")])
    expect(one).to_contain_text("AUX · Toilet", timeout=1_500)

    page.context.set_offline(True)
    expect(page.locator(LOST)).to_contain_text("Connection lost. What you see is as of")
    post(site.url, token, [state(live_floor, "wrapup")])
    assert one.get_attribute("data-state") == "aux"
    page.context.set_offline(False)
    expect(page.locator(LIVE)).to_contain_text("Live again", timeout=15_000)
    expect(one).to_contain_text("After-call work")

    site.kill()
    expect(page.locator(LOST)).to_be_visible(timeout=5_000)
    shown = one.locator(".occ-board-for").text_content()
    events_take(events=[state(live_floor, "hold")], actor=rtfm, now=timezone.now())
    page.wait_for_timeout(1_500)
    assert one.locator(".occ-board-for").text_content() == shown, "nothing goes on as if it were live"
    site.start()
    expect(page.locator(LIVE)).to_contain_text("Live again", timeout=30_000)
    expect(one).to_contain_text("Customer on hold")

    Session.objects.filter(user=live_floor.leader).delete()
    page.wait_for_url("**/login/**", timeout=60_000)


def test_a_leader_begins_with_the_own_team_if_somebody_of_it_is_there(
    open_board: Callable[..., Page], site: Web, live_floor: Floor
) -> None:
    leader = user(Role.TEAM_LEADER, live_floor.jkt, name="tl.team", team=live_floor.team)
    page = open_board(by=leader)
    expect(page.locator("#board-shown")).to_have_text("40 of 40 agents")
    expect(page.locator("#board-place")).to_have_text(f"Floor: {live_floor.jkt.name}")
    rested, token = timezone.now() - timedelta(minutes=40), token_of(user(Role.RTFM, live_floor.jkt))
    rest = event("agent.state", rested, agent=live_floor.account.user_id, state="aux", reason="toilet")
    post(site.url, token, [rest, state(live_floor, "busy")])
    expect(page.locator("#board-shown")).to_have_text("41 of 41 agents", timeout=15_000)
    page.reload()
    expect(page.locator("#board-place")).to_have_text(f"Floor: {live_floor.jkt.name} · {live_floor.team.name}")
    expect(page.locator("#board-shown")).to_have_text("1 of 41 agents")
    expect(page.locator("button[data-need=aux] strong")).to_have_text("1")
    expect(row(page, live_floor).locator(".occ-board-need")).to_have_text("AUX used up")  # also at work again
    page.select_option("#board-team", "")
    page.reload()
    expect(page.locator("#board-shown")).to_have_text("41 of 41 agents")


@pytest.mark.req("KER-9")
def test_searched_filtered_walked_through_by_keyboard_and_put_on_the_wall(
    open_board: Callable[..., Page], site: Web, live_floor: Floor
) -> None:
    wati = person(live_floor.jkt, name="Wati")
    other = account(wati)
    token = token_of(user(Role.RTFM, live_floor.jkt))
    post(site.url, token, [
        state(live_floor, "busy", channel="voice"),
        event("agent.state", timezone.now(), agent=other.user_id, state="aux", reason="break", channel="wa"),
        event("feed.down", timezone.now(), source="late"),
    ])  # fmt: skip
    page = open_board()
    expect(page.locator("button[data-need=neutral] strong")).to_have_text("2", timeout=15_000)
    expect(page.locator("#board-feeds")).to_contain_text("late says that its feed is down")
    expect(page.locator("button[data-need=unknown] strong")).to_have_text("40")
    assert page.locator("tr[data-key]").count() < 42, "only what is seen is drawn"
    post(site.url, token, [event("feed.up", timezone.now() + timedelta(seconds=1), source="late")])
    expect(page.locator("button[data-need=absent] strong")).to_have_text("40", timeout=5_000)
    assert page.locator("tr[data-key]").first.get_attribute("data-need") == "absent", "who needs somebody first"
    expect(page.locator("#board-place")).to_have_text(f"Floor: {live_floor.jkt.name}")
    assert not violations(page)

    page.fill("#board-q", " wat")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    today = timezone.localtime(timezone.now(), live_floor.jkt.zone).date()
    link = page.locator("tr[data-key] a").get_attribute("href")
    assert link == f"/realtime/attendance/{wati.pk}/{today.isoformat()}/", "a name leads to the day"
    page.fill("#board-q", "")
    page.select_option("#board-channel", "whatsapp")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    assert "channel=whatsapp" in page.url
    page.select_option("#board-channel", "")
    page.click("button[data-need=neutral]")
    expect(page.locator("tr[data-key]")).to_have_count(2)
    page.click("button[data-need=neutral]")

    page.focus("#board-box")
    for _step in range(30):
        page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.closest('tr').getAttribute('aria-rowindex')")
    assert focused == "31"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.closest('tr').getAttribute('aria-rowindex')") == "43"
    page.keyboard.press("Enter")
    page.wait_for_url("**/realtime/attendance/**")
    assert not page.said  # type: ignore[attr-defined]

    wall = open_board("/realtime/board/?wall=1", width=3840, dark=True, language="id")
    expect(wall.locator("tr[data-key]").first).to_be_visible()
    box = wall.locator("#board").bounding_box()
    assert box and (box["width"], box["height"]) == (3840, 900)
    assert not violations(wall)
    wall.click("#board-wall")
    expect(wall.locator("#board")).not_to_have_class("occ-board-wall")
    narrow = open_board(width=360, language="id")
    expect(narrow.locator("tr[data-key]").first).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    assert not violations(narrow)
    assert not wall.said + narrow.said  # type: ignore[attr-defined]
