"""Chat and recording retention (SOP-RET). Not built yet: the package holds its place in the import contracts."""
