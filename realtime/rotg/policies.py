"""The numbers of tata tertib as dated policies: days for answer and decision, and what repeats lead to what."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Role
from occ.policies.registry import Column, Definition, number, register
from realtime.choices import Basis, FollowUp, Severity

CLAUSE = "SOP-RTM 7.5"
ANSWER = "realtime.rotg.answer"
ANSWER_DAYS = "realtime.rotg.answer.days"
REMIND_HOURS = "realtime.rotg.answer.remind_hours"
DECIDE = "realtime.rotg.decide"
DECIDE_DAYS = "realtime.rotg.decide.days"
PROPOSED = "realtime.rotg.proposal"
PROPOSED_DAYS = "realtime.rotg.proposal.days"
REPEATS = "realtime.rotg.repeats"

for key, label, unit, default, least, most in (
    (ANSWER_DAYS, _("A violation is answered by the agent within"), _("days"), 3, 1, 30),
    (REMIND_HOURS, _("The agent is reminded of the answer before its time by"), _("hours"), 24, 1, 240),
    (DECIDE_DAYS, _("A violation is upheld or dropped after the answer within"), _("days"), 3, 1, 30),
    (PROPOSED_DAYS, _("A proposed coaching or pembinaan is accepted or dismissed within"), _("days"), 3, 1, 30),
):  # fmt: skip
    register(Definition(key, label, unit, CLAUSE, default, number(least, most)))


def valid_repeats(value: Any) -> None:
    if not isinstance(value, list):
        raise ValueError("a list of rows is needed")
    for row in value:
        if row.get("basis") not in Basis.values or row.get("severity") not in Severity.values:
            raise ValueError("a row says what repeats, and of which severity")
        if row.get("proposes") not in FollowUp.values:
            raise ValueError("a row proposes a coaching or a pembinaan")
        number(1, 100)(row.get("count"))
        number(1, 730)(row.get("days"))
        if row["count"] != int(row["count"]):
            raise ValueError(_now("so many violations are a whole number"))
    same = [(row["basis"], row["severity"], row["proposes"]) for row in value]
    if len(set(same)) != len(same):
        raise ValueError(_now("the same step stands there twice"))


def repeat(key: str, basis: Basis, severity: Severity, count: int, days: int, proposes: FollowUp) -> dict[str, Any]:
    return {"key": key, "basis": str(basis), "severity": str(severity), "count": count, "days": days,
            "proposes": str(proposes)}  # fmt: skip


register(
    Definition(
        REPEATS, _("Repeated violations propose a coaching or a pembinaan"), _("steps"), CLAUSE,
        [
            repeat("minor", Basis.RULE, Severity.MINOR, 3, 30, FollowUp.COACHING),
            repeat("moderate", Basis.RULE, Severity.MODERATE, 2, 30, FollowUp.COACHING),
            repeat("many", Basis.SEVERITY, Severity.MODERATE, 4, 90, FollowUp.PEMBINAAN),
            repeat("major", Basis.SEVERITY, Severity.MAJOR, 2, 180, FollowUp.PEMBINAAN),
        ],
        valid_repeats,
        columns=(
            Column("basis", _("What repeats"), choices=Basis.choices),
            Column("severity", _("Severity"), choices=Severity.choices),
            Column("count", _("Upheld violations")),
            Column("days", _("Within days")),
            Column("proposes", _("Proposes"), choices=FollowUp.choices),
        ),
    )
)  # fmt: skip

register_rule(
    key=ANSWER,
    clause=CLAUSE,
    title=gettext_noop("Answer to the violation of %(subject)s"),
    label=_("Reminders and escalation for answers to violations"),
    owner_role=Role.AGENT,
    ladder=[
        step("day_before", StepKind.REMIND, "due", -24, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.TEAM_LEADER),
    ],
)
register_rule(
    key=DECIDE,
    clause=CLAUSE,
    title=gettext_noop("Decision on the violation of %(subject)s"),
    label=_("Reminders and escalation for decisions on violations"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("answered", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("day_before", StepKind.REMIND, "due", -24, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
    ],
)
register_rule(
    key=PROPOSED,
    clause=CLAUSE,
    title=gettext_noop("Repeated violations of %(subject)s: coaching or pembinaan"),
    label=_("Reminders and escalation for proposals after repeated violations"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("proposed", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
    ],
)
