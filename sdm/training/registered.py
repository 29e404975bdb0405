"""Imported once, when the app is loaded: what registers itself."""

from sdm.training import documents, finding, jobs, notices, policies, receivers, workflow

__all__ = ["documents", "finding", "jobs", "notices", "policies", "receivers", "workflow"]
