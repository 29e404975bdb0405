"""Adherence and conformance, by these names (RTM-7). Percent; None where there is nothing to divide by."""


def share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def adherence_percent(in_ms: int, out_ms: int) -> float | None:
    """Minutes in the right activity / (rostered minutes - neutral and unknown ones)."""
    return share(in_ms, in_ms + out_ms)


def conformance_percent(worked_ms: int, planned_ms: int) -> float | None:
    """Worked / rostered minutes of work; may pass 100 %."""
    return share(worked_ms, planned_ms)
