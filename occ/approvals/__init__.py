"""Who approved what: the hash of the frozen list, the decision, the person, the time. Never changed, never removed."""
