"""What repeats: a pure function over what was upheld (RTM-9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from realtime.choices import Basis


@dataclass(frozen=True)
class Upheld:
    """A violation that was upheld. `rule` is the rule whatever its version; `severity` that of its version then."""

    pk: int
    rule: int
    severity: str
    seen_at: datetime


@dataclass(frozen=True)
class Repeated:
    """Which step of the policy was reached, by which violations, the newest last."""

    step: Mapping[str, Any]
    rule: int | None
    violations: tuple[int, ...]


def repeated(
    steps: Iterable[Mapping[str, Any]], upheld: Iterable[Upheld], last: Upheld,
    counted: Mapping[tuple[str, str, int | None], Collection[int]],
) -> list[Repeated]:  # fmt: skip
    """The steps reached with `last`, which is among `upheld`: so many on one basis, all within so many days.

    The span is any that holds `last`, for one seen earlier may be decided later. `counted`: what by (what is proposed,
    basis, rule) led to a proposal already; it does not count again.
    """
    found = []
    rows = sorted(upheld, key=lambda one: (one.seen_at, one.pk))
    for step in steps:
        if step["severity"] != last.severity:
            continue
        rule = last.rule if step["basis"] == Basis.RULE else None
        gone = counted.get((step["proposes"], step["basis"], rule), ())
        same = [
            one for one in rows
            if one.severity == step["severity"] and (rule is None or one.rule == rule) and one.pk not in gone
        ]  # fmt: skip
        reached = _span(same, last, int(step["count"]), timedelta(days=step["days"]))
        if reached:
            found.append(Repeated(step, rule, tuple(one.pk for one in reached)))
    return found


def _span(rows: list[Upheld], last: Upheld, count: int, within: timedelta) -> list[Upheld]:
    """The most of these that lie within a span that holds `last`, if they are enough."""
    best: list[Upheld] = []
    for first in rows:
        span = [one for one in rows if first.seen_at <= one.seen_at <= first.seen_at + within]
        if last in span and len(span) > len(best):
            best = span
    return best if len(best) >= count else []
