"""Events as sources send them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from occ.people.choices import Role
from realtime.services.ingesting import Taken, events_take
from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work
from tests.factories import NOW, site, user

numbers = count(1)


def event(type_: str, at: datetime, **fields: Any) -> dict[str, Any]:
    made = {"source": "omni", "source_event_id": f"e{next(numbers)}", "type": type_, "occurred_at": at.isoformat()}
    return made | {"site": "JKT"} | fields


@pytest.fixture
def tell(db: None) -> Callable[..., Taken]:
    """Send events and have them worked in."""
    site("JKT")

    def told(*events: Any, now: datetime = NOW, work: bool = True) -> Taken:
        taken = events_take(events=list(events), actor=user(Role.RTFM, None), now=now)
        if work:
            arrivals_work(now=now)
            intervals_compute(now=now)
        return taken

    return told
