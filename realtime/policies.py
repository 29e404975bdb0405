"""The numbers of SOP-RTM and of MO 1.3, 3.2 as dated policies."""

from typing import Any

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Channel, Role
from occ.policies.registry import Definition, number, register
from realtime.choices import AuxReason, Category, FindingCode

SHORT_ABANDON = "realtime.voice.short_abandon_seconds"
WITHIN = "realtime.voice.service_level_seconds"
SERVICE_LEVEL = "realtime.voice.service_level_percent"
SCR = "realtime.scr_percent"
AHT = "realtime.aht_seconds"
MENU_COUNTS = "realtime.voice.menu_counts"


def response_target(category: str) -> str:
    return f"realtime.response.{category}.target"


def response_limit(category: str) -> str:
    return f"realtime.response.{category}.limit"


for key, label, unit, clause, default, least, most in (
    (SHORT_ABANDON, _("An abandon is a short one below"), _("seconds"), "SOP-RTM 7.1", 5, 0, 60),
    (WITHIN, _("The service level counts calls answered within"), _("seconds"), "SOP-RTM 7.1", 20, 1, 600),
    (SERVICE_LEVEL, _("Service level: so many calls are answered in that time"), _("percent"), "SOP-RTM 7.1", 80, 1,
     100),
    (SCR, _("SCR: so many of the calls offered are answered"), _("percent"), "MO 3.2", 90, 1, 100),
    (AHT, _("AHT: talk and hold of a call take at most"), _("seconds"), "MO 3.2", 450, 1, 7_200),
    (MENU_COUNTS, _("Calls that end in the voice menu count as offered (1) or not (0)"), _("0 or 1"), "MO 3.2", 0, 0,
     1),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, number(least, most)))

RESPONSE = {Category.INFORMATION: (180, 720), Category.REQUEST: (300, 1_200), Category.COMPLAINT: (720, 1_200)}
TARGETS = {
    Category.INFORMATION: _("Response time to information: target"),
    Category.REQUEST: _("Response time to a request: target"),
    Category.COMPLAINT: _("Response time to a complaint: target"),
}
LIMITS = {
    Category.INFORMATION: _("Response time to information: limit"),
    Category.REQUEST: _("Response time to a request: limit"),
    Category.COMPLAINT: _("Response time to a complaint: limit"),
}
for category, (aim, at_most) in RESPONSE.items():
    seconds, clause = _("seconds"), "MO 3.2"
    valid = number(1, 86_400)
    register(Definition(response_target(category), TARGETS[category], seconds, clause, aim, valid))
    register(Definition(response_limit(category), LIMITS[category], seconds, clause, at_most, valid))

# Of how many it is at least that a share or a mean says something.
SMALL_BASE = "realtime.figures.small_base"
register(Definition(SMALL_BASE, _("A figure is marked where it is made of fewer calls, cases or shifts than"),
                    _("count"), "SOP-RTM 7.1", 10, number(1, 1_000)))  # fmt: skip

# The month in the client's terms ------------------------------------------------------------------------------------
SLG_LINK = "realtime.slg.link_percent"
SLG_SYSTEM = "realtime.slg.system_percent"
FREEZE_HOURS = "realtime.month.freeze_hours"
for key, label, unit, clause, default, least, most in (
    (SLG_LINK, _("SLG: links are available at least"), _("percent"), "MO 3.1", 95, 1, 100),
    (SLG_SYSTEM, _("SLG: the Contact Center's systems are available at least"), _("percent"), "MO 3.1", 90, 1, 100),
    (FREEZE_HOURS, _("A month's figures are frozen after its end by"), _("hours"), "MO 3.2", 24, 0, 720),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, number(least, most)))

