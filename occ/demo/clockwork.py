"""The beat of the demo's past: what falls due between two deeds is told at its own time, as if somebody had watched."""

from datetime import datetime

from django.db.models import Min

from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep


def until(when: datetime) -> datetime:
    """Climb every ladder up to `when`, each step at the instant at which it came; returns `when`, for the deed of then.

    Within a story the deeds follow one another in time; what other stories have left open stays open meanwhile.
    """
    while True:
        due = Obligation.objects.open().filter(parked_at=None).aggregate(first=Min("next_at"))["first"]
        if due is None or due > when:
            return when
        sweep(now=due)
