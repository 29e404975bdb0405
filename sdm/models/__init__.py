"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.evaluating import (
    Evaluation,
    EvaluationPeriod,
    EvaluationResult,
    EvaluationSheet,
    IncentiveScheme,
    PayrollLine,
    PayrollRun,
)
from sdm.models.leaving import ClearanceItem, ExitInterview, Leaving
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement

__all__ = ["ClearanceItem", "Employee", "EmployeeQuerySet", "Employment", "ExitInterview", "Leaving", "Placement"]
__all__ += [
    "Evaluation", "EvaluationPeriod", "EvaluationResult", "EvaluationSheet", "IncentiveScheme", "PayrollLine",
    "PayrollRun",
]  # fmt: skip
