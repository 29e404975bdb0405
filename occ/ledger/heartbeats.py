"""Beat tasks leave a heartbeat each time they run to the end; pages and /healthz ask whether one is missing."""

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest

from occ.ledger.models import Heartbeat

# Beat's jobs and how long each may be silent before that is an alert.
EXPECTED = {
    "sweep": timedelta(minutes=3),
    "lifecycle": timedelta(minutes=5),
    "connect": timedelta(minutes=5),
    "reconcile": timedelta(minutes=5),
    "transfers": timedelta(minutes=5),
    "leaves": timedelta(minutes=45),
    "signatures": timedelta(minutes=45),
    "deliver": timedelta(minutes=3),
    "seal": timedelta(minutes=10),
    "retention_batches": timedelta(minutes=5),
    "retention_checks": timedelta(hours=2),
}


def expect(name: str, limit: timedelta) -> None:
    """A job of a module: how long it may be silent."""
    EXPECTED[name] = limit


def leave(name: str, *, now: datetime, did: int, parked: int = 0) -> None:
    """Record that the job ended. A clock that went back does not make the heartbeat older."""
    row, created = Heartbeat.objects.get_or_create(name=name, defaults={"at": now, "did": did, "parked": parked})
    if not created:
        Heartbeat.objects.filter(pk=row.pk).update(at=Greatest(F("at"), now), did=did, parked=parked)


def silent(*, now: datetime) -> list[str]:
    """The jobs that should have run by now and did not."""
    last = dict(Heartbeat.objects.values_list("name", "at"))
    return [name for name, limit in EXPECTED.items() if name not in last or now - last[name] > limit]
