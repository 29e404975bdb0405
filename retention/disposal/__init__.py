"""Destruction as it is shown: forms, filters, exports, whose turn it is. What it does is in services."""
