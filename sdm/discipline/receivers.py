"""What moving, staying after all and having left mean for open cases; in the transaction that says so."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.people.actors import Actor
from occ.people.lifecycle import left, moved, stayed
from occ.people.models import Person
from sdm.services import discipline


@receiver(moved, dispatch_uid="sdm.discipline.moved")
def go_along(sender: Any, person: Person, actor: Actor, now: datetime, **sent: Any) -> None:
    discipline.cases_follow_move(person=person, actor=actor, now=now)


@receiver(stayed, dispatch_uid="sdm.discipline.stayed")
def decide_again(sender: Any, person: Person, now: datetime, **sent: Any) -> None:
    discipline.cases_stay(person=person, now=now)


@receiver(left, dispatch_uid="sdm.discipline.left")
def lapse(sender: Any, person: Person, now: datetime, **sent: Any) -> None:
    discipline.cases_lapse(person=person, now=now)
