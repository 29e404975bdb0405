"""What leaving asks for, as dated policies: when interview and handing back are due, and what is on the list."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Column, Definition, number
from occ.policies.registry import register as register_policy

INTERVIEW = "sdm.exit_interview"
CLEARANCE = "sdm.clearance"
INTERVIEW_DAYS = "sdm.exit_interview.days_before"
CLEARANCE_DAYS = "sdm.clearance.days_after"
ITEMS = "sdm.clearance.items"
# The manual names the ID card (4.1.1) and headset with adapter (2.3 C); the rest is what no floor goes without.
FIRST_ITEMS = [
    {"key": "id_card", "label": gettext_noop("ID card")},
    {"key": "headset", "label": gettext_noop("Headset and adapter")},
    {"key": "locker", "label": gettext_noop("Locker key and access to the building")},
    {"key": "customer_data", "label": gettext_noop("No customer data kept on own devices or paper")},
]


def valid_items(value: Any) -> None:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and {"key", "label"} == one.keys() for one in value
    ):
        raise ValueError("a list of {key, label} is needed")
    keys = [one["key"] for one in value]
    if len(set(keys)) != len(keys) or not all(isinstance(one, str) and 0 < len(one) <= 40 for one in keys):
        raise ValueError("each key is a word of its own, at most 40 characters")
    if not all(isinstance(one["label"], str) and 0 < len(one["label"]) <= 120 for one in value):
        raise ValueError("each label has at most 120 characters")


register_policy(
    Definition(
        INTERVIEW_DAYS, _("The exit interview is held before the last working day"), _("days"), "MO 4.1.3", 1,
        number(0, 90),
    )
)  # fmt: skip
register_policy(
    Definition(
        CLEARANCE_DAYS, _("Things are handed back after the last working day at the latest"), _("days"), "MO 4.1.3", 0,
        number(0, 90),
    )
)  # fmt: skip
register_policy(
    Definition(
        ITEMS,
        _("The clearance list of a leaver"),
        _("items"),
        "MO 4.1.3",
        FIRST_ITEMS,
        valid_items,
        columns=[Column("label", _("What is handed back or settled"), longest=120)],
    )
)
register(
    key=INTERVIEW,
    clause="MO 4.1.3",
    title=gettext_noop("Exit interview with %(subject)s"),
    label=_("Reminders and escalation for the exit interview"),
    owner_role=Role.HR_RELATIONS,
    ladder=[
        step("recorded", StepKind.REMIND, "start", 0, Role.HR_RELATIONS),
        step("3d_before", StepKind.REMIND, "due", -72, Role.HR_RELATIONS),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_RELATIONS),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
)
register(
    key=CLEARANCE,
    clause="MO 4.1.3",
    title=gettext_noop("Things handed back by %(subject)s"),
    label=_("Reminders and escalation for what a leaver hands back"),
    owner_role=Role.HR_RELATIONS,
    ladder=[
        step("1d_before", StepKind.REMIND, "due", -24, Role.HR_RELATIONS),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_RELATIONS),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
    ],
)
