"""Imported once, when the app is loaded: what registers itself."""

from sdm.discipline import conditions, documents, finding, notices, policies, receivers, workflow

__all__ = ["conditions", "documents", "finding", "notices", "policies", "receivers", "workflow"]
