"""The table of personnel of the manual (MO 2.2.A): by site, position and number of people."""

CLAUSE = "MO 2.2.A"
# Site (its name in the manual) -> code of the position -> people.
PERSONNEL: dict[str, dict[str, int]] = {
    "Jakarta": {
        "agent": 45, "verifier": 8, "team_leader": 4, "quality_control": 1, "document_control": 1, "rtfm": 1,
    },
    "Yogyakarta": {"agent": 60, "team_leader": 6, "quality_control": 4, "quality_assurance": 1, "rtfm": 1},
}  # fmt: skip
