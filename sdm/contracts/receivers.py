"""What changed contracts, a move, a leaving and its withdrawal mean for renewals and compensations; within it."""

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver

from occ.people.actors import Actor
from occ.people.lifecycle import leaving, left, moved, stayed
from occ.people.models import Person
from sdm.contracts.changes import changed, going
from sdm.services import compensation_corrections, contract_registration, contract_renewals, contract_wages


@receiver([changed, leaving, stayed], dispatch_uid="sdm.contracts")
def follow(sender: Any, person: Person, now: datetime, **kwargs: Any) -> None:
    contract_renewals.renewals_follow(person=person, now=now)
    contract_wages.compensations_follow(person=person, now=now)


@receiver(moved, dispatch_uid="sdm.contracts.moved")
def go_along(sender: Any, person: Person, on: date, actor: Actor, now: datetime, **kwargs: Any) -> None:
    contract_renewals.renewals_follow_move(person=person, actor=actor, now=now)
    contract_wages.compensations_follow_move(person=person, actor=actor, now=now)
    compensation_corrections.corrections_follow_move(person=person, actor=actor, now=now)
    contract_registration.registrations_follow_move(person=person, on=on, actor=actor, now=now)


@receiver(going, dispatch_uid="sdm.contracts.going")
def take_back(sender: Any, person: Person, last: date, now: datetime, **kwargs: Any) -> None:
    contract_renewals.renewals_left(person=person, last=last, now=now)


@receiver(left, dispatch_uid="sdm.contracts.left")
def gone(sender: Any, person: Person, now: datetime, **kwargs: Any) -> None:
    follow(sender, person=person, now=now)
