"""What is evaluated of whom, by whom and by when: dated policies (MO 4.1.4, 2.1.2).

The manual gives no weights and no days: these are what an installation begins with, to be set by the operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Role
from occ.policies.registry import Column, Definition, number, register
from sdm.evaluating.choices import COMPONENTS, JUDGED_KEYS, LABELS, SCORERS

CLAUSE = "MO 4.1.4"
CARDS = "sdm.evaluating.components"
SUPERIORS = "sdm.evaluating.superiors"
LEAST_KNOWN = "sdm.evaluating.least_known"
LEAST_PAID = "sdm.evaluating.least_paid_by"
SCORE_DAY = "sdm.evaluating.scores.day"
REPORT_DAY = "sdm.evaluating.report.day"
APPROVE_DAY = "sdm.evaluating.approval.day"
AGAIN_DAYS = "sdm.evaluating.again.days"
TELL_DAYS = "sdm.evaluating.telling.days"
VALIDATE_DAYS = "sdm.evaluating.validation.days"
PAY_DAYS = "sdm.evaluating.payment.days"
REPORT, APPROVE = "sdm.evaluating.report", "sdm.evaluating.approval"
VALIDATE, PAY = "sdm.evaluating.validation", "sdm.evaluating.payment"
EVERYBODY = "*"  # a position: all that no other row names


def scores_rule(role: str) -> str:
    """The rule by which that role's superiors score; each role is reminded by a ladder of its own."""
    return f"sdm.evaluating.scores.{role}"


def telling_rule(role: str) -> str:
    return f"sdm.evaluating.telling.{role}"


def positions_of(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def row_for(rows: Iterable[dict[str, Any]], position: str) -> list[dict[str, Any]]:
    """The rows that name the position, else those for everybody else."""
    rows, wanted = list(rows), position.strip().casefold()
    named = [one for one in rows if wanted in [name.casefold() for name in positions_of(one["positions"])]]
    return named or [one for one in rows if EVERYBODY in positions_of(one["positions"])]


def valid_cards(value: Any) -> None:
    if not isinstance(value, list) or not value:
        raise ValueError(_now("there is at least one component"))
    seen = set()
    for row in value:
        if row.get("component") not in LABELS:
            raise ValueError(_now("a component is one that OCC knows"))
        if not positions_of(row.get("positions", "")):
            raise ValueError(_now("each row names its positions, or * for all others"))
        number(0.001, 1_000)(row.get("weight"))
        for end in ("zero", "full"):
            number(-100_000, 100_000)(row.get(end))
        if row["zero"] == row["full"]:
            raise ValueError(_now("0 and 100 points cannot lie at the same value"))
        if row["component"] in JUDGED_KEYS and (row["zero"], row["full"]) != (0, 100):
            raise ValueError(_now("what the superior judges goes from 0 to 100"))
        for position in positions_of(row["positions"]):
            key = (position.casefold(), row["component"])
            if key in seen:
                raise ValueError(_now("a component stands there twice for the same position"))
            seen.add(key)


def valid_superiors(value: Any) -> None:
    if not isinstance(value, list) or not value:
        raise ValueError(_now("somebody scores"))
    seen: set[str] = set()
    for row in value:
        names = [one.casefold() for one in positions_of(row.get("positions", ""))]
        if row.get("role") not in [str(one) for one in SCORERS] or not names or seen & set(names):
            raise ValueError(_now("each position has one superior"))
        seen |= set(names)


def card(key: str, positions: str, component: str, weight: float, zero: float, full: float) -> dict[str, Any]:
    return {"key": key, "positions": positions, "component": component, "weight": weight, "zero": zero, "full": full}


AGENTS = "Agent, Agent Verifikator"
register(
    Definition(
        CARDS, _("What the monthly evaluation is made of"), _("components"), CLAUSE,
        [
            card("qm", AGENTS, "coaching.qm", 30, 70, 95),
            card("attendance", AGENTS, "realtime.attendance", 20, 85, 100),
            card("login", AGENTS, "realtime.login_accuracy", 10, 80, 100),
            card("adherence", AGENTS, "realtime.adherence", 15, 75, 95),
            card("rotg", AGENTS, "realtime.rotg", 10, 4, 0),
            card("attitude", AGENTS, "judged.attitude", 15, 0, 100),
            card("tl-leading", "Team Leader", "judged.leading", 40, 0, 100),
            card("tl-work", "Team Leader", "judged.work", 30, 0, 100),
            card("tl-reports", "Team Leader", "judged.reporting", 15, 0, 100),
            card("tl-attendance", "Team Leader", "realtime.attendance", 15, 85, 100),
            card("qc-work", "Quality Control, RTFM", "judged.work", 60, 0, 100),
            card("qc-reports", "Quality Control, RTFM", "judged.reporting", 25, 0, 100),
            card("qc-discipline", "Quality Control, RTFM", "judged.discipline", 15, 0, 100),
        ],
        valid_cards,
        columns=(
            Column("positions", _("Positions"), longest=160),
            Column("component", _("Component"), choices=COMPONENTS),  # type: ignore[arg-type]
            Column("weight", _("Weight")),
            Column("zero", _("0 points at")),
            Column("full", _("100 points at")),
        ),
    )
)  # fmt: skip
register(
    Definition(
        SUPERIORS, _("Who scores whom in the monthly evaluation"), _("positions"), "MO 4.1.4, 2.1.2",
        [
            {"key": "agents", "positions": AGENTS, "role": str(Role.TEAM_LEADER)},
            {"key": "qc", "positions": "Quality Control", "role": str(Role.QUALITY_ASSURANCE)},
            {"key": "leads", "positions": "Koordinator, Quality Assurance", "role": str(Role.MANAGER)},
            {"key": "manager", "positions": "Operation Manager", "role": str(Role.HEAD_MANAGER)},
            {"key": "others", "positions": EVERYBODY, "role": str(Role.COORDINATOR)},
        ],
        valid_superiors,
        columns=(
            Column("positions", _("Positions"), longest=160),
            Column("role", _("Scored by"), choices=[(str(one), one.label) for one in SCORERS]),
        ),
    )
)  # fmt: skip
for key, label, unit, default, least, most in (
    (LEAST_KNOWN, _("An evaluation has a total if this share of its weight is known"), _("percent"), 50, 1, 100),
    (
        LEAST_PAID,
        _("An incentive has an amount if this share of what it is paid by is known"),
        _("percent"),
        50,
        1,
        100,
    ),
    (SCORE_DAY, _("Superiors have scored by this day of the next month"), _("day of the month"), 3, 1, 28),
    (
        REPORT_DAY,
        _("The report of the evaluation is made by this day of the next month"),
        _("day of the month"),
        5,
        1,
        28,
    ),
    (APPROVE_DAY, _("The evaluation is approved by this day of the next month"), _("day of the month"), 7, 1, 28),
    (AGAIN_DAYS, _("What went back, or came late, is done again within"), _("days"), 2, 1, 30),
    (TELL_DAYS, _("Each is told the evaluation and signs after its distribution within"), _("days"), 5, 1, 30),
    (VALIDATE_DAYS, _("Central performance validates after the distribution within"), _("days"), 3, 1, 30),
    (PAY_DAYS, _("The incentive is paid after the validation within"), _("days"), 5, 1, 60),
):
    register(Definition(key, label, unit, CLAUSE, default, number(least, most)))


def ladder(role: str, above: str) -> list[dict[str, Any]]:
    return [
        step("begun", StepKind.REMIND, "start", 0, role),
        step("day_before", StepKind.REMIND, "due", -24, role),
        step("breach", StepKind.BREACH, "due", 0, above),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER if above != Role.MANAGER else Role.HEAD_MANAGER),
    ]


