"""The procedure's numbers as dated policies, and what somebody owes by when. Periods of keeping: models.Schedule."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy

BACKED_UP = "retention.backed_up"
ANSWER = "retention.client_answer"
PAPERS = "retention.papers_destroyed"
FINDING_SETTLED = "retention.finding_settled"
GATHER_DAYS = "retention.gather.days_before"
ESCALATE_DAYS = "retention.escalate.days_before"
START_DAYS = "retention.start.days_before"
DRILL_DAYS = "retention.drill.days"
DRILL_LATE_DAYS = "retention.drill.late_days"
FIXITY_DAYS = "retention.fixity.days"
COOLING_DAYS = "retention.cooling.days"
ANSWER_DAYS = "retention.answer.days"
PROBE_DAYS = "retention.probe.days"
PAPER_DAYS = "retention.paper.days"
FINDING_HOURS = "retention.finding.hours"
HOLD_NOTICE_DAYS = "retention.hold.notice_days"
FOLLOW_HOURS = "retention.follow.hours"

for key, label, unit, clause, default, least, most in (
    (GATHER_DAYS, _("Batches gather before their first record reaches its age"), _("days"), "SOP-RET 8.1", 60, 1, 360),
    (
        ESCALATE_DAYS,
        _("A batch that no team leader has escalated by then goes to Team IT"),
        _("days before it is due"),
        "SOP-RET 8.1",
        30,
        1,
        360,
    ),
    (
        START_DAYS,
        _("A batch that Team IT has not started by then starts by itself"),
        _("days before it is due"),
        "SOP-RET 8.1",
        14,
        1,
        360,
    ),
    (DRILL_DAYS, _("A restore drill is made every"), _("days"), "SOP-RET 7", 30, 1, 180),
    (DRILL_LATE_DAYS, _("A restore drill is missing after"), _("days"), "SOP-RET 7", 40, 2, 365),
    (FIXITY_DAYS, _("Each package is read and compared at least every"), _("days"), "SOP-RET 7", 90, 1, 365),
    (COOLING_DAYS, _("Between approval and destruction it can be called back for"), _("days"), "SOP-RET 5.3", 7, 0, 90),
    (ANSWER_DAYS, _("The client is asked for an answer within"), _("days"), "SOP-RET 5.3", 14, 1, 180),
    (PROBE_DAYS, _("After a destruction its absence is looked for again after"), _("days"), "SOP-RET 5.5", 7, 1, 90),
    (
        PAPER_DAYS,
        _("Papers are destroyed by hand once the deletion is started, within"),
        _("days"),
        "SOP-RET 5.5",
        7,
        1,
        90,
    ),
    (FINDING_HOURS, _("A damaged or missing backup is settled within"), _("hours"), "SOP-RET 7", 24, 1, 720),
    (
        FOLLOW_HOURS,
        _("A file that changes before its backup is followed, after its conversation ended or was catalogued, for"),
        _("hours"),
        "SOP-RET 5.1",
        48,  # a source is scanned daily: the next scan after the first look is in time
        0,
        720,
    ),
    (HOLD_NOTICE_DAYS, _("Before a legal hold ends, people are told"), _("days"), "SOP-RET 5.3", 7, 1, 90),
):
    register_policy(Definition(key, label, unit, clause, default, number(least, most)))

register(
    key=BACKED_UP,
    clause="SOP-RET 5.1",
    title=gettext_noop("Backup of %(subject)s"),
    label=_("Reminders and escalation for backups"),
    owner_role=Role.IT,
    ladder=[
        step("30d_before", StepKind.REMIND, "due", -720, Role.TEAM_LEADER),
        step("14d_before", StepKind.REMIND, "due", -336, Role.IT),
        step("3d_before", StepKind.REMIND, "due", -72, Role.IT),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
)
register(
    key=ANSWER,
    clause="SOP-RET 5.3",
    title=gettext_noop("Answer of the client to %(subject)s"),
    label=_("Reminders and escalation for the client's answer"),
    owner_role=Role.CLIENT,
    ladder=[
        step("put", StepKind.REMIND, "start", 0, Role.CLIENT),
        step("7d_before", StepKind.REMIND, "due", -168, Role.CLIENT),
        step("2d_before", StepKind.REMIND, "due", -48, Role.CLIENT),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("7d_after", StepKind.ESCALATE, "due", 168, Role.MANAGER),
    ],
)
register(
    key=PAPERS,
    clause="SOP-RET 5.5",
    title=gettext_noop("Destruction by hand of the papers of %(subject)s"),
    label=_("Reminders and escalation for papers to be destroyed by hand"),
    owner_role=Role.IT,
    ladder=[
        step("begun", StepKind.REMIND, "start", 0, Role.IT),
        step("2d_before", StepKind.REMIND, "due", -48, Role.DOCUMENT_CONTROL),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("7d_after", StepKind.ESCALATE, "due", 168, Role.MANAGER),
    ],
)
register(
    key=FINDING_SETTLED,
    clause="SOP-RET 7",
    title=gettext_noop("Settling of %(subject)s"),
    label=_("Reminders and escalation for damaged or missing backups"),
    owner_role=Role.IT,
    ladder=[
        step("found", StepKind.REMIND, "start", 0, Role.IT),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.MANAGER),
    ],
)
