"""Imported once, when the app is loaded: what registers itself."""

from sdm.discipline import documents, finding, notices, policies, receivers, workflow

__all__ = ["documents", "finding", "notices", "policies", "receivers", "workflow"]
