"""One round of the floor: what has arrived is worked in, and what follows from it computed."""

from __future__ import annotations

from datetime import datetime

from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work


def floor_once(*, now: datetime) -> int:
    """How many arrivals were worked in."""
    did = arrivals_work(now=now)
    intervals_compute(now=now)
    return did
