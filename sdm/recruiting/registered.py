"""Imported once, when the app is loaded: what registers itself."""

from sdm.recruiting import documents, figures, jobs, policies, turns, workflow
from sdm.views import candidates, recruiting

__all__ = ["candidates", "documents", "figures", "jobs", "policies", "recruiting", "turns", "workflow"]
