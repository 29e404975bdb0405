"""The report of a month's evaluation, and the sheet that each signs (MO 4.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
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
from sdm.evaluating.choices import JUDGED_KEYS, LABELS, TOTAL, EvaluationStatus
from sdm.evaluating.conditions import CONDITIONS
from sdm.models import Evaluation, EvaluationPeriod, EvaluationResult

TYPST = Path(__file__).parent.parent / "typst"
REPORTS = register_type(
    DocumentType(
        code="LEK",
        title=gettext_lazy("Report of the monthly evaluation"),
        procedure="Manual Operasi",
        clause="MO 4.1.4",
        owner=Role.QUALITY_ASSURANCE,
        readers=frozenset({Role.MANAGER, Role.HEAD_MANAGER, Role.HR_PAYROLL, Role.COORDINATOR}),
        template=TYPST / "evaluation_report.typ",
        restricted=True,
    )
)
# It names what is paid: who reads amounts reads it, and its person by an address of their own.
PERSONAL = register_type(
    DocumentType(
        code="EKB",
        title=gettext_lazy("Monthly evaluation"),
        procedure="Manual Operasi",
        clause="MO 4.1.4",
        owner=Role.HR_PAYROLL,
        readers=frozenset({Role.MANAGER, Role.HEAD_MANAGER}),
        template=TYPST / "evaluation.typ",
        restricted=True,
    )
)
# The manual gives no masa simpan: five years, as with what a former employee may still claim.
for one, label in (
    (REPORTS, gettext_lazy("Reports of the monthly evaluation are kept")),
    (PERSONAL, gettext_lazy("Signed monthly evaluations are kept")),
):
    register_policy(Definition(one.retention_policy, label, gettext_lazy("years"), "MO 4.1.4", 5, number(1, 100)))
UNITS = {"percent": " %", "seconds": " s", "hours": " h"}


def said(value: str | Decimal | None, unit: str = "", digits: int = 2) -> str:
    """A decimal in the reader's language, without the zeros at its end."""
    if value is None:
        return "–"
    found = round(Decimal(value), digits)
    shown = max(0, -int(found.normalize().as_tuple().exponent))
    return f"{number_format(found, shown, use_l10n=True, force_grouping=True)}{UNITS.get(unit, '')}"


def rupiah(value: str | Decimal | None) -> str:
    return "–" if value is None else f"Rp {number_format(Decimal(value), 0, use_l10n=True, force_grouping=True)}"


def component_label(key: str) -> str:
    return str(FIGURES[key].label) if key in FIGURES else str(LABELS.get(key, key))


def basis_label(key: str) -> str:
    return _("Total") if key == TOTAL else component_label(key)


def value_said(line: Mapping[str, Any]) -> str:
    """The value, and between what it lies where it is told from a sample."""
    words = said(line["value"], line.get("unit", ""))
    if line["value"] is not None and line.get("interval"):
        low, high = (said(one) for one in line["interval"])
        words = f"{words} ({low}–{high})"
    return words


def demand_said(held: Mapping[str, Any]) -> str:
    """What a condition asks for, in words."""
    condition = CONDITIONS.get(held["key"])
    label, unit = (condition.label, condition.unit) if condition else (held["key"], "")
    sign = "≥" if condition is None or condition.more else "≤"
    return f"{label} {sign} {said(held['wanted'], unit)}"


def met_said(held: Mapping[str, Any]) -> str:
    condition = CONDITIONS.get(held["key"])
    value = said(held["value"], condition.unit if condition else "")
    if held["met"] is None:
        return _("not known: nothing is taken")
    if held["met"]:
        return _("met (%(value)s)") % {"value": value}
    return _("not met (%(value)s): %(keeps)s %% stays") % {"value": value, "keeps": said(held["keeps"])}


def why_none(content: Mapping[str, Any]) -> str:
    """Why a reckoning has no amount; empty where it has one."""
    pay = content.get("pay")
    if not pay or "known" not in pay:
        return ""
    names = ", ".join(basis_label(one["basis"]) for one in pay["parts"] if one["points"] is None)
    return _("only %(known)s %% of what the scheme pays by is known; not known: %(names)s") % {
        "known": said(pay["known"]), "names": names,
    }  # fmt: skip


def remark_said(content: Mapping[str, Any]) -> str:
    """What was decided where there was no amount: by hand and why, or that it waits and why; else empty."""
    decided = content.get("decided")
    if not decided:
        return ""
    if decided["amount"] is not None:
        return _("set by hand: %(reason)s") % {"reason": decided["reason"]}
    why = why_none(content)
    return _("no amount, waits: %(why)s") % {"why": f"{why}. {decided['reason']}" if decided["reason"] else why}


