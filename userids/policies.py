"""The numbers of SOP-UID as dated policies, and the deactivation rule with its ladder (UID-5)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy

DEACTIVATE = "userids.deactivate"
WITHIN = "userids.deactivate.hours"
QUARANTINE = "userids.replace.quarantine_days"
ENFORCED_BEFORE = "userids.enforce.minutes_before"

register_policy(
    Definition(WITHIN, _("A leaver's user ID is shut within"), _("hours"), "SOP-UID 5.1", 24, number(0.25, 8_760))
)
register_policy(
    Definition(QUARANTINE, _("An ID rests before its next holder"), _("days"), "SOP-UID 8.2", 0, number(0, 3_650))
)
register_policy(
    Definition(
        ENFORCED_BEFORE,
        _("Where the connector deactivates by itself, it begins before the due time by"),
        _("minutes"),
        "SOP-UID 5.1",
        0,
        number(0, 720),
    )
)
register(
    key=DEACTIVATE,
    clause="SOP-UID 5.1",
    title=gettext_noop("Deactivate user ID %(subject)s"),
    label=_("Reminders and escalation for shutting a leaver's user ID"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("requested", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("12h_before", StepKind.REMIND, "due", -12, Role.TEAM_LEADER),
        step("2h_before", StepKind.REMIND, "due", -2, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
)
