"""What a person's leaving, or a breach, means for the logbook; runs inside the transaction that says so."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from occ.obligations.models import Obligation
from occ.obligations.services import breached
from occ.people.actors import Actor
from occ.people.lifecycle import leaving, left, stayed
from occ.people.models import Person
from userids.models import DeactivationRequest
from userids.policies import DEACTIVATE
from userids.services import accounts, breach_reviews, deactivations


@receiver(leaving, dispatch_uid="userids.leaving")
def open_deactivations(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    deactivations.deactivations_open(person=person, actor=actor, now=now)


@receiver(stayed, dispatch_uid="userids.stayed")
def cancel_deactivations(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    mine = DeactivationRequest.objects.filter(person=person).open().of_leavers()
    for pk in mine.values_list("pk", flat=True):
        deactivations.deactivation_cancel(request_id=pk, note=_("The person stays."), actor=actor, now=now)


@receiver(left, dispatch_uid="userids.left")
def end_suspensions(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    accounts.suspended_end(person=person, actor=actor, now=now)


@receiver(breached, dispatch_uid="userids.breached")
def open_review(sender: Any, obligation: Obligation, now: datetime, **kwargs: Any) -> None:
    if obligation.rule == DEACTIVATE:
        request = obligation.subject
        assert isinstance(request, DeactivationRequest)
        breach_reviews.review_open(request=request, cause=obligation.cause, now=now)