def pay_rows(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How an amount came about, line by line, or why there is none."""
    pay, decided, none = content["pay"], content.get("decided"), why_none(content)
    rows = [(_("Amount of the position"), rupiah(pay["base"]) if pay["base"] else _("none in the scheme"))]
    for part in pay["parts"]:
        if part["points"] is None:
            words = _("not known") if none else _("not known: its weight goes to the others")
        elif part["reached"] is None:
            words = _("%(points)s points: below the lowest band") % {"points": said(part["points"])}
        else:
            words = _("%(points)s points, band from %(from)s: %(percent)s %%") % {
                "points": said(part["points"]), "from": said(part["reached"]), "percent": said(part["percent"]),
            }  # fmt: skip
        rows.append((basis_label(part["basis"]), words))
    rows += [(demand_said(held), met_said(held)) for held in pay["held"]]
    if pay["capped"]:
        rows.append((_("Cap"), _("reached")))
    if none:
        rows.append((_("No amount"), none))
    if decided and decided["amount"] is not None:
        rows.append((_("By hand"), decided["reason"]))
        return [*rows, (_("Incentive"), rupiah(decided["amount"]))]
    if none:
        return [*rows, (_("Incentive"), _("no amount: it waits until the month is corrected") if decided else
                        _("no amount: it is decided about at the approval"))]  # fmt: skip
    return [*rows, (_("Incentive"), rupiah(content["amount"]))]


def personal_body(row: Evaluation, result: EvaluationResult, *, language: str, unsigned: str = "") -> dict[str, Any]:
    """The template's data. `unsigned`: why it was not signed."""
    content, period = result.content, row.period
    with translation.override(language):
        approved = date_format(result.frozen_at.astimezone(row.site.zone), "j F Y, H:i")
        return {
            "facts": [
                {"label": label, "value": str(value)}
                for label, value in (
                    (_("Employee"), f"{row.person.name} ({row.person.number})"), (_("Position"), row.position),
                    (_("Site"), row.site.name), (_("Month"), period.label), (_("Result"), f"{result.number}"),
                    (_("Approved"), approved),
                )
            ],
            "columns": [_("Component"), _("Weight"), _("Achieved"), _("0 to 100 points"), _("Points")],
            "lines": [
                [component_label(one["key"]),
                 f"{said(one['share'])} %" if one["share"] else _("not known"),
                 _("judged") if one["key"] in JUDGED_KEYS else value_said(one),
                 f"{said(one['zero'], one.get('unit', ''))} → {said(one['full'], one.get('unit', ''))}",
                 said(one["points"])]
                for one in content["components"]
            ],
            "total_label": _("Total"),
            "total": said(content["total"]),
            "reweighed": _("What is not known counts for nothing: its weight goes to the rest.")
            if any(one["points"] is None for one in content["components"]) else "",
            "pay_title": _("Incentive by scheme %(number)s, %(name)s") % {
                "number": content["scheme"]["number"], "name": content["scheme"]["name"]},
            "pay": [list(pair) for pair in pay_rows(content)],
            "parts": [
                {"title": title, "text": text}
                for title, text in (
                    (_("Superior's remarks"), content["remarks"]), (_("Improvement"), content["improvement"]),
                    (_("The employee's own words"), row.reply), (_("Told, but not signed"), unsigned),
                )
                if text
            ],
            "places": [
                {"purpose": _("Scored by"), "name": str(row.scored_by or "…"), "position": _("Superior"),
                 "signed_at": None},
                {"purpose": _("Approved by"), "name": str(result.approved_by), "position": _("Operation Manager"),
                 "signed_at": None},
            ],
        }  # fmt: skip


def report_body(period: EvaluationPeriod, *, language: str) -> dict[str, Any]:
    """The template's data: everybody with the total, what was left out and why, and means by position. No amounts."""
    rows = list(period.evaluations.select_related("person", "sheet__team").order_by("position", "person__name"))
    told = [one for one in rows if one.status != EvaluationStatus.WAIVED]
    zone = period.site.zone
    with translation.override(language):

        def moment(at: Any) -> str:
            return date_format(at.astimezone(zone), "j F Y, H:i") if at else "–"

        return {
            "facts": [
                {"label": label, "value": str(value)}
                for label, value in (
                    (_("Site"), period.site.name), (_("Month"), period.label), (_("Evaluated"), len(told)),
                    (_("Left out"), len(rows) - len(told)),
                    (_("Report made"), moment(period.compiled_at)), (_("Approved"), moment(period.approved_at)),
                )
            ],
            "means_title": _("By position"),
            "means_columns": [_("Position"), _("People"), _("Mean"), _("Lowest"), _("Highest")],
            "means": [
                [position, str(len(totals)), said(sum(totals, Decimal(0)) / len(totals)), said(min(totals)),
                 said(max(totals))]
                for position, totals in _by_position(told)
            ],
            "columns": [_("Employee number"), _("Name"), _("Position"), _("Team"), _("Total")],
            "rows": [
                [one.person.number, one.person.name, one.position, one.sheet.team.name if one.sheet.team else "–",
                 said(one.total)]
                for one in told
            ],
            "out_title": _("Not evaluated this month"),
            "out": [
                f"{one.person.name} ({one.person.number})" for one in rows if one.status == EvaluationStatus.WAIVED
            ],
            "places": [
                {"purpose": _("Prepared by"), "name": str(period.compiled_by or "…"),
                 "position": _("Quality Assurance"), "signed_at": None},
                {"purpose": _("Approved by"), "name": str(period.approved_by or "…"),
                 "position": _("Operation Manager"), "signed_at": None},
                {"purpose": _("Validated by"), "name": "…", "position": _("Head Manager"), "signed_at": None},
            ],
        }  # fmt: skip


def _by_position(rows: list[Evaluation]) -> list[tuple[str, list[Decimal]]]:
    found: dict[str, list[Decimal]] = {}
    for one in rows:
        if one.total is not None:
            found.setdefault(one.position, []).append(one.total)
    return sorted(found.items())
