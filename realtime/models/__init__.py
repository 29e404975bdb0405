"""The tables: events as they came, what agents and customers did, quarters of an hour, the roster."""

from realtime.models.attendance import AttendanceMark, Headcount, ShiftCorrection, ShiftRecord
from realtime.models.events import SOURCE_READERS, Arrival, Event, Source
from realtime.models.floor import AgentNow, AgentSegment, Interaction
from realtime.models.intervals import FORMULA, Interval, StaffInterval, Stale
from realtime.models.recovery import FLOOR_READERS, Alert, PlanAction, RecoveryPlan
from realtime.models.roster import ROSTER_READERS, Roster, RosterLine, Shift
from realtime.models.rotg import (
    ROTG_READERS,
    RULE_READERS,
    FloorWalk,
    RotgProposal,
    Rule,
    RuleVersion,
    Violation,
    WalkLine,
)

__all__ = [
    "FLOOR_READERS", "FORMULA", "ROSTER_READERS", "ROTG_READERS", "RULE_READERS", "SOURCE_READERS", "AgentNow",
    "AgentSegment", "Alert", "Arrival", "AttendanceMark", "Event", "FloorWalk", "Headcount", "Interaction",
    "Interval", "PlanAction", "RecoveryPlan", "Roster", "RosterLine", "RotgProposal", "Rule", "RuleVersion", "Shift",
    "ShiftCorrection", "ShiftRecord", "Source", "StaffInterval", "Stale", "Violation", "WalkLine",
]  # fmt: skip
