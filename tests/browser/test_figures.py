"""Service figures and the list of forecasts in Chromium: nothing slides sideways, axe finds nothing (RTM-10, RTM-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from occ.people.choices import Role
from occ.times import local_day, start_of_day
from realtime.models import Forecast, ForecastDay, Interval
from tests.browser.conftest import violations
from tests.factories import Floor, user

pytestmark = [pytest.mark.req("RTM-10", "RTM-3"), pytest.mark.timeout(120)]
SLIDES = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
BOX = "document.querySelector('.occ-stuck').parentElement"
NOTHING: list[float | None] = [None] * 96


def lived(floor: Floor) -> None:
    """Half a day of a busy floor, one quarter of it corrected; a forecast of the day."""
    now = timezone.now()
    day = local_day(now, floor.jkt.zone)
    for n in range(24):
        Interval.objects.create(
            site=floor.jkt, channel="voice", starts_at=start_of_day(day, floor.jkt.zone) + n * timedelta(minutes=30),
            offered=1_240, answered=1_100, abandoned=140, short_abandoned=30, menu_only=210, within=900, handled=1_090,
            faults=2, corrections=n == 3, talk_ms=412_000_000, hold_ms=11_000_000, wrapup_ms=33_000_000,
            wait_ms=22_000_000, computed_at=now,
        )  # fmt: skip
    made = Forecast.objects.create(
        site=floor.jkt, channel="voice", origin="model", first_day=day, last_day=day, made_at=now,
        knows_until=day - timedelta(days=1),
    )  # fmt: skip
    ForecastDay.objects.create(
        forecast=made, day=day, volume=[1.0] * 96, low=NOTHING, high=NOTHING, aht=NOTHING, method="seasonal"
    )


@pytest.mark.parametrize(("language", "dark"), [("id", False), ("en", True)])
def test_figures_fit_the_page(live_floor: Floor, visit: Callable[..., Page], language: str, dark: bool) -> None:
    lived(live_floor)
    user(Role.WFM)
    for width in (1440, 360):
        page = visit("wfm.all", language=language, dark=dark, width=width)
        for path in ("/realtime/figures/?channel=voice&interval=30", "/realtime/forecasts/made/?sort=-made"):
            page.goto(path)
            assert not page.evaluate(SLIDES), (path, width)
            assert violations(page) == [], (path, width)
            if "figures" in path and width == 1440:
                assert page.locator(".occ-stuck tbody tr").count() == 24
                assert page.evaluate(f"{BOX}.scrollWidth <= {BOX}.clientWidth"), "the table fits its card"
