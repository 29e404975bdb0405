"""By when each lane does its step (MO 4.1.1 names none: the days are the house's and are set here), and how long
candidates who are not taken on are kept (UU 27/2022 art. 16, 43-44: no longer than what it is for)."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Role
from occ.policies.registry import Definition, number, register
from sdm.recruiting.choices import RequestStatus as R

CLAUSE = "MO 4.1.1"
KEPT = "sdm.candidates.kept_days"
FULFIL = "sdm.recruiting.fulfil"
# State -> the rule of who brings it on, the policy of its days, who, default, title, label of ladder and policy.
STEPS = (
    (R.REQUESTED, "verify", Role.HR_RECRUITMENT, 2, gettext_noop("Verify the requirement: %(subject)s"),
     _("A requirement is verified within")),
    (R.REVISION, "revise", Role.COORDINATOR, 3, gettext_noop("Revise the request: %(subject)s"),
     _("A request is revised within")),
    (R.SCHEME, "scheme", Role.HR_PAYROLL, 3, gettext_noop("Check the salary scheme: %(subject)s"),
     _("A salary scheme is checked within")),
    (R.LISTED, "list", Role.COORDINATOR, 2, gettext_noop("Approve the list of candidates: %(subject)s"),
     _("A list of candidates is approved within")),
    (R.LIST_APPROVED, "final", Role.COORDINATOR, 1, gettext_noop("Send the final participants: %(subject)s"),
     _("The final participants are sent within")),
    (R.CONTRACTING, "contracts", Role.HR_RELATIONS, 5, gettext_noop("Contracts and ID cards: %(subject)s"),
     _("Contracts and ID cards are made and signed within")),
    (R.HIRED, "bapp", Role.HR_RECRUITMENT, 2, gettext_noop("Make the BAPP: %(subject)s"),
     _("The BAPP is made within")),
    (R.BAPP, "receive", Role.COORDINATOR, 3, gettext_noop("Receive the BAPP: %(subject)s"),
     _("The BAPP is received within")),
)  # fmt: skip
RULES: dict[str, tuple[str, str]] = {}

for state, name, owner, days, title, label in STEPS:
    key = f"sdm.recruiting.{name}"
    RULES[state] = (key, f"{key}.days")
    register(Definition(f"{key}.days", label, _("days"), CLAUSE, days, number(0, 90)))
    register_rule(
        key=key, clause=CLAUSE, title=title, label=format_lazy(_("Reminders and escalation: {what}"), what=label),
        owner_role=owner,
        ladder=[
            step("begun", StepKind.REMIND, "start", 0, owner),
            step("day_before", StepKind.REMIND, "due", -24, owner),
            step("breach", StepKind.BREACH, "due", 0, owner),
            step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
        ],
    )  # fmt: skip

# From the approved scheme to the people at work: the day that the Form JO names.
register_rule(
    key=FULFIL, clause=CLAUSE, title=gettext_noop("Fulfil the request: %(subject)s"),
    label=_("Reminders and escalation for people who are needed by a day"), owner_role=Role.HR_RECRUITMENT,
    ladder=[
        step("14d_before", StepKind.REMIND, "due", -336, Role.HR_RECRUITMENT),
        step("3d_before", StepKind.REMIND, "due", -72, Role.HR_RECRUITMENT),
        step("breach", StepKind.BREACH, "due", 0, Role.HR_RECRUITMENT),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
)  # fmt: skip
register(
    Definition(
        KEPT, _("Candidates who are not taken on are anonymised after"), _("days"), "UU 27/2022 ps. 16, 43-44", 180,
        number(1, 730),
    )
)  # fmt: skip
