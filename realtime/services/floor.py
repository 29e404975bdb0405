"""One round of the floor: what has arrived is worked in, and what follows from it computed."""

from __future__ import annotations

from datetime import datetime, timedelta

from occ.ledger import heartbeats
from occ.ledger.models import Heartbeat
from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work

PROCESS = "floor_process"  # its sign of life; nothing waits for it: while it is away beat does its work


def process_lives(*, now: datetime) -> bool:
    return Heartbeat.objects.filter(name=PROCESS, at__gt=now - timedelta(minutes=1)).exists()


def process_beats(*, now: datetime, did: int) -> None:
    heartbeats.leave(PROCESS, now=now, did=did)


def floor_once(*, now: datetime) -> int:
    """How many arrivals were worked in."""
    did = arrivals_work(now=now)
    intervals_compute(now=now)
    return did
