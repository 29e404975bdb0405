"""Real-time management (SOP-RTM). Not built yet: the package holds its place in the import contracts."""
