"""Coaching and quality (SOP-TL). Not built yet: the package holds its place in the import contracts."""
