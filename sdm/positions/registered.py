"""Imported once, when the app is loaded: what registers itself."""

from sdm.positions import figures, policies
from sdm.views import plan, positions

__all__ = ["figures", "plan", "policies", "positions"]
