"""The Form Recovery Plan (SOP-RTM 10: kept two years, Team Leader)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.figures.registry import FIGURES
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from realtime.models import MonthRevision, RecoveryPlan

RECOVERY_FORM = register_type(
    DocumentType(
        code="FRP",
        title=gettext_lazy("Form Recovery Plan"),
        procedure="SOP Real Time Management",
        clause="SOP-RTM 10",
        sop_code="OCC.PGDN.01.02",
        sop_revision="02",
        sop_effective="25 September 2025",
        owner=Role.TEAM_LEADER,
        readers=frozenset({Role.DOCUMENT_CONTROL, Role.RTFM, Role.WFM}),
        template=Path(__file__).parent / "typst" / "recovery.typ",
    )
)
register_policy(
    Definition(
        RECOVERY_FORM.retention_policy, gettext_lazy("Recovery plans are kept"), gettext_lazy("years"), "SOP-RTM 10", 2,
        number(1, 100),
    )
)  # fmt: skip
SERVICE_MONTH = register_type(
    DocumentType(
        code="LKL",
        title=gettext_lazy("Service report: SLG and KPI of the month"),
        procedure="Manual Operasi",
        clause="MO 3.1, 3.2",
        owner=Role.MANAGER,
        readers=frozenset({Role.CLIENT, Role.RTFM, Role.WFM, Role.TEAM_LEADER}),
        template=Path(__file__).parent / "typst" / "service_month.typ",
        approvers=frozenset({Role.CLIENT}),
    )
)
register_policy(
    Definition(
        SERVICE_MONTH.retention_policy, gettext_lazy("Service reports are kept"), gettext_lazy("years"), "MO 3.2", 5,
        number(1, 100),
    )
)  # fmt: skip
RESULTS = {
    "met": gettext_lazy("reached"), "limit": gettext_lazy("within the limit"), "missed": gettext_lazy("not reached"),
    "unknown": gettext_lazy("not known"), "unrecorded": gettext_lazy("not yet recorded"),
}  # fmt: skip
UNRECORDED: dict[str, Any] = {"coaching.qm": gettext_lazy("QM (Quality Monitoring)")}  # until their module answers
UNITS = {"percent": "%", "seconds": "s", "points": "", "count": "", "hours": "h"}


def day_label(plan: RecoveryPlan) -> str:
    """Whose figures those of the day are: where it was verified before the day was over, until when."""
    end = plan.day.get("end")
    if not end or not plan.day.get("goes_on", plan.verified_at and datetime.fromisoformat(end) == plan.verified_at):
        return _("The day")
    until = datetime.fromisoformat(end).astimezone(plan.site.zone)
    return _("The day until %(time)s") % {"time": date_format(until, "H:i")}


def few_said(plan: RecoveryPlan) -> str:
    few = plan.day.get("few")
    return _("%(n)s since it was begun: %(why)s") % {"n": few["calls"], "why": few["why"]} if few else ""


def recovery_body(plan: RecoveryPlan, *, language: str) -> dict[str, Any]:
    """The template's data."""
    zone = plan.site.zone

    def moment(at: datetime | None) -> str:
        return date_format(at.astimezone(zone), "j F Y, H:i") if at else ""

    def said(value: Any, unit: str = "", digits: int = 1) -> str:
        if value is not None:
            value = round(value, digits)  # number_format cuts off
        return f"{number_format(value, digits, use_l10n=True, force_grouping=True)}{unit}" if value is not None else "–"

    with translation.override(language):
        before, after, day = plan.situation, plan.result, plan.day
        expected = plan.expected
        rows = [
            (_("Calls offered"), *(said(one.get("offered"), digits=0) for one in (before, after, day))),
            (_("Calls answered"), *(said(one.get("answered"), digits=0) for one in (before, after, day))),
            ("SCR", *(said(one.get("scr"), " %", 2) for one in (before, after, day))),
            ("AHT", *(said(one.get("aht"), " s") for one in (before, after, day))),
            ("ASA", *(said(one.get("asa"), " s") for one in (before, after, day))),
        ]
        facts = [
            (_("Site"), plan.site.name), (_("Channel"), plan.get_channel_display()),
            (_("Opened"), moment(plan.opened_at)), (_("Drawn up by"), str(plan.opened_by)),
            (_("Cause"), plan.get_cause_display()), (_("SCR target"), said(before.get("target"), " %", 0)),
        ]  # fmt: skip
        expectation = ""
        if expected:
            expectation = _(
                "%(calls)s calls in %(minutes)s minutes, handled in %(handling)s s, patience %(patience)s s: with"
                " %(more)s agents more than %(agents)s the SCR goes from %(scr)s %% to %(then)s %% (Erlang A)."
            ) % {
                "calls": said(expected["calls"]), "minutes": said(expected["minutes"], digits=0),
                "handling": said(expected["handling"]), "patience": said(expected["patience"]),
                "more": expected["more"], "agents": expected["agents"], "scr": said(expected["scr"]),
                "then": said(expected["scr_then"]),
            }  # fmt: skip
        return {
            "facts": [{"label": label, "value": str(value)} for label, value in facts],
            "figures_title": _("Figures"),
            "columns": [_("Figure"), _("When it was opened"), _("Since it was carried out"), day_label(plan)],
            "figures": [list(row) for row in rows],
            "parts": [
                {"title": title, "text": text}
                for title, text in (
                    (_("Analysis"), plan.analysis), (_("Expected effect"), expectation),
                    (_("Intraday evaluation"), plan.outcome), (_("End-of-day evaluation"), plan.evaluation),
                    (_("Verified though little came since"), few_said(plan)),
                )
                if text
            ],
            "actions_title": _("Actions"),
            "action_columns": [_("Action"), _("Who"), _("At the latest"), _("Done")],
            "actions": [
                [f"{one.get_kind_display()}{': ' + one.what if one.what else ''}", one.who, moment(one.due_at),
                 moment(one.done_at) or (_("not carried out: %(why)s") % {"why": one.dropped_why} if one.dropped_why
                                         else "–")]
                for one in plan.actions.all()
            ],
            "series": [
                {"at": f"{datetime.fromisoformat(one['at']).astimezone(zone):%H:%M}", "scr": one["scr"]}
                for one in [*before.get("series", []), *after.get("series", [])]
            ],
            "target": before.get("target"),
            "chart_title": _("SCR by quarter of an hour, in percent; the line is the target"),
            "places": [
                {"purpose": _("Drawn up by"), "name": str(plan.opened_by), "position": _("Team Leader"),
                 "signed_at": None},
                {"purpose": _("Verified by"), "name": str(plan.verified_by or "…"), "position": _("Coordinator"),
                 "signed_at": None},
            ],
        }  # fmt: skip


