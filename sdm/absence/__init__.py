"""Leave and absence (SDM-9): kinds and their limits by law, what somebody is entitled to on a day, and the flow."""
