"""The one sweep: climbs the ladders of whatever is due now, whenever "now" is.

Each obligation has a transaction of its own: two sweeps at once skip each other's rows (SKIP LOCKED, and the row is
asked again after the lock), a killed one leaves the row as it was, and a bad row is parked while its fellows go on.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from occ.obligations.climbing import climb
from occ.obligations.models import EventKind, Obligation, ObligationEvent

logger = logging.getLogger(__name__)
BATCH = 500


@dataclass
class Swept:
    """How many obligations had steps taken, how many steps, how many rows were parked."""

    obligations: int = 0
    steps: int = 0
    parked: int = 0


def sweep(*, now: datetime) -> Swept:
    swept, seen = Swept(), -1
    while swept.obligations + swept.parked != seen:
        seen = swept.obligations + swept.parked
        due = Obligation.objects.due_for_sweep(now).order_by("next_at", "pk").values_list("pk", flat=True)[:BATCH]
        for pk in list(due):
            try:
                steps = sweep_one(pk, now=now)
            except (OperationalError, InterfaceError):  # the database, not the row: the next sweep takes it up
                raise
            except Exception as error:  # parked with its error and shown; never stops the others
                logger.exception("obligation %s parked", pk)
                park(pk, error, now=now)
                swept.parked += 1
            else:
                swept.obligations += steps is not None
                swept.steps += steps or 0
    return swept


@transaction.atomic
def sweep_one(pk: int, *, now: datetime) -> int | None:
    """Steps taken; None when the row was taken care of, or is being, by somebody else."""
    rows = Obligation.objects.due_for_sweep(now).select_for_update(skip_locked=True, no_key=True, of=("self",))
    obligation = rows.select_related("site", "team").filter(pk=pk).first()
    return None if obligation is None else len(climb(obligation, now=now))


@transaction.atomic
def park(pk: int, error: Exception, *, now: datetime) -> None:
    said = f"{error.__class__.__name__}: {error}"
    obligation = Obligation.objects.select_for_update(no_key=True).get(pk=pk)
    obligation.parked_at, obligation.error = now, said
    obligation.save(update_fields=["parked_at", "error"])
    ObligationEvent.objects.create(
        obligation=obligation, kind=EventKind.PARKED, at=now, due_at=obligation.due_at, data={"error": said}
    )
