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
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from realtime.models import RecoveryPlan

RECOVERY_FORM = register_type(
    DocumentType(
        code="FRP",
        title=gettext_lazy("Form Recovery Plan"),
        procedure="SOP Real Time Management",
        clause="SOP-RTM 10",
        sop_revision="02",
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


def recovery_body(plan: RecoveryPlan, *, language: str) -> dict[str, Any]:
    """The template's data."""
    zone = plan.site.zone

    def moment(at: datetime | None) -> str:
        return date_format(at.astimezone(zone), "j F Y, H:i") if at else ""

    def said(value: Any, unit: str = "", digits: int = 1) -> str:
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
            "columns": [_("Figure"), _("When it was opened"), _("Since it was carried out"), _("The day")],
            "figures": [list(row) for row in rows],
            "parts": [
                {"title": title, "text": text}
                for title, text in (
                    (_("Analysis"), plan.analysis), (_("Expected effect"), expectation),
                    (_("Intraday evaluation"), plan.outcome), (_("End-of-day evaluation"), plan.evaluation),
                )
                if text
            ],
            "actions_title": _("Actions"),
            "action_columns": [_("Action"), _("Who"), _("By"), _("Done")],
            "actions": [
                [f"{one.get_kind_display()}{': ' + one.what if one.what else ''}", one.who, moment(one.due_at),
                 moment(one.done_at) or "–"]
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
