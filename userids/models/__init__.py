"""The tables: the applications, the logbook of their user IDs, what is looked at again, and what was compared."""

from userids.models.applications import (
    APPLICATION_READERS,
    Application,
    ApplicationSecret,
    ConnectorOrder,
    Enforcement,
)
from userids.models.id_requests import IdRequest
from userids.models.logbook import (
    LOGBOOK_READERS,
    OPEN_DEACTIVATION,
    OPEN_REPLACEMENT,
    Account,
    AccountQuerySet,
    Assignment,
    DeactivationQuerySet,
    DeactivationRequest,
    InstantRange,
    ReplacementRequest,
    Resignation,
    time_left,
)
from userids.models.reconciliation import Finding, FindingSighting, Heard, Pull, Reconciliation, RemoteAccount
from userids.models.reviews import AccessReview, AccessReviewItem, AccessReviewPart, BreachReview

__all__ = [
    "APPLICATION_READERS", "LOGBOOK_READERS", "OPEN_DEACTIVATION", "OPEN_REPLACEMENT", "AccessReview",
    "AccessReviewItem", "AccessReviewPart", "Account", "AccountQuerySet", "Application", "ApplicationSecret",
    "Assignment", "BreachReview", "ConnectorOrder", "DeactivationQuerySet", "DeactivationRequest", "Enforcement",
    "Finding", "FindingSighting", "Heard", "IdRequest", "InstantRange", "Pull", "Reconciliation", "RemoteAccount",
    "ReplacementRequest", "Resignation", "time_left",
]  # fmt: skip
