"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.absence import LeaveQuerySet, LeaveRequest, led_people
from sdm.models.leaving import ClearanceItem, ExitInterview, Leaving
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement

__all__ = [
    "ClearanceItem",
    "Employee",
    "EmployeeQuerySet",
    "Employment",
    "ExitInterview",
    "LeaveQuerySet",
    "LeaveRequest",
    "Leaving",
    "Placement",
    "led_people",
]
