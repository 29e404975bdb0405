"""Systems, service reports and BAST (MO 3, 4.2, 4.3). Not built yet: it holds its place in the import contracts."""
