"""A floor walk in Chromium, on a tablet and a telephone: taps are kept at once, and without a network (RTM-9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from realtime.models import FloorWalk, WalkLine
from realtime.services.rotg_walks import walk_answer
from tests.browser.conftest import violations
from tests.factories import NOW, Floor
from tests.realtime.rotg import rule

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.req("RTM-9")]


def answers() -> list[str]:
    return list(WalkLine.objects.order_by("version__rule__number").values_list("answer", flat=True))


@pytest.mark.django_db(transaction=True)
def test_taps_are_kept_at_once_and_without_a_network_on_the_device(
    live_floor: Floor, visit: Callable[..., Page]
) -> None:
    for number in ("1", "2", "3"):
        rule(number)
    page = visit("team_leader.jkt", language="en", width=360)
    page.goto("/realtime/walks/")
    page.click("button:has-text('Start a floor walk')")
    page.wait_for_url("**/realtime/walks/*/")
    rows = page.locator(".occ-walk-line")

    def tap(number: int, words: str) -> None:
        rows.nth(number).get_by_role("button", name=words, exact=True).click()

    box = rows.nth(0).get_by_role("button", name="Complied with").bounding_box()
    assert box is not None and box["height"] >= 44 and box["width"] >= 44, "a finger hits it"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tap(0, "Complied with")
    expect(page.get_by_text("Every answer is kept.")).to_be_visible()
    assert answers() == ["ok", "", ""]

    page.context.set_offline(True)
    tap(0, "Not applicable")
    tap(1, "Violated")
    rows.nth(1).get_by_label("What was seen, where nobody can be named").fill("Gelas di meja 12")
    rows.nth(1).get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("No network: 2 not sent yet.")).to_be_visible()
    assert answers() == ["ok", "", ""]
    page.click("#finish-form button[type=submit]")  # not with something unsent
    assert FloorWalk.objects.get().status == "open"
    page.context.set_offline(False)
    expect(page.get_by_text("Every answer is kept.")).to_be_visible(timeout=15_000)
    assert answers() == ["na", "violation", ""]
    assert WalkLine.objects.get(version__rule__number="2").note == "Gelas di meja 12"

    # What was tapped without a network outlives the page.
    page.route("**/walks/lines/**", lambda route: route.abort())
    tap(2, "Complied with")
    expect(page.get_by_text("No network: 1 not sent yet.")).to_be_visible()
    page.unroute("**/walks/lines/**")
    page.reload()
    expect(page.get_by_text("Every answer is kept.")).to_be_visible(timeout=15_000)
    assert answers() == ["na", "violation", "ok"]
    assert not violations(page)
    page.click("#finish-form button[type=submit]")
    expect(page.get_by_text("The floor walk is finished.")).to_be_visible()
    assert FloorWalk.objects.get().status == "finished" and not violations(page)


@pytest.mark.django_db(transaction=True)
def test_what_the_walk_refuses_is_said_and_shown_as_it_was(live_floor: Floor, visit: Callable[..., Page]) -> None:
    rule("1")
    page = visit("team_leader.jkt", language="en", width=800)
    page.goto("/realtime/walks/")
    page.click("button:has-text('Start a floor walk')")
    page.wait_for_url("**/realtime/walks/*/")
    line = WalkLine.objects.get()
    walk_answer(line_id=line.pk, answer="ok", actor=live_floor.leader, now=NOW)
    FloorWalk.objects.update(status="finished", finished_at=NOW, finished_by=live_floor.leader)
    page.locator(".occ-walk-line").get_by_role("button", name="Violated").click()
    expect(page.get_by_text("This floor walk is finished: nothing of it can be changed.")).to_be_visible()
    line.refresh_from_db()
    assert line.answer == "ok"
