"""How OCC reaches the applications whose user IDs it keeps (UID-10): `userids.services.applications.connected`."""
