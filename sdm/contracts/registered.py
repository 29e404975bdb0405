"""Imported once, when the app is loaded: what registers itself."""

from sdm.contracts import documents, finding, jobs, panels, policies, receivers, turns, workflow
from sdm.views import compensations, contracts, renewals

__all__ = [
    "compensations",
    "contracts",
    "documents",
    "finding",
    "jobs",
    "panels",
    "policies",
    "receivers",
    "renewals",
    "turns",
    "workflow",
]
