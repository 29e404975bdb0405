"""Applications and the connector's part of a request in a browser: no finding of axe, and the page that waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from occ.people.choices import Role
from tests import factories
from tests.browser.conftest import violations
from tests.connectors.conftest import connect
from tests.connectors.servers import faulty_server
from tests.factories import Floor
from userids.models import ConnectorOrder
from userids.services import orders as ordering
from userids.services.applications import enforcement_set
from userids.services.connecting import order_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.mark.req("UID-10", "UID-6", "KER-13")
def test_the_leader_presses_watches_and_is_shown_the_result(
    live_floor: Floor, visit: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = True
    monkeypatch.setattr(ordering, "enqueue", lambda pk: None)
    live_floor.resign(timezone.localdate() - timedelta(days=1), now=timezone.now() - timedelta(days=3))
    with faulty_server() as server:
        server.add(live_floor.account.user_id)
        application = connect(server.url)
        enforcement_set(
            application_id=application.pk, mode="enforce", valid_from=None, reason="uji",
            actor=factories.user(Role.IT), now=timezone.now(),
        )  # fmt: skip
        request = live_floor.request
        for language, dark, width in (("id", False, 1440), ("en", True, 360)):
            it = visit("it.all", language=language, dark=dark, width=width)
            for path in (
                "/userids/applications/",
                application.get_absolute_url(),
                f"/userids/applications/{application.pk}/edit/",
            ):
                it.goto(path)
                assert violations(it) == []
                assert it.evaluate("document.documentElement.scrollWidth") <= width
        page = visit(live_floor.leader.username, language="en")
        page.goto(request.get_absolute_url())
        assert violations(page) == []
        page.click("a:has-text('Deactivate by connector')")
        assert violations(page) == []
        page.click("dialog button:has-text('Deactivate by connector')")
        page.wait_for_selector("progress")
        assert violations(page) == []
        order_run(order_id=ConnectorOrder.objects.get().pk, now=timezone.now())
        page.wait_for_selector("text=read it back", timeout=15_000)  # by itself
        assert "Deactivated" in page.inner_text("h1")
        assert violations(page) == []
