"""The numbers of SOP-UID as dated policies, and the deactivation rule with its ladder (UID-5)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from userids.choices import OTHER_REASONS, DeactivationReason

DEACTIVATE = "userids.deactivate"
WITHIN = "userids.deactivate.hours"
QUARANTINE = "userids.replace.quarantine_days"
REVIEW_BREACH = "userids.breach_review"
REVIEW_WITHIN = "userids.breach_review.hours"
CORRECTIVE_ACTION = "userids.corrective_action"
ANSWER_REVIEW = "userids.access_review"
ACCESS_REVIEW_DAYS = "userids.access_review.days"
ENFORCED_BEFORE = "userids.enforce.minutes_before"
GIVE = "userids.give"
GIVE_WITHIN = "userids.give.hours"
BACKDATED = "userids.deactivate.backdated_minutes"


def within_policy(reason: str) -> str:
    """The policy that says in how many hours an ID is shut for that reason; leavers have one for all of theirs."""
    return f"{WITHIN}.{reason}" if reason in OTHER_REASONS else WITHIN


register_policy(
    Definition(WITHIN, _("A leaver's user ID is shut within"), _("hours"), "SOP-UID 5.1", 24, number(0.25, 8_760))
)
register_policy(
    Definition(QUARANTINE, _("An ID rests before its next holder"), _("days"), "SOP-UID 8.2", 0, number(0, 3_650))
)
register_policy(
    Definition(REVIEW_WITHIN, _("A breach is reviewed within"), _("hours"), "SOP-UID 8.3", 72, number(1, 8_760))
)
register_policy(
    Definition(
        ACCESS_REVIEW_DAYS, _("Team leaders answer the quarterly access review within"), _("days"), "SOP-UID 7.1", 14,
        number(1, 80),
    )
)  # fmt: skip
register_policy(
    Definition(
        BACKDATED, _("“Inactive since” is taken without a file when it lies before the confirmation by at most"),
        _("minutes"), "SOP-UID 8.1", 60, number(0, 1_440),
    )
)  # fmt: skip
for reason, label, hours in (
    (DeactivationReason.TRANSFER, _("User ID of somebody who is transferred: shut within"), 24),
    (DeactivationReason.LONG_LEAVE, _("User ID of somebody on long leave: suspended within"), 24),
    (DeactivationReason.DISCIPLINE, _("User ID under a disciplinary measure: shut within"), 1),
    (DeactivationReason.DORMANT, _("User ID that is not used: shut within"), 72),
    (DeactivationReason.ACCESS_REVIEW, _("User ID revoked in an access review: shut within"), 24),
):
    register_policy(Definition(within_policy(reason), label, _("hours"), "SOP-UID 7.1", hours, number(0.25, 8_760)))
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
register(
    key=REVIEW_BREACH,
    clause="SOP-UID 8.3",
    title=gettext_noop("Review the breach of user ID %(subject)s"),
    label=_("Reminders and escalation for reviewing a breach"),
    owner_role=Role.COORDINATOR,
    ladder=[
        step("24h_before", StepKind.REMIND, "due", -24, Role.COORDINATOR),
        step("breach", StepKind.BREACH, "due", 0, Role.MANAGER),
        step("72h_after", StepKind.ESCALATE, "due", 72, Role.HEAD_MANAGER),
    ],
)
register(
    key=CORRECTIVE_ACTION,
    clause="SOP-UID 8.3",
    title=gettext_noop("Corrective action after the breach of user ID %(subject)s"),
    label=_("Reminders and escalation for corrective actions"),
    owner_role=Role.COORDINATOR,
    ladder=[
        step("48h_before", StepKind.REMIND, "due", -48, Role.COORDINATOR),
        step("breach", StepKind.BREACH, "due", 0, Role.MANAGER),
        step("72h_after", StepKind.ESCALATE, "due", 72, Role.HEAD_MANAGER),
    ],
)
register(
    key=ANSWER_REVIEW,
    clause="SOP-UID 7.1",
    title=gettext_noop("Answer the access review %(subject)s"),
    label=_("Reminders and escalation for the quarterly access review"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("opened", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("72h_before", StepKind.REMIND, "due", -72, Role.TEAM_LEADER),
        step("24h_before", StepKind.REMIND, "due", -24, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("72h_after", StepKind.ESCALATE, "due", 72, Role.MANAGER),
    ],
)
register_policy(
    Definition(
        GIVE_WITHIN, _("A new employee has a user ID, counted from the beginning of the first day, within"), _("hours"),
        "SOP-UID 5.3", 24, number(0, 720),
    )
)  # fmt: skip
register(
    key=GIVE,
    clause="SOP-UID 5.3",
    title=gettext_noop("A user ID for %(subject)s"),
    label=_("Reminders and escalation for a new employee's user ID"),
    owner_role=Role.SUPPORT,
    ladder=[
        step("requested", StepKind.REMIND, "start", 0, Role.SUPPORT),
        step("24h_before", StepKind.REMIND, "due", -24, Role.SUPPORT),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
    ],
    moves=True,
)
