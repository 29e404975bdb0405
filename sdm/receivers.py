"""What joining, leaving and staying mean for the records; runs inside the transaction that says so."""

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_noop

from occ.people.actors import Actor
from occ.people.lifecycle import joined, leaving, left, stayed
from occ.people.models import Person
from occ.texts import kept
from sdm.choices import LeavingStatus
from sdm.services import leavings, placements


@receiver(leaving, dispatch_uid="sdm.leaving")
def follow(sender: Any, person: Person, previous: date | None, actor: Actor, now: datetime, **kwargs: Any) -> None:
    leavings.leaving_follow(person=person, previous=previous, actor=actor, now=now)
    placements.last_day_follow(person=person, previous=previous, actor=actor, now=now)


@receiver(stayed, dispatch_uid="sdm.stayed")
def go_on(sender: Any, person: Person, previous: date, note: str, actor: Actor, now: datetime, **kwargs: Any) -> None:
    placements.stint_goes_on(person=person, previous=previous, actor=actor, now=now)
    to = LeavingStatus.WITHDRAWN
    leavings.leaving_ends(person=person, to=to, name="withdraw", note=note, actor=actor, now=now)


@receiver(joined, dispatch_uid="sdm.joined")
def come_back(sender: Any, person: Person, returned: bool, actor: Actor, now: datetime, **kwargs: Any) -> None:
    if returned:
        to, note = LeavingStatus.CLOSED, kept(gettext_noop("Came back before everything was settled"))
        leavings.leaving_ends(person=person, to=to, name="return", note=note, actor=actor, now=now)


@receiver(left, dispatch_uid="sdm.left")
def end(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    placements.stint_end(person=person, actor=actor, now=now)
