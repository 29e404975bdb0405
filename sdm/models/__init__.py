"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.absence import LeaveQuerySet, LeaveRequest, led_people
from sdm.models.contracts import Compensation, CompensationCorrection, Renewal, Wage
from sdm.models.discipline import CaseEntry, DisciplineCase, WarningLetter
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
from sdm.models.past_evaluations import PastEvaluation
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement
from sdm.models.positions import POSITION_READERS, PlanLine, Position, PositionVersion
from sdm.models.recruiting import Candidate, Criterion, Recruitment, SchemeCheck
from sdm.models.training import TRAINING_READERS, Participant, RecordingSample, StageRun, TrainingBatch, TrainingResult

__all__ = [
    "POSITION_READERS",
    "TRAINING_READERS",
    "Candidate",
    "CaseEntry",
    "ClearanceItem",
    "Compensation",
    "CompensationCorrection",
    "Criterion",
    "DisciplineCase",
    "Employee",
    "EmployeeQuerySet",
    "Employment",
    "Evaluation",
    "EvaluationPeriod",
    "EvaluationResult",
    "EvaluationSheet",
    "ExitInterview",
    "IncentiveScheme",
    "LeaveQuerySet",
    "LeaveRequest",
    "Leaving",
    "Participant",
    "PastEvaluation",
    "PayrollLine",
    "PayrollRun",
    "Placement",
    "PlanLine",
    "Position",
    "PositionVersion",
    "RecordingSample",
    "Recruitment",
    "Renewal",
    "SchemeCheck",
    "StageRun",
    "TrainingBatch",
    "TrainingResult",
    "Wage",
    "WarningLetter",
    "led_people",
]
