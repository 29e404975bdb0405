"""Real-time management (SOP-RTM): roster, the live floor, service figures, and recovery by plan.

events (kept as they came) -> segments and interactions -> intervals -> figures, board, alerts. Everything right of the
events is derived, and `manage.py rebuild` makes it anew.
"""
