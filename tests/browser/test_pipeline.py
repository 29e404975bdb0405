"""The pipeline of recruitment in Chromium: the keyboard alone leads from card to card; axe finds nothing (SDM-3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from occ.people.choices import Role
from sdm.models import Position
from sdm.services import plan
from tests.browser.conftest import violations
from tests.factories import DAY, NOW, Floor, user
from tests.sdm.recruits import applied, passed, recruiting

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.req("SDM-3", "SDM-2")]


@pytest.mark.django_db(transaction=True)
def test_the_keyboard_leads_over_the_board_and_into_a_candidate(live_floor: Floor, visit: Callable[..., Page]) -> None:
    row = recruiting(live_floor)
    for _one in range(2):
        applied(row)
    passed(row)
    applied(row, education="sma", phone="")
    plan.plan_set(
        site=live_floor.jkt, position=Position.objects.get(code="agent"), number=9, starts_on=DAY, reason="x",
        actor=live_floor.manager, now=NOW,
    )  # fmt: skip
    user(Role.HR_RECRUITMENT, name="recruiter")
    for width, dark in ((1440, False), (360, True)):
        page = visit("recruiter", language="en", width=width, dark=dark)
        page.goto("/sdm/recruiting/pipeline/")
        page.focus("[data-cards]")
        page.keyboard.press("ArrowDown")
        first = page.locator(".occ-card-link").nth(0)
        expect(first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".occ-card-link").nth(1)).to_be_focused()
        page.keyboard.press("ArrowRight")  # over the empty columns to the next that has somebody
        expect(page.locator(".occ-card-link").nth(3)).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".occ-card-link").nth(3)).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
        page.keyboard.press("Enter")
        page.wait_for_url("**/sdm/candidates/*/")
        for path in (page.url, row.get_absolute_url(), "/sdm/candidates/", "/sdm/positions/", "/sdm/plan/"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert violations(page) == [], path