# Alerts and recovery ------------------------------------------------------------------------------------------------
LEAST_CALLS = "realtime.alert.least_calls"
WINDOW = "realtime.alert.window_minutes"
WAITING = "realtime.alert.waiting"
OLDEST = "realtime.alert.oldest_seconds"
AUX_SHARE = "realtime.alert.aux_percent"
COVER_SHARE = "realtime.alert.cover_percent"
OVERRUN = "realtime.alert.overrun_minutes"
BETTER_MINUTES = "realtime.alert.better_minutes"
QUIET_MINUTES = "realtime.alert.quiet_minutes"
DRAW_UP = "realtime.recovery_plan"
DRAW_UP_MINUTES = "realtime.recovery_plan.minutes"
VERIFY = "realtime.recovery_verify"
VERIFY_HOURS = "realtime.recovery_verify.hours"
for key, label, unit, clause, default, least, most in (
    (LEAST_CALLS, _("A quarter of an hour counts for alerts from so many calls on"), _("calls"), "SOP-RTM 7.1", 5, 1,
     1_000),
    (WINDOW, _("SCR alert where calls are few: the last ones are judged together, of at most"), _("minutes"),
     "SOP-RTM 7.1", 120, 30, 480),
    (WAITING, _("Alert when so many customers wait"), _("customers"), "SOP-RTM 7.1", 5, 1, 10_000),
    (OLDEST, _("Alert when somebody waits longer than"), _("seconds"), "SOP-RTM 7.1", 60, 5, 7_200),
    (AUX_SHARE, _("Alert when so many of the agents are in AUX"), _("percent"), "SOP-RTM 2.4", 30, 1, 100),
    (COVER_SHARE, _("Alert when fewer of the rostered agents are logged in than"), _("percent"), "SOP-RTM 2.3", 90, 1,
     100),
    (OVERRUN, _("Alert when somebody is longer in AUX than allowed by"), _("minutes"), "SOP-RTM 2.4", 5, 0, 240),
    (BETTER_MINUTES, _("An alert is over once it has been better for"), _("minutes"), "SOP-RTM 7.1", 5, 0, 120),
    (QUIET_MINUTES, _("An alert that is over does not come again within"), _("minutes"), "SOP-RTM 7.1", 10, 0, 240),
    (DRAW_UP_MINUTES, _("A missed SCR is answered with a recovery plan within"), _("minutes"), "SOP-RTM 8.2", 30, 1,
     1_440),
    (VERIFY_HOURS, _("A recovery plan that was carried out is verified within"), _("hours"), "SOP-RTM 7.2", 24, 1, 720),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, number(least, most)))
