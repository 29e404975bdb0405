"""The words of the floor: what agents and customers do, and what is planned for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """What a source may tell (RTM-4). Another type is kept and parked."""

    AGENT_LOGIN = "agent.login", _("Log-in")
    AGENT_LOGOUT = "agent.logout", _("Log-out")
    AGENT_STATE = "agent.state", _("State")
    AGENT_HEARTBEAT = "agent.heartbeat", _("Sign of life")
    OFFERED = "interaction.offered", _("Offered")
    QUEUED = "interaction.queued", _("Queued")
    ANSWERED = "interaction.answered", _("Answered")
    HOLD = "interaction.hold", _("Put on hold")
    UNHOLD = "interaction.unhold", _("Taken from hold")
    WRAPUP = "interaction.wrapup", _("After-call work")
    COMPLETED = "interaction.completed", _("Completed")
    ABANDONED = "interaction.abandoned", _("Abandoned")
    TRANSFERRED = "interaction.transferred", _("Transferred")
    RECORD = "interaction.record", _("A whole interaction, out of a report")
    CASE_OPENED = "case.opened", _("Case opened")
    CASE_ASSIGNED = "case.assigned", _("Case assigned")
    CASE_ANSWERED = "case.answered", _("Case answered")
    CASE_SUBMITTED = "case.submitted", _("Case submitted")
    CASE_CLOSED = "case.closed", _("Case closed")
    LINK_UP = "link.up", _("Link up")
    LINK_DOWN = "link.down", _("Link down")
    FEED_UP = "feed.up", _("Feed up")
    FEED_DOWN = "feed.down", _("Feed down")
    # Written by OCC itself when an import is taken back; no source may tell it.
    WITHDRAWN = "event.withdrawn", _("Taken back with its import")


class AgentState(models.TextChoices):
    """What an agent does now, as the application says it."""

    AVAILABLE = "available", _("Available")
    BUSY = "busy", _("With a customer")
    HOLD = "hold", _("Customer on hold")
    WRAPUP = "wrapup", _("After-call work")
    AUX = "aux", "AUX"
    OFFLINE = "offline", _("Logged out")
    UNKNOWN = "unknown", _("Unknown")


class Activity(models.TextChoices):
    """What a roster plans for a time."""

    WORK = "work", _("Work")
    BREAK = "break", _("Break")
    MEAL = "meal", _("Meal")
    PRAYER = "prayer", _("Prayer")
    BRIEFING = "briefing", _("Briefing")
    COACHING = "coaching", _("Coaching")
    TRAINING = "training", _("Training")


class AuxReason(models.TextChoices):
    BREAK = "break", _("Break")
    MEAL = "meal", _("Meal")
    PRAYER = "prayer", _("Prayer")
    TOILET = "toilet", _("Toilet")
    BRIEFING = "briefing", _("Briefing")
    COACHING = "coaching", _("Coaching")
    SYSTEM = "system", _("System trouble")
    OTHER = "other", _("Other")


class Outcome(models.TextChoices):
    """How an interaction stands."""

    OPEN = "open", _("Not ended")
    ANSWERED = "answered", _("Answered")
    ABANDONED = "abandoned", _("Abandoned in the queue")
    MENU = "menu", _("Ended in the voice menu")


class Category(models.TextChoices):
    """Of a case (MO 3.2); response time has a target and a limit for each."""

    INFORMATION = "informasi", _("Information")
    REQUEST = "permintaan", _("Request")
    COMPLAINT = "keluhan", _("Complaint")


class Fault(models.TextChoices):
    """What cannot be true of an interaction (RTM-10): it is counted, listed, and its times are in no average."""

    NEGATIVE = "negative", _("A time ends before it begins")
    TOO_LONG = "too_long", _("Longer than can be")
    NO_AGENT = "no_agent", _("Answered by nobody")
    OVERLAP = "overlap", _("The agent was with another customer")
    ZERO = "zero", _("Answered for no time")
    CLOCK = "clock", _("The source's clock is wrong")


class Purpose(models.TextChoices):
    """Why somebody reads what an interaction's events say of a customer."""

    COMPLAINT = "complaint", _("Handling a complaint")
    DISPUTE = "dispute", _("Dispute or investigation")
    FIGURES = "figures", _("Checking a figure")
    AUDIT = "audit", _("Audit")


class RosterStatus(models.TextChoices):
    """Of one version of a month (RTM-1). A published one is revised by the next one that is published."""

    DRAFT = "draft", _("Draft")
    VALIDATED = "validated", _("Validated")
    PUBLISHED = "published", _("Published")
    REVISED = "revised", _("Revised")
    DISCARDED = "discarded", _("Discarded")


class DayKind(models.TextChoices):
    """What a roster says of one person's day."""

    SHIFT = "shift", _("Shift")
    OFF = "off", _("Day off")
    LEAVE = "leave", _("Leave")
    SICK = "sick", _("Sick")
    PERMISSION = "permission", _("Permission")


class AttendanceStatus(models.TextChoices):
    """What became of a rostered day (RTM-6)."""

    AWAITED = "awaited", _("Awaited")
    PRESENT = "present", _("Present")
    LATE = "late", _("Late")
    ABSENT = "absent", _("Did not come")
    UNKNOWN = "unknown", _("Not known")
    PERMISSION = "permission", _("Permission")
    SICK = "sick", _("Sick")
    LEAVE = "leave", _("Leave")
    SWAP = "swap", _("Swapped")


class HeadcountStatus(models.TextChoices):
    """Of "realisasi jumlah agent" (MO 4.3.6)."""

    OPEN = "open", _("To be confirmed")
    HANDED = "handed", _("Handed to RTFM")


