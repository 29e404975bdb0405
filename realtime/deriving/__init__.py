"""What follows from events: pure functions of all events of one agent or one interaction, in whatever order they came.

agents        segments of one state each
interactions  a call, chat or case from its arrival to its end
"""
