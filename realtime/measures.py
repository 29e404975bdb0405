"""What each figure is called, and what it is made of by which formula (RTM-10, RTM-11): for pages, files and months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel
from realtime.policies import AHT, SCR, SERVICE_LEVEL

Words = str | Promise


@dataclass(frozen=True)
class Measure:
    """`name`: in the rows of `services.figures`; `inputs`: names of what it was made of; `base`: of them that of how
    many it is; `target`: its policy."""

    name: str
    label: Words
    unit: str
    formula: Words
    inputs: tuple[str, ...]
    clause: str
    target: str = ""
    better: str = "more"
    digits: int = 2
    base: str = ""

    def of(self, row: Mapping[str, Any]) -> int | None:
        """Of how many it is."""
        return int(row[self.base]) if self.base and row[self.name] is not None else None

    def reached(self, value: float | None, target: float | None) -> bool | None:
        if value is None or target is None:
            return None
        return value >= target if self.better == "more" else value <= target


LABELS: Mapping[str, Words] = {
    "offered": _("Offered"), "answered": _("Answered"), "abandoned": _("Abandoned"),
    "short_abandoned": _("of these short"), "menu_only": _("Ended in the menu"), "waiting": _("Still waiting"),
    "within": _("Answered in time"), "handled": _("Calls handled"), "talk_seconds": _("Talk (s)"),
    "hold_seconds": _("Hold (s)"), "wrapup_seconds": _("After-call work (s)"), "wait_seconds": _("Wait (s)"),
    "untimed": _("Waits left out as faulty"), "cases": _("Cases in"), "submitted": _("Submitted"),
    "response_seconds": _("Response (s)"), "unmeasured": _("Responses left out as faulty"),
    "busy_seconds": _("With customers (s)"),
    "acw_seconds": _("Agents in after-call work (s)"), "available_seconds": _("Available (s)"), "faults": _("Faults"),
    "on_target_count": _("In the target"), "within_limit_count": _("In the limit"),
}  # fmt: skip
VOICE = (
    Measure("scr", _("SCR"), "%", _("answered / offered to the queue, by the time of arrival"),
            ("answered", "offered"), "SOP-RTM 6.8, MO 3.2", SCR, base="offered"),
    Measure("service_level", _("Service level"), "%", _("answered within the seconds of the policy / offered"),
            ("within", "offered"), "SOP-RTM 7.1", SERVICE_LEVEL, base="offered"),
    Measure("asa", _("ASA"), "s", _("wait of the answered / answered"), ("wait_seconds", "answered", "untimed"),
            "SOP-RTM 7.1", better="less", digits=1, base="answered"),
    Measure("aht", _("AHT"), "s", _("(talk + hold) / calls handled"), ("talk_seconds", "hold_seconds", "handled"),
            "MO 1.3, 3.2", AHT, "less", 1, base="handled"),
    Measure("aht_with_wrapup", _("AHT with after-call work"), "s", _("(talk + hold + after-call work) / calls handled"),
            ("talk_seconds", "hold_seconds", "wrapup_seconds", "handled"), "SOP-RTM 7.1", better="less", digits=1,
            base="handled"),
    Measure("abandon_rate", _("Abandoned (share)"), "%", _("abandoned in the queue / offered"),
            ("abandoned", "short_abandoned", "offered"), "SOP-RTM 7.1", better="less", base="offered"),
    Measure("occupancy", _("Occupancy of all agents"), "%",
            _("(with customers + after-call work) / (those + available), of all agents of the site"),
            ("busy_seconds", "acw_seconds", "available_seconds"), "SOP-RTM 7.1"),
)  # fmt: skip
CASES = (
    Measure("response_time", _("Response time"), "s", _("submission - origin, of submitted cases"),
            ("response_seconds", "submitted", "unmeasured"), "MO 3.2", better="less", digits=1, base="submitted"),
    Measure("on_target", _("In the target"), "%", _("submitted within their category's target / submitted"),
            ("on_target_count", "submitted"), "MO 3.2", base="submitted"),
    Measure("within_limit", _("In the limit"), "%", _("submitted within their category's limit / submitted"),
            ("within_limit_count", "submitted"), "MO 3.2", base="submitted"),
)  # fmt: skip


def measures_of(channel: str, row: Mapping[str, Any]) -> list[Measure]:
    """Those that can be told of a channel: of calls where there were any, of cases where there were any."""
    calls = channel == Channel.VOICE or row["offered"] or row["menu_only"]
    return [*(VOICE if calls else ()), *(CASES if row["cases"] or not calls else ())]
