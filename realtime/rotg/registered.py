"""Imported once, when the app is loaded: what registers itself."""

from realtime.rotg import figures, finding, notices, pembinaan, policies, turns, workflow

__all__ = ["figures", "finding", "notices", "pembinaan", "policies", "turns", "workflow"]
