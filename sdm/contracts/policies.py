"""The law's numbers for contracts as dated policies, each with its article; and what is owed of a contract by when.

PP 35/2021 has no word on a PKWT that follows another after a break. What OCC takes for one chain is a policy too; why
thirty days: docs/decisions/2026-11-29-contract.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Role
from occ.policies.registry import Definition, number, register
from occ.policies.services import Values

CLAUSE = "MO 4.1.5"
MAX_MONTHS = "sdm.pkwt.max_months"
GAP_DAYS = "sdm.pkwt.gap_days"
PKWT_PROBATION = "sdm.pkwt.probation_months"
PKWTT_PROBATION = "sdm.pkwtt.probation_months"
COMPENSATION_FROM = "sdm.pkwt.compensation.from_months"
COMPENSATION_FULL = "sdm.pkwt.compensation.full_months"
COMPENSATION_AHEAD = "sdm.pkwt.compensation.days_before"
REGISTER_DAYS = "sdm.pkwt.registration.working_days"
REMIND_DAYS = "sdm.renewal.days_before"
RENEW = "sdm.renewal"
SIGN = "sdm.renewal.sign"
REGISTER = "sdm.pkwt.registration"
CORRECT, SETTLE, CORRECT_DAYS = "sdm.compensation.correct", "sdm.compensation.settle", "sdm.compensation.correct_days"
COMPENSATE = "sdm.pkwt.compensation"


def whole(least: int, most: int) -> Callable[[Any], None]:
    """A validator: a whole number between these, both included."""
    between = number(least, most)

    def valid(value: Any) -> None:
        between(value)
        if value != int(value):
            raise ValueError(_now("a whole number is needed"))

    return valid


for key, label, unit, clause, default, least, most in (
    (MAX_MONTHS, _("All PKWTs of a chain last at most, extensions included, counted from the first"), _("months"),
     "PP 35/2021 Pasal 8", 60, 1, 120),
    (GAP_DAYS, _("A PKWT begun within so many days after another one belongs to its chain"), _("days"),
     "PP 35/2021 Pasal 8", 30, 0, 3650),
    (PKWT_PROBATION, _("Probation in a PKWT lasts at most"), _("months"), "PP 35/2021 Pasal 12", 0, 0, 3),
    (PKWTT_PROBATION, _("Probation in a PKWTT lasts at most"), _("months"), "UU 13/2003 Pasal 60", 3, 0, 12),
    (COMPENSATION_FROM, _("Compensation at a PKWT's end is owed from a continuous service of"), _("months"),
     "PP 35/2021 Pasal 15", 1, 0, 12),
    (COMPENSATION_FULL, _("Compensation is one month's wage for a PKWT of"), _("months"), "PP 35/2021 Pasal 16", 12, 1,
     60),
    (REGISTER_DAYS, _("A PKWT is registered online after it was signed within"), _("working days"),
     "PP 35/2021 Pasal 14", 3, 1, 30),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, whole(least, most), everywhere=True))
register(
    Definition(
        COMPENSATION_AHEAD, _("Payroll is told of a compensation before the term's end"), _("days"),
        "PP 35/2021 Pasal 15", 14, whole(0, 60),
    )
)  # fmt: skip
register(
    Definition(REMIND_DAYS, _("The renewal of a contract begins before its end"), _("days"), CLAUSE, 90, whole(1, 365))
)

register_rule(
    key=RENEW,
    clause=CLAUSE,
    title=gettext_noop("Contract of %(subject)s: renewed or not"),
    label=_("Reminders and escalation for contracts that end"),
    owner_role=Role.COORDINATOR,
    ladder=[
        # At its beginning, 90 days before, both are told; two reminders of one moment counted from the end are one.
        step("begun", StepKind.REMIND, "start", 0, Role.COORDINATOR),
        step("begun_hr", StepKind.REMIND, "start", 0, Role.HR_RELATIONS),
        step("60d_before", StepKind.REMIND, "due", -60 * 24, Role.COORDINATOR),
        step("30d_before", StepKind.REMIND, "due", -30 * 24, Role.COORDINATOR),
        step("14d_before", StepKind.REMIND, "due", -14 * 24, Role.MANAGER),
        step("7d_before", StepKind.REMIND, "due", -7 * 24, Role.HR_RELATIONS),
        step("breach", StepKind.BREACH, "due", 0, Role.MANAGER),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.HEAD_MANAGER),
    ],
    moves=True,
)
register_rule(
    key=SIGN,
    clause=CLAUSE,
    title=gettext_noop("Extension of %(subject)s: signed before it begins"),
    label=_("Reminders and escalation for extensions to be signed"),
    owner_role=Role.HR_RELATIONS,
    ladder=[
        step("7d_before", StepKind.REMIND, "due", -7 * 24, Role.HR_RELATIONS),
        step("1d_before", StepKind.REMIND, "due", -24, Role.HR_RELATIONS),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_RELATIONS),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
    moves=True,
)
register_rule(
    key=REGISTER,
    clause="PP 35/2021 Pasal 14",
    title=gettext_noop("Registration of the PKWT of %(subject)s"),
    label=_("Reminders and escalation for the registration of PKWTs"),
    owner_role=Role.HR_RELATIONS,
    ladder=[
        step("signed", StepKind.REMIND, "start", 0, Role.HR_RELATIONS),
        step("1d_before", StepKind.REMIND, "due", -24, Role.HR_RELATIONS),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_RELATIONS),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
    moves=True,
)
register(
    Definition(
        CORRECT_DAYS, _("A difference to a paid compensation is approved, and then settled, within"), _("days"),
        "PP 35/2021 Pasal 15", 7, whole(1, 60),
    )
)  # fmt: skip
for key, title, label, owner in (
    (CORRECT, gettext_noop("Approval of a difference to the compensation of %(subject)s"),
     _("Reminders and escalation for differences to be approved"), Role.HR_RELATIONS),
    (SETTLE, gettext_noop("Difference to the compensation of %(subject)s"),
     _("Reminders and escalation for differences to be settled"), Role.HR_PAYROLL),
):  # fmt: skip
    register_rule(
        key=key, clause="PP 35/2021 Pasal 15", title=title, label=label, owner_role=owner, moves=True,
        ladder=[
            step("told", StepKind.REMIND, "start", 0, owner),
            step("1d_before", StepKind.REMIND, "due", -24, owner),
            step("breach", StepKind.BREACH, "due", 0, owner),
            step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
        ],
    )  # fmt: skip
register_rule(
    key=COMPENSATE,
    clause="PP 35/2021 Pasal 15",
    title=gettext_noop("Compensation of %(subject)s at the end of the PKWT"),
    label=_("Reminders and escalation for compensations"),
    owner_role=Role.HR_PAYROLL,
    ladder=[
        step("told", StepKind.REMIND, "start", 0, Role.HR_PAYROLL),
        step("3d_before", StepKind.REMIND, "due", -72, Role.HR_PAYROLL),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_PAYROLL),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.HR_RELATIONS),
    ],
    moves=True,
)


@dataclass(frozen=True)
class Law:
    """The numbers as they hold at one instant."""

    max_months: int
    gap_days: int
    pkwt_probation: int
    pkwtt_probation: int
    from_months: int
    full_months: int
    register_days: int


KEYS = (
    MAX_MONTHS, GAP_DAYS, PKWT_PROBATION, PKWTT_PROBATION, COMPENSATION_FROM, COMPENSATION_FULL, REGISTER_DAYS,
)  # fmt: skip


def law(at: datetime) -> Law:
    """By one query."""
    policy = Values(KEYS, at=at)
    return Law(*(int(policy(key)) for key in KEYS))
