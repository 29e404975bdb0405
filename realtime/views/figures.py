"""Service figures (RTM-10): what each is made of, by interval, with the way down to the interactions behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import Invalid, NotAllowed
from occ.forms import DayField
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.access import me
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA, end_of_day, local_day, start_of_day
from realtime.measures import LABELS, Measure, measures_of
from realtime.models import FLOOR_READERS, FORMULA, Correction
from realtime.policies import SMALL_BASE
from realtime.services.figures import figures, interval_end, sources_of, total
from realtime.views.alerts import scr_from

STEPS = (
    ("15", gettext_lazy("Quarter of an hour")), ("30", gettext_lazy("Half hour")), ("day", gettext_lazy("Day")),
    ("month", gettext_lazy("Month")),
)  # fmt: skip
FINE = timedelta(days=6)  # of quarters and half hours a page shows a week
MOST = timedelta(days=400)
SHOWN = 50
# What is compared of a correction, in milliseconds where the name says so.
COMPARED = ("offered", "answered", "abandoned", "menu_only", "waiting", "handled", "faults", "cases", "submitted",
            "talk_ms", "hold_ms", "wrapup_ms", "wait_ms", "response_ms")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    site: Site
    channel: str
    first: date
    last: date
    interval: str

    @property
    def start(self) -> datetime:
        return start_of_day(self.first, self.site.zone)

    @property
    def end(self) -> datetime:
        return end_of_day(self.last, self.site.zone)

    @property
    def query(self) -> str:
        return urlencode({"site": self.site.pk, "channel": self.channel, "first": self.first, "last": self.last,
                          "interval": self.interval})  # fmt: skip


class FiguresForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    first = DayField(label=gettext_lazy("From"))
    last = DayField(label=gettext_lazy("To"))
    interval = forms.ChoiceField(label=gettext_lazy("Interval"), choices=STEPS)

    def __init__(self, data: QueryDict, *, user: User, now: datetime) -> None:
        sites = sites_for(user, FLOOR_READERS)
        today = local_day(now, sites[0].zone if sites else JAKARTA).isoformat()
        standing = {"site": sites[0].pk if sites else "", "channel": Channel.VOICE, "first": today, "last": today,
                    "interval": "30"}  # fmt: skip
        super().__init__(standing | {name: data[name] for name in standing if data.get(name)})
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (first := given.get("first")) and (last := given.get("last")):
            if not first <= last <= first + MOST:
                self.add_error("last", _("From a day to a later one, at most 400 days."))
            elif given.get("interval") in {"15", "30"} and last - first > FINE:
                self.add_error("interval", _("Quarters and half hours of at most 7 days; take days for longer."))
        return given

    def asked(self) -> Asked | None:
        return Asked(**self.cleaned_data) if self.is_valid() else None


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    form = FiguresForm(request.GET, user=user, now=now)
    context: dict[str, Any] = {
        "title": _("Service figures"),
        "subtitle": _("SCR, AHT, service level and the rest, with what they are made of"),
        "form": form,
    }  # fmt: skip
    if asked := form.asked():
        context |= told(asked, now)
    return render(request, "realtime/figures.html", context, status=422 if form.errors else 200)


def told(asked: Asked, now: datetime) -> dict[str, Any]:
    zone = asked.site.zone
    row = total(asked.site, asked.channel, asked.start, asked.end)
    measures = measures_of(asked.channel, row)
    targets = {one.name: target_of(one, asked, now) for one in measures}
    lines = [line_of(one, asked, measures, targets) for one in rows_of(asked)]
    found = Correction.objects.filter(
        site=asked.site, channel=asked.channel, starts_at__gte=asked.start, starts_at__lt=asked.end
    ).order_by("-at", "-pk")
    made = [made_of(one, row, targets[one.name]) for one in measures]
    return {
        "asked": asked, "zone": zone, "row": row, "figures": made,
        "least": policy_value(SMALL_BASE, at=now, site=asked.site), "lines": lines, "calls": has_calls(measures),
        "scr_from": scr_from(now, asked.site) if has_calls(measures) else "",
        "cases": any(one.name == "response_time" for one in measures),
        "sources": sources_of(asked.site, asked.channel, asked.start, asked.end), "formula": FORMULA,
        "charts": charts(measures, targets, without_gaps(lines, asked)) if len(lines) > 1 else [],
        "corrections": [{"row": one, "url": url_of(asked, one.starts_at, one.starts_at + timedelta(minutes=15)),
                         "changes": changes_of(one)} for one in found[:SHOWN]],
        "counts": [{"label": LABELS[name], "value": row[name]} for name in counts_of(measures)],
        "faults_url": f"{reverse('realtime:faults')}?{span_query(asked, asked.start, asked.end)}",
        "export_kind": "realtime.figures", "export_scope": asked.query,
    }  # fmt: skip


def has_calls(measures: list[Measure]) -> bool:
    return any(one.name == "scr" for one in measures)


def counts_of(measures: list[Measure]) -> list[str]:
    calls = ["offered", "answered", "abandoned", "short_abandoned", "menu_only", "waiting"]
    cases = ["cases", "submitted"]
    found = calls if has_calls(measures) else []
    return found + (cases if any(one.name == "response_time" for one in measures) else [])


def rows_of(asked: Asked) -> list[dict[str, Any]]:
    return figures(site=asked.site, channel=asked.channel, first=asked.first, last=asked.last, interval=asked.interval)


def target_of(one: Measure, asked: Asked, now: datetime) -> float | None:
    """As it stood at the end of what is shown."""
    return float(policy_value(one.target, at=min(asked.end, now), site=asked.site)) if one.target else None


def shown(value: float | None, digits: int, unit: str = "") -> str:
    if value is None:
        return "–"
    value = round(value, digits)  # number_format cuts off
    return f"{number_format(value, digits, use_l10n=True, force_grouping=True)}{f' {unit}' if unit else ''}"


def made_of(one: Measure, row: dict[str, Any], target: float | None) -> dict[str, Any]:
    value = row[one.name]
    met = one.reached(value, target)
    inputs = [
        {"label": LABELS[name], "value": shown(row[name], 0)}
        for name in one.inputs
        if row[name] is not None and not (name in {"untimed", "unmeasured"} and not row[name])
    ]
    return {
        "measure": one, "of": one.of(row), "value": shown(value, one.digits),
        "target": shown(target, 0, one.unit) if target else "",
        "tone": {None: "", True: "success", False: "danger"}[met], "inputs": inputs,
        "icon": {None: "chart-dots", True: "circle-check", False: "alert-octagon"}[met],
    }  # fmt: skip


def line_of(
    row: dict[str, Any], asked: Asked, measures: list[Measure], targets: dict[str, float | None]
) -> dict[str, Any]:
    zone = asked.site.zone
    start, end = (datetime.fromisoformat(row[name]) for name in ("starts_at", "ends_at"))
    cells = [{"label": LABELS[name], "value": row[name]} for name in counts_of(measures)]
    for one in measures:
        met = one.reached(row[one.name], targets[one.name])
        cells.append({"label": one.label, "value": shown(row[one.name], one.digits), "missed": met is False})
    return {
        "of": min((n for one in measures if (n := one.of(row))), default=None),
        "label": label_of(start.astimezone(zone), asked), "cells": cells, "url": url_of(asked, start, end),
        "row": row, "faults_url": f"{reverse('realtime:faults')}?{span_query(asked, start, end)}",
    }  # fmt: skip


def label_of(local: datetime, asked: Asked) -> str:
    if asked.interval == "month":
        return date_format(local, "F Y")
    if asked.interval == "day":
        return date_format(local, "j M Y")
    return f"{local:%H:%M}" if asked.first == asked.last else date_format(local, "j M H:i")


def span_query(asked: Asked, start: datetime, end: datetime) -> str:
    """Filters of the lists behind, by the minute in the time zone in which their forms are read."""
    here = [timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") for at in (start, end)]
    return urlencode({"site": asked.site.pk, "channel": asked.channel, "since": here[0], "until": here[1]})


def url_of(asked: Asked, start: datetime, end: datetime) -> str:
    return f"{reverse('realtime:interactions')}?{span_query(asked, start, end)}"


def without_gaps(lines: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """With the intervals between in which nothing arrived, so that a chart's time goes on evenly."""
    found, at = [], datetime.fromisoformat(lines[0]["row"]["starts_at"])
    for one in lines:
        start = datetime.fromisoformat(one["row"]["starts_at"])
        while at < start:
            end = interval_end(at, asked.interval, asked.site)
            found.append({"label": label_of(at.astimezone(asked.site.zone), asked), "url": url_of(asked, at, end)})
            at = end
        found.append(one)
        at = interval_end(start, asked.interval, asked.site)
    return found


