"""Contracts: the law's numbers, renewal (MO 4.1.5) and compensation at a term's end (SDM-7)."""