def figure_label(key: str) -> str:
    return str(FIGURES[key].label if key in FIGURES else UNRECORDED.get(key, key))


def figure_said(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{number_format(round(value, 2), 2, use_l10n=True, force_grouping=True)} {UNITS.get(unit, unit)}".strip()


def target_said(row: dict[str, Any]) -> str:
    """As the manual writes it: at least, at most, or from the target to the limit."""
    if row["target"] is None:
        return "–"
    unit = UNITS.get(row["unit"], row["unit"])
    target = number_format(row["target"], 0, use_l10n=True, force_grouping=True)
    if row["limit"] is not None and row["limit"] != row["target"]:
        return f"{target}–{number_format(row['limit'], 0, use_l10n=True, force_grouping=True)} {unit}"
    return f"{'≥' if row['better'] == 'more' else '≤'} {target} {unit}"


def month_body(revision: MonthRevision, *, language: str) -> dict[str, Any]:
    """The template's data."""
    month, zone = revision.month, revision.month.site.zone

    def moment(at: str | None) -> str:
        return date_format(datetime.fromisoformat(at).astimezone(zone), "j F Y, H:i") if at else _("goes on")

    with translation.override(language):
        units = {one["key"]: one["unit"] for one in revision.figures}
        facts = [
            (_("Site"), month.site.name),
            (_("Month"), month.label),
            (_("Revision"), str(revision.number)),
            (_("Frozen"), date_format(revision.frozen_at.astimezone(zone), "j F Y, H:i")),
            (_("Frozen by"), str(revision.frozen_by) if revision.frozen_by else _("System, at the month's end")),
        ]
        if revision.reason:
            facts.append((_("Reason of the revision"), revision.reason))
        return {
            "facts": [{"label": label, "value": value} for label, value in facts],
            "columns": [_("Parameter"), _("Target"), _("Achieved"), _("Result"), _("How it is measured"), _("Clause")],
            "figures": [
                [figure_label(one["key"]), target_said(one), figure_said(one["value"], one["unit"]),
                 str(RESULTS[one["result"]]), str(FIGURES[one["key"]].formula) if one["key"] in FIGURES else "–",
                 one["clause"]]
                for one in revision.figures
            ],
            "missed": [one["result"] == "missed" for one in revision.figures],
            "changes_title": _("What this revision corrects"),
            "change_columns": [_("Parameter"), _("Before"), _("Now")],
            "changes": [
                [figure_label(one["key"]), figure_said(one["old"], units.get(one["key"], "")),
                 figure_said(one["new"], units.get(one["key"], ""))]
                for one in revision.changes
            ],
            "outages_title": _("Outages"),
            "outage_columns": [_("What"), _("From"), _("To")],
            "outages": [[one["name"], moment(one["since"]), moment(one["until"])] for one in revision.outages[:200]],
            "signing": _(
                "Signed electronically after its issue: who approved it for the client, and when, stands on the page of"
                " verification that the code below leads to."
            ),
        }  # fmt: skip
