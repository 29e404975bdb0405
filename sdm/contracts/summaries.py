"""What an operation should know of somebody before it proposes an extension: figures, and what others register.

Key figures come from `occ.figures`. An area that knows more (the monthly evaluation) registers a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from occ.figures.registry import FIGURES, Scope, Value
from occ.people.models import Person
from occ.times import end_of_day, start_of_day

# Attendance, punctuality, adherence, tata tertib, quality: those of them that this installation knows.
KEYS = (
    "realtime.attendance", "realtime.login_accuracy", "realtime.adherence", "realtime.rotg", "coaching.qm",
)  # fmt: skip
UNITS = {"percent": "%", "count": "", "seconds": "s", "hours": "h", "points": ""}
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Said:
    """A line of a summary, in the reader's language."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Summary:
    key: str
    title: str | Promise
    lines: Callable[[Person, date, date], Sequence[Said]]


SUMMARIES: dict[str, Summary] = {}


def register(summary: Summary) -> None:
    if summary.key in SUMMARIES:
        raise ValueError(f"summary {summary.key} is registered twice")
    SUMMARIES[summary.key] = summary


def span(starts_on: date, ends_on: date, today: date) -> tuple[date, date]:
    """What is looked at: the contract so far, its last year at most."""
    last = max(starts_on, min(ends_on, today))
    return max(starts_on, last - LONGEST), last


def shown(key: str, value: Value) -> str:
    if value.value is None:
        return "–"
    unit = UNITS.get(FIGURES[key].unit, FIGURES[key].unit)
    return f"{value.value:.1f} {unit}".strip() if unit else f"{value.value:g}"


def summary_of(person: Person, first: date, last: date) -> dict[str, Any]:
    """{first, last, lines: [{label, value, note}]}: as it is shown, and kept with the proposal."""
    zone = person.site.zone
    scope = Scope(start_of_day(first, zone), end_of_day(last, zone), person.site, person=person)
    lines = []
    for key in KEYS:
        if key in FIGURES:
            found = FIGURES[key].of(scope)
            note = _("nothing to count") if found.value is None else ""
            lines.append({"label": str(FIGURES[key].label), "value": shown(key, found), "note": note})
    for one in SUMMARIES.values():
        lines += [
            {"label": f"{one.title}: {said.label}", "value": said.value, "note": said.note}
            for said in one.lines(person, first, last)
        ]
    return {"first": first.isoformat(), "last": last.isoformat(), "lines": lines}
