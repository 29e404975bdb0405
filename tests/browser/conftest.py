"""Chromium against a live server: bin/test finds or installs it, and a missing one is a failure."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, sync_playwright

from occ.encryption import decrypt
from occ.ledger import heartbeats
from occ.runtime.test import BROWSERS
from tests.factories import NOW, PASSWORD, Floor
from tests.processes import running

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the test's thread
AXE = Path(__file__).parent.parent.parent / "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="package")  # while it is there its loop runs in this thread: other tests want to run their own
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "no Chromium: run bin/test, or set CHROMIUM"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`visit("support.all", language="en", dark=True, width=360)`: a page of somebody who has logged in."""
    contexts = []
    for name in heartbeats.EXPECTED:
        heartbeats.leave(name, now=NOW.replace(year=2099), did=0)

    def open_page(username: str, *, language: str = "id", dark: bool = False, width: int = 1440) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        contexts.append(context)
        theme = "dark" if dark else "light"
        context.add_cookies(
            [
                {"name": "django_language", "value": language, "url": live_server.url},
                {"name": "occ_theme", "value": theme, "url": live_server.url},
            ]
        )
        page = context.new_page()
        page.goto("/login/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("main")
        if page.url.endswith("/login/code/"):
            page.fill("[name=code]", next_code(username))
            page.press("[name=code]", "Enter")
            page.wait_for_url(lambda url: not url.endswith("/login/code/"))
        return page

    yield open_page
    for context in contexts:
        context.close()


def next_code(username: str) -> str:
    """A code that this user's authenticator app shows and that was not used yet (a later one counts as well)."""
    app = Authenticator.objects.get(user__username=username, type=Authenticator.Type.TOTP)
    present = int(time.time()) // 30
    counter = max(present, app.data.get("last_counter", 0) + 1)
    return format_hotp_value(hotp_value(decrypt(app.data["secret"]), counter))


@pytest.fixture
def operating(live_floor: Floor, tmp_path: Path) -> Iterator[None]:
    """Worker and beat run beside the browser and the web server."""
    with running(tmp_path):
        yield


def violations(page: Page) -> list[str]:
    """What axe finds, one line each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]