class CheckStatus(models.TextChoices):
    """Of the validation of one shift on the day before (RTM-2)."""

    OPEN = "open", _("To be validated")
    SIGNED = "signed", _("Signed off")
    REOPENED = "reopened", _("Changed after the sign-off")
    VOID = "void", _("Nobody works it any more")


class FindingCode(models.TextChoices):
    """What a roster is checked for (RTM-2). Which of them block is a policy, the others warn."""

    NOT_PUBLISHED = "not_published", _("No roster is published")
    MISSING = "missing", _("Not on the roster")
    DOUBLE = "double", _("Two shifts at once")
    LEAVER = "leaver", _("Has left by then")
    USER_ID = "user_id", _("No active user ID")
    LEAVE = "leave", _("On leave")
    REST = "rest", _("Too little rest between shifts")
    HOURS = "hours", _("Too many hours in the week")
    IN_ROW = "in_row", _("Too many days in a row")
    SKILL = "skill", _("Too few for a channel")
    LEADER = "leader", _("No team leader")
    COVER = "cover", _("Cover below the need")


class SwapStatus(models.TextChoices):
    """Of two agents who change shifts."""

    REQUESTED = "requested", _("Asked for")
    ACCEPTED = "accepted", _("The other agent agrees")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("The other agent declines")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Alerts and recovery ------------------------------------------------------------------------------------------------


class AlertKind(models.TextChoices):
    """What is watched on the floor (RTM-13)."""

    SCR = "scr", _("SCR below its target")
    AHT = "aht", _("AHT above its target")
    QUEUE = "queue", _("Customers wait")
    COVER = "cover", _("Fewer agents than rostered")
    AUX = "aux", _("Many agents in AUX")
    OVERRUN = "overrun", _("Longer in AUX than allowed")
    SOURCE = "source", _("A source tells nothing")


class PlanStatus(models.TextChoices):
    DRAFT = "draft", _("Being drawn up")
    RUNNING = "running", _("Being carried out")
    DONE = "done", _("Carried out")
    VERIFIED = "verified", _("Verified")
    CANCELLED = "cancelled", _("Cancelled")


class Cause(models.TextChoices):
    """Why a target was missed (SOP-RTM 6.6)."""

    ATTENDANCE = "attendance", _("Attendance")
    TRAFFIC = "traffic", _("Traffic above the forecast")
    AHT = "aht", "AHT"
    SYSTEM = "system", _("System trouble")
    PROMO = "promo", _("Promotion")
    OTHER = "other", _("Other")


class ActionKind(models.TextChoices):
    """What a recovery plan does about it."""

    CANCEL_AUX = "cancel_aux", _("Call agents back from AUX")
    OVERTIME = "overtime", _("Overtime")
    STANDBY = "standby", _("Call in standby agents")
    MOVE_SKILL = "move_skill", _("Move agents to the channel")
    CALL_BACK = "call_back", _("Call-back message in the queue")
    BROADCAST = "broadcast", _("Broadcast to customers")
    OTHER = "other", _("Other")


# Forecast -----------------------------------------------------------------------------------------------------------


class ForecastOrigin(models.TextChoices):
    """Where a forecast comes from (RTM-3)."""

    MODEL = "model", _("Computed from history")
    IMPORTED = "imported", _("Imported")
    ENTERED = "entered", _("Entered")


class ForecastMethod(models.TextChoices):
    """How it was computed: the last two where too little is known to learn from."""

    MODEL = "model", _("Learnt from history")
    SEASONAL = "seasonal", _("Average of the weekday: the history is too short to learn from")
    AVERAGE = "average", _("Average of all days: the history is shorter than two weeks")


class Period(models.TextChoices):
    DAY = "day", _("Day")
    MONTH = "month", _("Month")


class HandoverStatus(models.TextChoices):
    """Of the note by which one shift hands the floor over to the next (RTM-15)."""

    DRAFT = "draft", _("Being drawn up")
    HANDED = "handed", _("Signed, to be taken over")
    TAKEN = "taken", _("Taken over")
    CANCELLED = "cancelled", _("Cancelled")


# Tata tertib (RTM-9) ------------------------------------------------------------------------------------------


class Severity(models.TextChoices):
    MINOR = "minor", _("Minor")
    MODERATE = "moderate", _("Moderate")
    MAJOR = "major", _("Major")


class WalkStatus(models.TextChoices):
    OPEN = "open", _("Being walked")
    FINISHED = "finished", _("Finished")


class Answer(models.TextChoices):
    """What a floor walk says of a rule."""

    OK = "ok", _("Complied with")
    VIOLATION = "violation", _("Violated")
    NOT_APPLICABLE = "na", _("Not applicable")


class ViolationStatus(models.TextChoices):
    RECORDED = "recorded", _("Waits for the agent's answer")
    ANSWERED = "answered", _("Answered")
    UNANSWERED = "unanswered", _("Not answered in time")
    UPHELD = "upheld", _("Upheld")
    DROPPED = "dropped", _("Dropped")


class FollowUp(models.TextChoices):
    """What repeated violations lead to."""

    COACHING = "coaching", _("Coaching")
    PEMBINAAN = "pembinaan", "Pembinaan"


class Basis(models.TextChoices):
    """What must repeat."""

    RULE = "rule", _("the same rule")
    SEVERITY = "severity", _("any rules of that severity")


class ProposalStatus(models.TextChoices):
    OPEN = "open", _("To be decided")
    ACCEPTED = "agreed", _("Accepted")
    DISMISSED = "dismissed", _("Dismissed")