for scorer in SCORERS:
    above = Role.COORDINATOR if scorer == Role.TEAM_LEADER else Role.MANAGER
    above = Role.HEAD_MANAGER if scorer in (Role.MANAGER, Role.HEAD_MANAGER) else above
    register_rule(
        key=scores_rule(scorer), clause=CLAUSE, title=gettext_noop("Scores of the monthly evaluation: %(subject)s"),
        label=format_lazy("{} ({})", _("Reminders and escalation for the monthly scores"), scorer.label),
        owner_role=scorer, ladder=ladder(scorer, above),
    )  # fmt: skip
    register_rule(
        key=telling_rule(scorer), clause=CLAUSE, title=gettext_noop("Evaluations told and signed: %(subject)s"),
        label=format_lazy("{} ({})", _("Reminders and escalation for telling the evaluation"), scorer.label),
        owner_role=scorer, ladder=ladder(scorer, above),
    )  # fmt: skip
for rule, title, words, owner, over in (
    (REPORT, gettext_noop("Report of the monthly evaluation %(subject)s"),
     _("Reminders and escalation for the report of the monthly evaluation"), Role.QUALITY_ASSURANCE, Role.MANAGER),
    (APPROVE, gettext_noop("Approval of the monthly evaluation %(subject)s"),
     _("Reminders and escalation for the approval of the monthly evaluation"), Role.MANAGER, Role.HEAD_MANAGER),
    (VALIDATE, gettext_noop("Validation of the monthly evaluation %(subject)s"),
     _("Reminders and escalation for the validation of the monthly evaluation"), Role.HEAD_MANAGER, Role.HEAD_MANAGER),
    (PAY, gettext_noop("Incentive of the monthly evaluation %(subject)s"),
     _("Reminders and escalation for the payment of incentives"), Role.HR_PAYROLL, Role.MANAGER),
):  # fmt: skip
    register_rule(key=rule, clause=CLAUSE, title=title, label=words, owner_role=owner, ladder=ladder(owner, over))
