"""A shift's handover in Chromium: one team leader signs, the next one finds it on Today and signs (RTM-15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from occ.people.choices import Role
from realtime.models import Handover
from realtime.services import handovers
from tests.browser.conftest import violations
from tests.factories import PASSWORD, Floor, user
from tests.realtime.test_handovers import due

pytestmark = [pytest.mark.req("RTM-15"), pytest.mark.timeout(240)]


def test_from_one_leader_to_the_next(live_floor: Floor, visit: Callable[..., Page]) -> None:
    due(live_floor, timezone.now())
    user(Role.TEAM_LEADER, live_floor.jkt, name="leader.siang")
    assert handovers.handovers_open(now=timezone.now()) == 1
    note = Handover.objects.get()
    giving = visit(live_floor.leader.username, width=360, dark=True)
    giving.goto(note.get_absolute_url())
    assert giving.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(giving) == []
    giving.fill("#hand [name=note]", "Promo besok pukul 9")
    giving.fill("#hand [name=password]", PASSWORD)
    giving.click("#hand button[type=submit]")
    expect(giving.get_by_text("Ditandatangani, menunggu diterima").first).to_be_visible()
    expect(giving.locator("#take")).to_have_count(0)
    taking = visit("leader.siang", language="en")
    taking.goto("/")
    taking.get_by_role("link", name="Shift handover P").first.click()
    expect(taking.get_by_text("Promo besok pukul 9")).to_be_visible()
    assert violations(taking) == []
    taking.fill("#take [name=password]", PASSWORD)
    taking.click("#take button[type=submit]")
    expect(taking.get_by_role("link", name="STS")).to_be_visible()
    taking.goto("/realtime/handovers/")
    expect(taking.get_by_role("link", name="P P → S S")).to_be_visible()
    assert violations(taking) == []
