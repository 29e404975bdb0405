"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.leaving import ClearanceItem, ExitInterview, Leaving
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement
from sdm.models.positions import POSITION_READERS, PlanLine, Position, PositionVersion
from sdm.models.recruiting import Candidate, Criterion, Recruitment, SchemeCheck

__all__ = ["ClearanceItem", "Employee", "EmployeeQuerySet", "Employment", "ExitInterview", "Leaving", "Placement"]
__all__ += ["POSITION_READERS", "PlanLine", "Position", "PositionVersion"]
__all__ += ["Candidate", "Criterion", "Recruitment", "SchemeCheck"]
