"""How long a request stood at each step: a pure function of its history."""

from collections.abc import Iterable
from datetime import datetime, timedelta


def time_in_steps(
    reached: Iterable[tuple[str, datetime]], *, now: datetime, final: Iterable[str] = ()
) -> dict[str, timedelta]:
    """`reached`: state and when it was entered, in order. Who came back to a state stood there twice; the last one is
    still running until `now`, unless it is final."""
    steps, ends = list(reached), set(final)
    found: dict[str, timedelta] = {}
    for i, (state, since) in enumerate(steps):
        if i + 1 < len(steps):
            until = steps[i + 1][1]
        elif state in ends:
            continue
        else:
            until = now
        found[state] = found.get(state, timedelta()) + max(timedelta(), until - since)
    return found
