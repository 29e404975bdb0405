"""Seen as a whole (SDM-10): the organisation on a day, who came and went, how long people stay."""
