"""Recruitment, from the request with its Form JO to the BAPP (SDM-3; MO 4.1.1)."""
