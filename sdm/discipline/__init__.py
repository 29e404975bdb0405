"""Pembinaan SDM (MO 4.1.3; SDM-5): from performance looked at to appreciation, a filed improvement, or SP 1-3.

Read by few: the person, who stands above the person, HR Industrial Relations; nobody else, not even by its number.
What was said stands in `CaseEntry` and `WarningLetter` only; ledger, obligations and inbox name the matter by its
number.
"""
