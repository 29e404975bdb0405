"""The roster (RTM-1, RTM-2): shifts, versions of a month, their validation, and who is planned when."""
