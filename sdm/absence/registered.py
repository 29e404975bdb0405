"""Imported once, when the app is loaded: what registers itself."""

from sdm.absence import finding, hindering, notices, policies, workflow

__all__ = ["finding", "hindering", "notices", "policies", "workflow"]
