"""The tables: events as they came, what agents and customers did, quarters of an hour, the roster."""

from realtime.models.checks import RosterCheck
from realtime.models.events import SOURCE_READERS, Arrival, Event, Source
from realtime.models.floor import AgentNow, AgentSegment, Interaction
from realtime.models.intervals import FORMULA, Interval, StaffInterval, Stale
from realtime.models.recovery import FLOOR_READERS, Alert, PlanAction, RecoveryPlan
from realtime.models.roster import ROSTER_READERS, Roster, RosterLine, Shift
from realtime.models.swaps import CalendarFeed, ShiftSwap

__all__ = [
    "FLOOR_READERS", "FORMULA", "ROSTER_READERS", "SOURCE_READERS", "AgentNow", "AgentSegment", "Alert", "Arrival",
    "CalendarFeed", "Event", "Interaction", "Interval", "PlanAction", "RecoveryPlan", "Roster", "RosterCheck",
    "RosterLine", "Shift", "ShiftSwap", "Source", "StaffInterval", "Stale",
]  # fmt: skip
