"""Imported once, when the app is loaded: what registers itself."""

from realtime.rotg import figures, notices, policies, turns, workflow

__all__ = ["figures", "notices", "policies", "turns", "workflow"]
