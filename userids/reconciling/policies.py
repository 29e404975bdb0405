"""By when a finding is dealt with, by whom, and the numbers of a run, as dated policies."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from userids.choices import FindingKind as K

DORMANT_DAYS = "userids.reconcile.dormant_days"
SHRINK = "userids.reconcile.shrink_percent"
SURGE = "userids.reconcile.surge_percent"
EVERY = "userids.reconcile.every_hours"
# kind -> who deals with it, and within how many hours unless a policy says otherwise
KINDS: dict[str, tuple[Role, float]] = {
    K.ACTIVITY_AFTER_LAST_DAY: (Role.IT, 4),
    K.ACTIVE_AFTER_LEAVING: (Role.TEAM_LEADER, 4),
    K.UNKNOWN: (Role.DOCUMENT_CONTROL, 24),
    K.ACTIVE_IN_APPLICATION: (Role.TEAM_LEADER, 24),
    K.MISSING: (Role.DOCUMENT_CONTROL, 72),
    K.INACTIVE_IN_APPLICATION: (Role.DOCUMENT_CONTROL, 72),
    K.HOLDER_DIFFERS: (Role.TEAM_LEADER, 72),
    K.TWO_IDS: (Role.TEAM_LEADER, 168),
    K.EMAIL_DIFFERS: (Role.DOCUMENT_CONTROL, 168),
    K.DORMANT: (Role.TEAM_LEADER, 168),
}
CLAUSES = {K.ACTIVITY_AFTER_LAST_DAY: "SOP-UID 5.1", K.ACTIVE_AFTER_LEAVING: "SOP-UID 5.1"}
RULE: dict[str, str] = {
    str(role): f"userids.finding.{role}" for role in (Role.TEAM_LEADER, Role.DOCUMENT_CONTROL, Role.IT)
}
LABELS = {
    Role.TEAM_LEADER: _("Reminders and escalation for findings of the team leader"),
    Role.DOCUMENT_CONTROL: _("Reminders and escalation for findings of Document Control"),
    Role.IT: _("Reminders and escalation for findings of Team IT"),
}


def hours_policy(kind: str) -> str:
    return f"userids.finding.{kind}.hours"


def hours_label(kind: str) -> "str | Promise":
    return format_lazy(_("Finding “{kind}”: dealt with within"), kind=K(kind).label)


for kind, (_role, hours) in KINDS.items():
    register_policy(
        Definition(
            hours_policy(kind),
            hours_label(kind),
            _("hours"),
            CLAUSES.get(K(kind), "SOP-UID 5.3"),
            hours,
            number(0, 8_760),
        )
    )
register_policy(
    Definition(
        DORMANT_DAYS,
        _("A user ID counts as unused without a log-in for"),
        _("days"),
        "SOP-UID 5.3",
        30,
        number(1, 3_650),
    )
)
register_policy(
    Definition(
        SHRINK,
        _("A list needs a confirmation when it lacks more of the last one's user IDs than"),
        _("percent"),
        "SOP-UID 5.3",
        50,
        number(0, 100),
    )
)
register_policy(
    Definition(
        SURGE,
        _("A list needs a confirmation when it makes new findings of one kind about more of its active user IDs than"),
        _("percent"),
        "SOP-UID 5.3",
        25,
        number(0, 100),
    )
)
register_policy(
    Definition(
        EVERY, _("An application with a connector is reconciled every"), _("hours"), "SOP-UID 5.3", 24, number(1, 8_760)
    )
)
for role, key in RULE.items():
    # No step at the start: a run tells each owner once what it has found, and not once per finding.
    register(
        key=key,
        clause="SOP-UID 5.3",
        title=gettext_noop("Finding about user ID %(subject)s"),
        label=LABELS[Role(role)],
        owner_role=role,
        ladder=[
            step("owner_2h_before", StepKind.REMIND, "due", -2, role),
            step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
            step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
        ],
    )
