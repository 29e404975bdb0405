"""What a person's leaving means for the logbook; runs inside the transaction that says so."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from occ.people.actors import Actor
from occ.people.lifecycle import leaving, stayed
from occ.people.models import Person
from userids.models import DeactivationRequest
from userids.services import deactivations


@receiver(leaving, dispatch_uid="userids.leaving")
def open_deactivations(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    deactivations.deactivations_open(person=person, actor=actor, now=now)


@receiver(stayed, dispatch_uid="userids.stayed")
def cancel_deactivations(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    for pk in DeactivationRequest.objects.filter(person=person).open().values_list("pk", flat=True):
        deactivations.deactivation_cancel(request_id=pk, note=_("The person stays."), actor=actor, now=now)
