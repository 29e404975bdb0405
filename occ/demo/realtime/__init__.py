"""The demo's floor: rosters, some days of calls and cases, alerts and recovery plans; and what the simulator needs."""
