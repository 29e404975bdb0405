"""Who has left trains no more; in the transaction that says so."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.people.lifecycle import left
from occ.people.models import Person
from sdm.services import training


@receiver(left, dispatch_uid="sdm.training.left")
def lapse(sender: Any, person: Person, now: datetime, **sent: Any) -> None:
    training.participants_lapse(person=person, now=now)
