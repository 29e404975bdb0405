"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.contracts import Compensation, Renewal, Wage
from sdm.models.leaving import ClearanceItem, ExitInterview, Leaving
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement

__all__ = [
    "ClearanceItem",
    "Compensation",
    "Employee",
    "EmployeeQuerySet",
    "Employment",
    "ExitInterview",
    "Leaving",
    "Placement",
    "Renewal",
    "Wage",
]
