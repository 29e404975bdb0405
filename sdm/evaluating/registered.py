"""Imported once, when the app is loaded: what registers itself."""

from sdm.evaluating import attending, documents, finding, jobs, notices, policies, renewing, turns, workflow

__all__ = ["attending", "documents", "finding", "jobs", "notices", "policies", "renewing", "turns", "workflow"]
