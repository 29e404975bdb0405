"""Every change of the logbook goes through here; page, API, task and command call the same functions."""