register_rule(
    key=DRAW_UP,
    clause="SOP-RTM 8.2",
    title=gettext_noop("Recovery plan for %(subject)s"),
    label=_("Reminders and escalation for recovery plans"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("missed", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("2h_after", StepKind.ESCALATE, "due", 2, Role.MANAGER),
    ],
)
register_rule(
    key=VERIFY,
    clause="SOP-RTM 7.2",
    title=gettext_noop("Verify the recovery plan %(subject)s"),
    label=_("Reminders and escalation for verifying recovery plans"),
    owner_role=Role.COORDINATOR,
    ladder=[
        step("done", StepKind.REMIND, "start", 0, Role.COORDINATOR),
        step("breach", StepKind.BREACH, "due", 0, Role.MANAGER),
        step("24h_after", StepKind.ESCALATE, "due", 24, Role.HEAD_MANAGER),
    ],
)
# board: what is due of an agent now
GRACE = "realtime.login.grace_minutes"
DROP = "realtime.login.drop_minutes"


def aux_allowance(reason: str) -> str:
    return f"realtime.aux.{reason}.minutes"


register(Definition(GRACE, _("Late or early only beyond"), _("minutes"), "SOP-RTM 7.4", 5, number(0, 60)))
register(Definition(DROP, _("Who is back within this time was cut off and did not log out"), _("minutes"),
                    "SOP-RTM 7.4", 2, number(0, 30)))  # fmt: skip
ALLOWANCES = {
    AuxReason.BREAK: (_("AUX in a shift: break"), 15), AuxReason.MEAL: (_("AUX in a shift: meal"), 60),
    AuxReason.PRAYER: (_("AUX in a shift: prayer"), 20), AuxReason.TOILET: (_("AUX in a shift: toilet"), 15),
    AuxReason.BRIEFING: (_("AUX in a shift: briefing"), 30), AuxReason.COACHING: (_("AUX in a shift: coaching"), 60),
    AuxReason.SYSTEM: (_("AUX in a shift: system trouble"), 480), AuxReason.OTHER: (_("AUX in a shift: other"), 10),
}  # fmt: skip
for aux, (words, minutes) in ALLOWANCES.items():
    register(Definition(aux_allowance(aux), words, _("minutes"), "SOP-RTM 2.4", minutes, number(0, 960)))

# attendance ---------------------------------------------------------------------------------------------------------
FORGOTTEN = "realtime.login.forgotten_minutes"
HEADCOUNT = "realtime.headcount"
HEADCOUNT_MINUTES = "realtime.headcount.minutes"
register(Definition(FORGOTTEN, _("A forgotten log-out is closed after the end of the shift by"), _("minutes"),
                    "SOP-RTM 7.4", 60, number(0, 240)))  # fmt: skip
register(Definition(HEADCOUNT_MINUTES, _("The number of agents of a shift goes to RTFM within"), _("minutes"),
                    "SOP-RTM 7.3", 60, number(5, 480)))  # fmt: skip
register_rule(
    key=HEADCOUNT,
    clause="SOP-RTM 7.3",
    title=gettext_noop("Attendance of shift %(subject)s"),
    label=_("Reminders and escalation for attendance"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("begun", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
    ],
)
# Roster: what it is checked for, and by when it is validated (RTM-2) ------------------------------------------------
REST = "realtime.roster.rest_hours"
WEEK = "realtime.roster.week_hours"
IN_ROW = "realtime.roster.days_in_row"
LEADERS = "realtime.roster.leaders"
SHRINKAGE = "realtime.roster.shrinkage_percent"
COVERED = "realtime.roster.cover_percent"
WEEKS = "realtime.roster.forecast_weeks"
BLOCKING = "realtime.roster.blocking"
VALIDATE = "realtime.roster_validation"
VALIDATE_BY = "realtime.roster_validation.hour"


def skilled(channel: str) -> str:
    return f"realtime.roster.skilled.{channel}"


for key, label, unit, clause, default, least, most in (
    (REST, _("Roster: rest between two shifts"), _("hours"), "SOP-RTM 8.2", 11, 0, 48),
    (WEEK, _("Roster: paid hours in a week"), _("hours"), "SOP-RTM 8.2", 40, 1, 84),
    (IN_ROW, _("Roster: days of work in a row"), _("days"), "SOP-RTM 8.2", 6, 1, 31),
    (LEADERS, _("Roster: team leaders at any time of a shift"), _("people"), "MO 4.3.6", 1, 0, 20),
    (SHRINKAGE, _("Roster: of the rostered time so much is lost"), _("percent"), "SOP-RTM 8.2", 10, 0, 60),
    (COVERED, _("Roster: the cover is short below so much of the need"), _("percent"), "SOP-RTM 8.2", 100, 1, 200),
    (WEEKS, _("Forecast by history: the same weekday of so many weeks"), _("weeks"), "SOP-RTM 8.2", 4, 1, 12),
    (VALIDATE_BY, _("Roster validation: on the day before, until this hour"), _("hour"), "SOP-RTM 8.2", 24, 1, 24),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, number(least, most)))
SKILLED = {
    Channel.VOICE: (_("Roster: agents of a shift for voice"), 1),
    Channel.WHATSAPP: (_("Roster: agents of a shift for WhatsApp"), 0),
    Channel.SOCIAL: (_("Roster: agents of a shift for social media"), 0),
    Channel.EMAIL: (_("Roster: agents of a shift for e-mail"), 0),
    Channel.CHAT: (_("Roster: agents of a shift for live chat"), 0),
    Channel.VIDEO: (_("Roster: agents of a shift for video calls"), 0),
}
for channel, (words, people) in SKILLED.items():
    register(Definition(skilled(channel), words, _("people"), "SOP-RTM 8.2", people, number(0, 1_000)))


def known_codes(value: Any) -> None:
    if not isinstance(value, list) or not set(value) <= set(FindingCode.values):
        raise ValueError(gettext("a choice that is none"))


register(
    Definition(
        BLOCKING, _("Roster: findings that block; the others warn"), "", "SOP-RTM 8.2",
        [str(code) for code in (FindingCode.NOT_PUBLISHED, FindingCode.DOUBLE, FindingCode.LEAVER, FindingCode.USER_ID,
                                FindingCode.LEAVE, FindingCode.REST)],
        known_codes, choices=FindingCode.choices,
    )
)  # fmt: skip
register_rule(
    key=VALIDATE,
    clause="SOP-RTM 8.2",
    title=gettext_noop("Validate the roster %(subject)s"),
    label=_("Reminders and escalation for validating the roster"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("opened", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("4h_before", StepKind.REMIND, "due", -4, Role.WFM),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("8h_after", StepKind.ESCALATE, "due", 8, Role.MANAGER),
    ],
)

# handover -----------------------------------------------------------------------------------------------------------
HAND_OVER = "realtime.handover"
HAND_OVER_MINUTES = "realtime.handover.minutes"
HAND_OVER_EARLY = "realtime.handover.early_minutes"
register(Definition(HAND_OVER_EARLY, _("A shift handover asks why it is signed, where its end is further away than"),
                    _("minutes"), "MO 4.3.6", 30, number(0, 480)))  # fmt: skip
register(Definition(HAND_OVER_MINUTES, _("A shift is taken over after its end within"), _("minutes"), "MO 4.3.6", 30,
                    number(0, 480)))  # fmt: skip
register_rule(
    key=HAND_OVER,
    clause="MO 4.3.6",
    title=gettext_noop("Handover of shift %(subject)s"),
    label=_("Reminders and escalation for shift handovers"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("drawn_up", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
    ],
)
