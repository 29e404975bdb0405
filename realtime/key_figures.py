"""The floor's key figures by name (occ.figures), out of the same counts as the pages and the API (RTM-10, RTM-11)."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from occ.people.choices import Channel
from realtime.attendance.judging import FORMULA as SHIFTS
from realtime.models import FORMULA
from realtime.policies import AHT, SCR, SERVICE_LEVEL
from realtime.services.figures import total
from realtime.services.month_sums import days_summed


def told(name: str, *inputs: str) -> Callable[[Scope], Value]:
    """A provider: of a site and a channel (voice unless said). Of a team or a person these cannot be told."""

    def provider(scope: Scope) -> Value:
        if scope.site is None or scope.team is not None or scope.person is not None:
            return Value(None, formula=FORMULA)
        row = total(scope.site, scope.channel or Channel.VOICE, scope.start, scope.end)
        return Value(row[name], {one: row[one] for one in inputs}, formula=FORMULA)

    return provider


def worked(name: str, *inputs: str) -> Callable[[Scope], Value]:
    """A provider: of a site, team or person, of the rostered days that begin in the scope. No channel is theirs."""

    def provider(scope: Scope) -> Value:
        if scope.channel:
            return Value(None, formula=SHIFTS)
        sums = days_summed(scope)
        return Value(sums[name], {one: float(sums[one] or 0) for one in inputs}, formula=SHIFTS)

    return provider


for key, label, unit, formula, clause, provider, better, target in (
    ("realtime.scr", _("SCR"), "percent", _("answered / offered, by the time of arrival"), "MO 3.2",
     told("scr", "answered", "offered"), "more", SCR),
    ("realtime.aht", _("AHT"), "seconds", _("(talk + hold) / calls handled, without faulty times"), "MO 3.2",
     told("aht", "talk_seconds", "hold_seconds", "handled", "faults"), "less", AHT),
    ("realtime.asa", _("ASA"), "seconds", _("wait of the answered / answered"), "SOP-RTM 7.1",
     told("asa", "wait_seconds", "answered"), "less", ""),
    ("realtime.service_level", _("Service level"), "percent", _("answered in time / offered"), "SOP-RTM 7.1",
     told("service_level", "within", "offered"), "more", SERVICE_LEVEL),
    ("realtime.response_time", _("Response time"), "seconds", _("submission - origin, of submitted cases"), "MO 3.2",
     told("response_time", "submitted"), "less", ""),
):  # fmt: skip
    register(Figure(key, label, unit, formula, clause, provider, better, target))

for key, label, name, formula, clause, inputs in (
    (
        "realtime.adherence",
        _("Adherence"),
        "adherence",
        _("minutes in the right activity / (rostered minutes - neutral and unknown ones)"),
        "SOP-RTM 7.4",
        ("in_ms", "out_ms", "neutral_ms", "unknown_ms"),
    ),
    (
        "realtime.conformance",
        _("Conformance"),
        "conformance",
        _("minutes worked / minutes of work in the roster"),
        "SOP-RTM 7.4",
        ("worked_ms", "planned_ms"),
    ),
    (
        "realtime.login_accuracy",
        _("Login accuracy"),
        "punctual",
        _("shifts begun in time / shifts in which the agent came"),
        "SOP-RTM 7.4",
        ("present", "late"),
    ),
    (
        "realtime.attendance",
        _("Attendance"),
        "attended",
        _("shifts in which the agent came / shifts rostered, without excused and unknown ones"),
        "SOP-RTM 7.3",
        ("present", "absent", "excused", "unknown"),
    ),
):
    register(Figure(key, label, "percent", formula, clause, worked(name, *inputs)))
