"""Imported once, when the app is loaded: what registers itself."""

from sdm.training import candidates, documents, finding, jobs, notices, policies, receivers, workflow

__all__ = ["candidates", "documents", "finding", "jobs", "notices", "policies", "receivers", "workflow"]
