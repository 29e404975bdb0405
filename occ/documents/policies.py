"""By when those sign an issued document whom it names, and who hears of it."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import OWNER, StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy

SIGNED = "documents.signed"
SIGN_DAYS = "documents.sign.days"
CLAUSE = "ISO 9001:2015 7.5"

register_policy(
    Definition(
        SIGN_DAYS, _("Who is named in an issued document signs it within"), _("days"), CLAUSE, 7, number(1, 90)
    )
)  # fmt: skip
register(
    key=SIGNED,
    clause=CLAUSE,
    title=gettext_noop("Signature of %(subject)s"),
    label=_("Reminders and escalation for signatures of issued documents"),
    owner_role=Role.DOCUMENT_CONTROL,
    personal=True,
    ladder=[
        step("issued", StepKind.REMIND, "start", 0, OWNER),
        step("2d_before", StepKind.REMIND, "due", -48, OWNER),
        step("1d_before", StepKind.REMIND, "due", -24, Role.DOCUMENT_CONTROL),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("7d_after", StepKind.ESCALATE, "due", 168, Role.MANAGER),
    ],
)
