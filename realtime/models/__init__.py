"""The tables: events as they came, what agents and customers did, quarters of an hour, the roster."""

from realtime.models.events import SOURCE_READERS, Arrival, Event, Source
from realtime.models.floor import AgentNow, AgentSegment, Interaction
from realtime.models.intervals import FORMULA, Interval, StaffInterval, Stale
from realtime.models.roster import ROSTER_READERS, Roster, RosterLine, Shift

__all__ = [
    "FORMULA", "ROSTER_READERS", "SOURCE_READERS", "AgentNow", "AgentSegment", "Arrival", "Event", "Interaction",
    "Interval", "Roster", "RosterLine", "Shift", "Source", "StaffInterval", "Stale",
]  # fmt: skip
