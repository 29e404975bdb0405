"""What changed contracts, a leaving and its withdrawal mean for renewals and compensations; in the same transaction."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.people.lifecycle import leaving, left, stayed
from occ.people.models import Person
from sdm.contracts.changes import changed
from sdm.services import contract_renewals, contract_wages


@receiver([changed, leaving, stayed], dispatch_uid="sdm.contracts")
def follow(sender: Any, person: Person, now: datetime, **kwargs: Any) -> None:
    contract_renewals.renewals_follow(person=person, now=now)
    contract_wages.compensations_follow(person=person, now=now)


@receiver(left, dispatch_uid="sdm.contracts.left")
def gone(sender: Any, person: Person, now: datetime, **kwargs: Any) -> None:
    contract_renewals.renewals_left(person=person, now=now)
    follow(sender, person=person, now=now)
