"""The tables: events as they came, what agents and customers did, quarters of an hour, the roster."""

from realtime.models.attendance import AttendanceMark, Headcount, ShiftCorrection, ShiftRecord
from realtime.models.checks import RosterCheck
from realtime.models.events import SOURCE_READERS, Arrival, Event, Source
from realtime.models.floor import AgentNow, AgentSegment, Interaction
from realtime.models.forecast import Forecast, ForecastDay, ForecastEvaluation
from realtime.models.handover import Handover
from realtime.models.intervals import FORMULA, Correction, Interval, StaffInterval, Stale
from realtime.models.months import MONTH_READERS, MonthRevision, ServiceMonth
from realtime.models.recovery import FLOOR_READERS, Alert, PlanAction, RecoveryPlan
from realtime.models.reports import ReportImport, ReportMapping, ReportWithdrawal
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
from realtime.models.swaps import CalendarFeed, ShiftSwap

__all__ = [
    "FLOOR_READERS", "FORMULA", "MONTH_READERS", "ROSTER_READERS", "ROTG_READERS", "RULE_READERS",
    "SOURCE_READERS", "AgentNow", "AgentSegment", "Alert", "Arrival", "AttendanceMark", "CalendarFeed",
    "Correction", "Event", "FloorWalk", "Forecast", "ForecastDay", "ForecastEvaluation", "Handover", "Headcount",
    "Interaction", "Interval", "MonthRevision", "PlanAction", "RecoveryPlan", "ReportImport", "ReportMapping",
    "ReportWithdrawal", "Roster", "RosterCheck", "RosterLine", "RotgProposal", "Rule", "RuleVersion", "ServiceMonth",
    "Shift", "ShiftCorrection", "ShiftRecord", "ShiftSwap", "Source", "StaffInterval", "Stale", "Violation", "WalkLine",
]  # fmt: skip
