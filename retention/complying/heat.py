"""The heat map: a row per year and a cell per month, each with its state in colour, icon and words."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occ.people.models import Site
from retention.complying.words import FIGURES
from retention.models import MonthFigures
from retention.models.compliance import COUNTED


def summed(rows: Iterable[MonthFigures]) -> dict[tuple[str, date], dict[str, int]]:
    """The figures by kind and month, over the sites."""
    found: dict[tuple[str, date], dict[str, int]] = {}
    for row in rows:
        sums = found.setdefault((row.kind, row.month), dict.fromkeys(COUNTED, 0))
        for name in COUNTED:
            sums[name] += getattr(row, name)
    return found


def state_of(sums: dict[str, int]) -> tuple[str, str, str]:
    """Tone, icon and words of a month: the worst that is true of what is kept of it."""
    if sums["overdue"]:
        return "danger", "alert-octagon", _("backup overdue")
    if sums["unrestorable"]:
        return "danger", "database-x", _("backups that cannot be restored")
    if sums["beyond"]:
        return "danger", "calendar-x", _("kept beyond the limit without a reason")
    if sums["destroyed"] and sums["destroyed"] == sums["records"]:
        return "neutral", "trash", _("destroyed")
    if sums["backed_up"] and sums["backed_up"] + sums["destroyed"] >= sums["records"]:
        if sums["verified"] < sums["backed_up"]:
            return "warning", "zoom-question", _("backed up, not all verified of late")
        return "success", "circle-check", _("backed up and verified")
    return "info", "clock", _("not due yet")


def legend() -> list[dict[str, str]]:
    none = dict.fromkeys(COUNTED, 0)
    samples = [
        none | {"overdue": 1}, none | {"unrestorable": 1}, none | {"beyond": 1}, none | {"records": 1, "backed_up": 1},
        none | {"records": 1, "backed_up": 1, "verified": 1}, none | {"records": 1},
        none | {"records": 1, "destroyed": 1},
    ]  # fmt: skip
    return [dict(zip(("tone", "icon", "label"), state_of(one), strict=True)) for one in samples]


def month_url(kind: str, month: date, site: Site | None, figure: str = "records") -> str:
    query = {"figure": figure, "kind": kind, "month": f"{month:%Y-%m}"} | ({"site": site.pk} if site else {})
    return f"{reverse('retention:figure_rows')}?{urlencode(query)}"


def maps(sums: dict[tuple[str, date], dict[str, int]], kinds: Iterable[Any], site: Site | None) -> list[dict[str, Any]]:
    """One for each kind: {label, months (their names), years: [{year, cells}]}; the latest year first."""
    names = [date_format(date(2000, number, 1), "M") for number in range(1, 13)]
    return [
        {"label": kind.label, "months": names, "years": _years(sums, kind, site)}
        for kind in kinds
        if any(of == kind for of, _month in sums)
    ]


def _years(sums: dict[tuple[str, date], dict[str, int]], kind: Any, site: Site | None) -> list[dict[str, Any]]:
    years = sorted({month.year for of, month in sums if of == kind}, reverse=True)
    return [
        {"year": str(year), "cells": [_cell(sums, kind, date(year, number, 1), site) for number in range(1, 13)]}
        for year in years
    ]


def _cell(
    sums: dict[tuple[str, date], dict[str, int]], kind: Any, month: date, site: Site | None
) -> dict[str, Any] | None:
    found = sums.get((kind.value, month))
    if found is None or not found["records"]:
        return None
    tone, icon, words = state_of(found)
    return {
        "tone": tone, "icon": icon, "said": _said(month, found, words), "share": share(found),
        "held": bool(found["held"]), "url": month_url(kind.value, month, site),
        "destroyed": destroyed_share(found), "whole": found["destroyed"] == found["records"],
        "destroyed_url": month_url(kind.value, month, site, "destroyed"),
        "destroyed_said": _("%(month)s: the records that were destroyed, %(n)s of %(of)s") % {
            "month": date_format(month, "F Y"), "n": found["destroyed"], "of": found["records"],
        },
    }  # fmt: skip


def _said(month: date, sums: dict[str, int], words: str) -> str:
    """A cell in words, with what of the month was destroyed and what is kept."""
    gone, kept = sums["destroyed"], sums["records"] - sums["destroyed"]
    values = {
        "month": date_format(month, "F Y"), "n": sums["records"], "state": words, "share": share(sums), "gone": gone,
        "kept": kept, "gone_share": destroyed_share(sums),
    }  # fmt: skip
    if not kept:
        words = ngettext(
            "%(month)s: %(n)s record, which was destroyed",
            "%(month)s: %(n)s records, all of them destroyed",
            sums["records"],
        )
        return words % values
    if gone:
        return (
            _(
                "%(month)s: %(n)s records, %(gone)s of them destroyed (%(gone_share)s %%) and %(kept)s kept; of those"
                " kept: %(state)s, %(share)s %% backed up"
            )
            % values
        )
    words = ngettext(
        "%(month)s: %(n)s record, %(state)s, %(share)s %% backed up",
        "%(month)s: %(n)s records, %(state)s, %(share)s %% backed up",
        sums["records"],
    )
    return words % values


def destroyed_share(sums: dict[str, int]) -> int:
    """Percent that was destroyed: 0 only of none, 100 only of all."""
    if sums["destroyed"] >= sums["records"]:
        return 100 if sums["records"] else 0
    return max(1, sums["destroyed"] * 100 // sums["records"]) if sums["destroyed"] else 0


def counted(rows: Iterable[MonthFigures]) -> dict[tuple[str, date], datetime | None]:
    """As of when the figures of each kind and month are: of several sites the oldest count; None: being counted."""
    found: dict[tuple[str, date], datetime | None] = {}
    for row in rows:
        key = row.kind, row.month
        before = found.get(key, row.counted_at)
        found[key] = min(before, row.counted_at) if before and row.counted_at else None
    return found


def share(sums: dict[str, int]) -> int:
    """Percent of what is kept that is backed up and can be restored, rounded down: 100 means all."""
    kept = sums["records"] - sums["destroyed"]
    return 100 if not kept else sums["backed_up"] * 100 // kept


def lines(
    sums: dict[tuple[str, date], dict[str, int]], kinds: Any, site: Site | None,
    at: dict[tuple[str, date], datetime | None],
) -> list[dict[str, Any]]:  # fmt: skip
    """The table behind the map: a line per month and kind, the latest first, each figure with its rows' address; `at`:
    as of when (`counted`)."""
    labels = dict(kinds.choices)
    return [
        {
            "kind": labels[kind], "month": date_format(month, "F Y"), "counted_at": at[kind, month],
            "cells": [
                {"label": label, "value": found[name], "url": month_url(kind, month, site, name) if found[name] else ""}
                for name, label in FIGURES.items()
            ],
        }
        for (kind, month), found in sorted(sums.items(), key=lambda one: (one[0][1], one[0][0]), reverse=True)
    ]  # fmt: skip
