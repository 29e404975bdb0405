"""What a person's joining, moving and leaving mean for the logbook; runs inside the transaction that says so."""

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from occ.people.actors import LIFECYCLE, Actor
from occ.people.lifecycle import Place, joined, leaving, moved, stayed
from occ.people.models import Person
from userids.models import DeactivationRequest
from userids.notices import tell_of_move
from userids.services import deactivations
from userids.workflow import DEACTIVATION

CANCEL = DEACTIVATION.find("cancel")


@receiver(leaving, dispatch_uid="userids.leaving")
def open_deactivations(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    deactivations.deactivations_open(person=person, actor=actor, now=now)
    deactivations.resignation_follow(person=person, actor=actor, now=now)


@receiver(stayed, dispatch_uid="userids.stayed")
def cancel_deactivations(sender: Any, person: Person, note: str, actor: Actor, now: datetime, **kwargs: Any) -> None:
    """Whoever withdrew it over there: where that is not Support, the request is cancelled as what follows from it."""
    for found in DeactivationRequest.objects.filter(person=person).open().select_related("site"):
        by = actor if CANCEL.open_to(actor, found.site) else LIFECYCLE
        why = _("The person stays: %(why)s") % {"why": note}
        deactivations.deactivation_cancel(request_id=found.pk, note=why, actor=by, now=now)
    deactivations.resignation_end(person=person, withdrawn=True, note=note, actor=actor, now=now)


@receiver(joined, dispatch_uid="userids.joined")
def end_resignation(sender: Any, person: Person, returned: bool, actor: Actor, now: datetime, **kwargs: Any) -> None:
    if returned:
        deactivations.resignation_end(person=person, withdrawn=False, note=_("Came back"), actor=actor, now=now)


@receiver(moved, dispatch_uid="userids.moved")
def follow_move(
    sender: Any, person: Person, previous: Place, on: date, actor: Actor, now: datetime, **kwargs: Any
) -> None:
    deactivations.deactivations_follow_move(person=person, actor=actor, now=now)
    if previous.site != person.site:
        tell_of_move(person, previous, on, now=now)
