"""What can be told: each kind with its sentences, as English message ids with %(name)s places.

Parameters that end in `_at` are instants (ISO 8601) and are said in local time, `site_zone` names the zone; a day
(2026-11-30) is said as the language writes it, and so is a month (2026-11) in `month` and `period`.
A parameter `msg_NAME` is a message id itself: it is said with the other parameters and stands for %(NAME)s.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from occ import texts


@dataclass(frozen=True)
class Kind:
    key: str
    subject: str
    body: str
    level: str = "info"  # info, warning, danger

    def say(self, text: str, params: dict[str, Any]) -> str:
        zone = ZoneInfo(params.get("site_zone", "Asia/Jakarta"))
        said = {name: _say(name, value, zone) for name, value in params.items()}
        for name, value in params.items():
            if name.startswith("msg_"):
                said[name.removeprefix("msg_")] = gettext(value) % said
        return gettext(text) % said


KINDS: dict[str, Kind] = {}
# Values by these names are months; by any other a number that looks like one may be anything.
MONTHS = {"month", "period"}


def register(kind: Kind) -> Kind:
    if kind.key in KINDS:
        raise ValueError(f"notification kind {kind.key} is registered twice")
    KINDS[kind.key] = kind
    return kind


def _say(name: str, value: Any, zone: ZoneInfo) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        at = datetime.fromisoformat(value).astimezone(zone)
        return f"{date_format(at, 'j F Y')} {at:%H:%M} {at:%Z}"
    if name in MONTHS and isinstance(value, str):
        return texts.month_said(value)
    return texts.said(texts.day_said(value)) if isinstance(value, str) else value
