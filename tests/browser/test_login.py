"""Setting up a second factor and coming in with it, as somebody does it; the pages' fitness for all (KER-9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from occ.people.choices import Role
from tests.browser.conftest import violations
from tests.factories import PASSWORD, Floor, user
from tests.login.conftest import code_at, demand, equip

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200), pytest.mark.req("KER-9")]


def test_a_role_that_needs_it_sets_it_up_and_is_in(live_floor: Floor, visit: Callable[..., Page]) -> None:
    demand(Role.COORDINATOR)
    page = visit("coordinator.jkt", language="en")
    expect(page.locator("h1")).to_have_text("Set up your second factor")
    assert page.locator("img.occ-qr").evaluate("image => image.complete && image.naturalWidth > 100")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.fill("[name=code]", "000000")
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Set up')")
    expect(page.locator("main")).to_contain_text("This code does not fit")
    assert page.locator("#secret").inner_text().replace(" ", "") == secret
    page.fill("[name=code]", code_at(secret, timezone.now()))
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Set up')")
    expect(page.locator(".occ-codes li")).to_have_count(10)
    page.click("a:has-text('I have kept them')")
    expect(page.locator("h1")).to_have_text("Today")
    again = visit("coordinator.jkt", language="en")
    expect(again.locator("h1")).to_have_text("Today")
    again.goto("/sessions/")
    expect(again.locator("tbody tr")).to_have_count(2)
    again.click("button:has-text('End all others')")
    expect(again.locator("tbody tr")).to_have_count(1)
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Log in")


@pytest.mark.parametrize(("language", "dark", "width"), [("id", False, 360), ("en", True, 1440)])
def test_the_pages_are_fit_for_everybody(
    live_floor: Floor, visit: Callable[..., Page], language: str, dark: bool, width: int
) -> None:
    administrator = user(Role.ADMINISTRATOR)
    equip(live_floor.manager)
    page = visit(administrator.username, language=language, dark=dark, width=width)
    urls = ["/second-factor/", "/second-factor/set-up/", "/sessions/", "/password/", "/logins/",
            reverse("login_one", args=[live_floor.manager.pk]), "/policies/login.second_factor_roles/"]  # fmt: skip
    for url in urls:
        page.goto(url)
        assert violations(page) == [], url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
    manager = visit("manager.all", language=language, dark=dark, width=width)
    manager.goto("/second-factor/")
    assert violations(manager) == []
    manager.context.clear_cookies()
    manager.goto("/login/")
    assert violations(manager) == []
    manager.fill("[name=username]", "manager.all")
    manager.fill("[name=password]", PASSWORD)
    manager.press("[name=password]", "Enter")
    manager.wait_for_selector("[name=code]")
    assert violations(manager) == []
