"""The compliance page: its heat map and the lists behind its figures. What each counts is services.compliance."""
