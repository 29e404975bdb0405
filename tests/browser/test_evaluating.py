"""The monthly evaluation in Chromium: scored on a telephone, signed by whom it is about (SDM-6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from occ.people.choices import Role
from sdm.models import Evaluation
from tests.browser.conftest import violations
from tests.factories import PASSWORD, Floor
from tests.sdm.evaluating import Told, log_in_of, opened, told

__all__ = ["told"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.req("SDM-6")]


@pytest.mark.django_db(transaction=True)
def test_scored_on_a_telephone_and_signed_in_the_own_session(
    live_floor: Floor, told: Told, visit: Callable[..., Page]
) -> None:
    month = opened(live_floor, told, people=1)
    found = month.of(live_floor.agent)
    page = visit("team_leader.jkt", language="en", width=360)
    page.goto(found.get_absolute_url())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not violations(page)
    page.get_by_label("Attitude and teamwork").fill("88")
    page.get_by_label("Remarks").fill("Tenang saat antrean panjang")
    page.get_by_role("button", name="Score", exact=True).click()
    expect(page.get_by_text("It now stands at: Scored.")).to_be_visible()
    month.to("distributed")

    own = log_in_of(live_floor.agent, Role.AGENT)
    page = visit(own.username, language="id", dark=True)
    page.goto(found.get_absolute_url())
    assert not violations(page)
    page.get_by_label("Kata sandi Anda").fill(PASSWORD)
    page.get_by_role("button", name="menandatangani").click()
    expect(page.get_by_text("Penilaian saya yang ditandatangani (PDF)")).to_be_visible(timeout=20_000)
    assert Evaluation.objects.get(pk=found.pk).signed_by == own
