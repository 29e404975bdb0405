"""The floor's key figures by name (occ.figures), out of the same counts as the pages and the API (RTM-10, RTM-11)."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from occ.figures.registry import Figure, Scope, Value, register
from occ.people.choices import Channel
from realtime.attendance.judging import FORMULA as SHIFTS
from realtime.choices import Category
from realtime.models import FORMULA
from realtime.policies import AHT, SCR, SERVICE_LEVEL, SLG_LINK, SLG_SYSTEM, response_limit
from realtime.services.figures import total
from realtime.services.links import LINK, SYSTEM, available
from realtime.services.month_sums import days_summed
from realtime.services.responses import Responses, responses, together


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


def responded(value: Callable[[Responses], float | None], category: str | None = None) -> Callable[[Scope], Value]:
    """Of a site's cases: of all channels but voice unless one is named."""

    def provider(scope: Scope) -> Value:
        if scope.site is None or scope.team is not None or scope.person is not None:
            return Value(None, formula=FORMULA)
        found = responses(site=scope.site, start=scope.start, end=scope.end, channel=scope.channel)
        row = together(found, category=category)
        inputs = {"response_seconds": row.response_ms / 1000, "submitted": row.submitted, "cases": row.cases,
                  "unmeasured": row.unmeasured, "on_target": row.on_target,
                  "within_limit": row.within_limit}  # fmt: skip
        return Value(value(row), inputs, formula=FORMULA)

    return provider


RESPONSE_LABELS = {
    Category.INFORMATION: _("Response time: information"), Category.REQUEST: _("Response time: request"),
    Category.COMPLAINT: _("Response time: complaint"),
}  # fmt: skip
FORMULA_WORDS = _("submission - origin, of submitted cases")
register(Figure("realtime.response_time", _("Response time"), "seconds", FORMULA_WORDS, "MO 3.2",
                responded(lambda row: row.seconds), "less"))  # fmt: skip
for category, words in RESPONSE_LABELS.items():
    register(Figure(f"realtime.response.{category}", words, "seconds", FORMULA_WORDS, "MO 3.2",
                    responded(lambda row: row.seconds, category), "less", response_limit(category)))  # fmt: skip
register(Figure("realtime.response_on_target", _("Response time: in the target"), "percent",
                _("submitted within their category's target / submitted"), "MO 3.2",
                responded(lambda row: row.target_share)))  # fmt: skip
register(Figure("realtime.response_within_limit", _("Response time: in the limit"), "percent",
                _("submitted within their category's limit / submitted"), "MO 3.2",
                responded(lambda row: row.limit_share)))  # fmt: skip


def up(kind: str) -> Callable[[Scope], Value]:
    """Of a site's links or systems, up to the end of the scope."""

    def provider(scope: Scope) -> Value:
        if scope.site is None or scope.team is not None or scope.person is not None or scope.channel:
            return Value(None, formula=FORMULA)
        found = available(scope.site, kind, scope.start, scope.end, scope.end)
        inputs = {"known_seconds": found.known.total_seconds(), "down_seconds": found.down.total_seconds(),
                  "outages": len(found.outages)}  # fmt: skip
        return Value(found.percent, inputs, formula=FORMULA)

    return provider


UP = _("1 - time down / time known, of all of them together")
register(Figure("realtime.link_availability", _("Link availability"), "percent", UP, "MO 3.1", up(LINK),
                target=SLG_LINK))  # fmt: skip
register(Figure("realtime.system_availability", _("System availability"), "percent", UP, "MO 3.1", up(SYSTEM),
                target=SLG_SYSTEM))  # fmt: skip
