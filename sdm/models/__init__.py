"""The tables. A new area has a file of its own here; its names are gathered below."""

from sdm.models.discipline import CaseEntry, DisciplineCase, Warning
from sdm.models.leaving import ClearanceItem, ExitInterview, Leaving
from sdm.models.people import Employee, EmployeeQuerySet, Employment, Placement
from sdm.models.training import (
    TRAINING_READERS,
    Participant,
    RecordingSample,
    StageRun,
    TrainingBatch,
    TrainingResult,
)

__all__ = [
    "TRAINING_READERS",
    "CaseEntry",
    "ClearanceItem",
    "DisciplineCase",
    "Employee",
    "EmployeeQuerySet",
    "Employment",
    "ExitInterview",
    "Leaving",
    "Participant",
    "Placement",
    "RecordingSample",
    "StageRun",
    "TrainingBatch",
    "TrainingResult",
    "Warning",
]  # fmt: skip