def charts(
    measures: list[Measure], targets: dict[str, float | None], lines: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What arrived, and each figure that has a target or says what customers felt."""
    labels, urls = [one["label"] for one in lines], [one["url"] for one in lines]
    base: dict[str, Any] = {"labels": labels, "urls": urls}
    counted = ("offered", "answered", "abandoned") if has_calls(measures) else ("cases", "submitted")
    series = [
        {"name": str(LABELS[name]), "values": [one["row"][name] if "row" in one else 0 for one in lines]}
        for name in counted
    ]
    found: list[dict[str, Any]] = [
        {"id": "arrived", "title": _("What arrived"), "unit": "", "chart": base | {"kind": "bar", "series": series}}
    ]
    for one in measures:
        if one.name not in {"scr", "aht", "service_level", "response_time"}:
            continue
        known = [line["row"][one.name] if "row" in line else None for line in lines]
        values = [None if value is None else round(value, 2) for value in known]
        chart = base | {"kind": "line", "series": [{"name": str(one.label), "values": values}]}
        if targets[one.name] is not None:
            chart |= {"target": targets[one.name], "target_label": _("Target")}
        found.append({"id": one.name, "title": one.label, "unit": one.unit, "chart": chart})
    return found


def changes_of(one: Correction) -> list[dict[str, Any]]:
    """The counts that changed; durations in seconds."""
    found = []
    for name in COMPARED:
        was, became = one.was.get(name, 0), one.became.get(name, 0)
        if was == became:
            continue
        if name.endswith("_ms"):
            name = name.replace("_ms", "_seconds")
            was, became = was / 1000, became / 1000
        found.append({"label": LABELS[name], "was": shown(was, 0), "became": shown(became, 0)})
    return found


# The same as a spreadsheet -------------------------------------------------------------------------------------------


def workbook(job: Job, progress: Progress, now: datetime) -> Outcome:
    asked = FiguresForm(QueryDict(job.params.get("query", "")), user=job.owner, now=now).asked()
    if asked is None:
        raise Invalid(_("The list's filters are not understood."))
    row = total(asked.site, asked.channel, asked.start, asked.end)
    measures = measures_of(asked.channel, row)
    counts = counts_of(measures)
    inputs = list(dict.fromkeys(name for one in measures for name in one.inputs if name not in counts))
    columns = [OutColumn(_("From"), 20), OutColumn(_("To"), 20)]
    columns += [OutColumn(str(LABELS[name]), 16) for name in counts]
    columns += [OutColumn(f"{one.label} ({one.unit})", 18) for one in measures]
    columns += [OutColumn(str(LABELS[name]), 16) for name in inputs]
    columns += [OutColumn(_("Faults"), 10), OutColumn(_("Corrections"), 12), OutColumn(_("Formula"), 10)]

    def lines() -> Any:
        for one in rows_of(asked):
            figures_ = [None if one[m.name] is None else round(one[m.name], m.digits) for m in measures]
            yield [
                datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"]),
                *(one[name] for name in counts), *figures_, *(one[name] for name in inputs), one["faults"],
                one["corrections"], one["formula"],
            ]  # fmt: skip

    out = workfile()
    told_by = ", ".join(str(one) for one in sources_of(asked.site, asked.channel, asked.start, asked.end))
    meta: dict[str, str] = {
        _("Site"): asked.site.name, _("Channel"): str(Channel(asked.channel).label),
        _("From"): date_format(asked.first, "j F Y"), _("To"): date_format(asked.last, "j F Y"),
        _("Sources"): told_by or "–",
    }  # fmt: skip
    meta |= {str(one.label): str(one.formula) for one in measures}
    write_workbook(out, title=_("Service figures"), columns=columns, rows=lines(), meta=meta, zone=asked.site.zone)
    return Outcome(out, stamped("figures", now))


register(
    Kind(
        "realtime.figures", gettext_lazy("Service figures"), workbook, lambda user: has_role(user, FLOOR_READERS),
        direct=True,
    )
)  # fmt: skip
