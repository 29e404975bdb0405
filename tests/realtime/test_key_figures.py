"""The floor's key figures by name say what the figures of the API say (RTM-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from occ.figures.registry import FIGURES, Scope, register
from realtime.models import Interval
from realtime.services.intervals import QUARTER, quarter_of
from tests.factories import NOW, Floor

pytestmark = pytest.mark.req("RTM-10")


def test_each_comes_with_what_it_was_made_of_and_nothing_to_divide_by_is_none(floor: Floor) -> None:
    start = quarter_of(NOW)
    counts: dict[str, Any] = {"offered": 20, "answered": 18, "handled": 10, "talk_ms": 4_000_000, "hold_ms": 500_000,
                              "within": 15, "wait_ms": 90_000}  # fmt: skip
    Interval.objects.create(site=floor.jkt, channel="voice", starts_at=start, computed_at=NOW, **counts)
    scope = Scope(start, start + QUARTER, site=floor.jkt)
    found = {key: FIGURES[f"realtime.{key}"].of(scope) for key in ("scr", "aht", "asa", "service_level")}
    assert {key: one.value for key, one in found.items()} == {
        "scr": 90.0, "aht": 450.0, "asa": 5.0, "service_level": 75.0,
    }  # fmt: skip
    assert found["scr"].inputs == {"answered": 18, "offered": 20}
    later = Scope(start + timedelta(days=1), start + timedelta(days=2), site=floor.jkt)
    assert FIGURES["realtime.scr"].of(later).value is None
    assert FIGURES["realtime.scr"].of(Scope(start, start + QUARTER, site=floor.jkt, person=floor.agent)).value is None


def test_whether_the_target_was_met(floor: Floor) -> None:
    scr, aht = FIGURES["realtime.scr"], FIGURES["realtime.aht"]
    assert (scr.target_at(NOW, floor.jkt), aht.target_at(NOW)) == (90.0, 450.0)
    assert FIGURES["realtime.asa"].target_at(NOW) is None
    assert scr.reached(90.0, 90.0) and not scr.reached(89.9, 90.0)
    assert aht.reached(450.0, 450.0) and not aht.reached(450.1, 450.0)
    assert scr.reached(None, 90.0) is None and scr.reached(90.0, None) is None
    with pytest.raises(ValueError, match="twice"):
        register(scr)
