"""The tables: events as they came, what agents and customers did, quarters of an hour, the roster."""

from realtime.models.attendance import AttendanceMark, Headcount, ShiftCorrection, ShiftRecord
from realtime.models.events import SOURCE_READERS, Arrival, Event, Source
from realtime.models.floor import AgentNow, AgentSegment, Interaction
from realtime.models.handover import Handover
from realtime.models.intervals import FORMULA, Interval, StaffInterval, Stale
from realtime.models.recovery import FLOOR_READERS, Alert, PlanAction, RecoveryPlan
from realtime.models.roster import ROSTER_READERS, Roster, RosterLine, Shift

__all__ = [
    "FLOOR_READERS", "FORMULA", "ROSTER_READERS", "SOURCE_READERS", "AgentNow", "AgentSegment", "Alert", "Arrival",
    "AttendanceMark", "Event", "Handover", "Headcount", "Interaction", "Interval", "PlanAction", "RecoveryPlan",
    "Roster", "RosterLine", "Shift", "ShiftCorrection", "ShiftRecord", "Source", "StaffInterval", "Stale",
]  # fmt: skip
