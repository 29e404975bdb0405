"""People, from request to exit (MO 2.1, 4.1). Not built yet: the package holds its place in the import contracts."""
