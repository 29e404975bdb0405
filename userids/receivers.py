"""What joining, moving and leaving mean for the logbook, and a breach; runs inside the transaction that says so."""

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_noop

from occ.obligations.climbing import breached
from occ.obligations.models import Obligation
from occ.people.actors import LIFECYCLE, Actor
from occ.people.lifecycle import Place, joined, leaving, left, moved, stayed
from occ.people.models import Person
from occ.people.shifts import shifts_changed
from occ.texts import kept
from occ.times import local_day
from sdm.recruiting.training import candidate_hired
from userids.models import Account, Assignment, DeactivationRequest, IdRequest
from userids.notices import tell_of_move, tell_of_stay
from userids.policies import DEACTIVATE
from userids.services import accounts, breach_reviews, deactivations, id_requests, replacements


@receiver(leaving, dispatch_uid="userids.leaving")
def open_deactivations(
    sender: Any, person: Person, previous: date | None, actor: Actor, now: datetime, **kwargs: Any
) -> None:
    deactivations.deactivations_open(person=person, previous=previous, actor=actor, now=now)
    deactivations.resignation_follow(person=person, actor=actor, now=now)
    id_requests.requests_end(person=person, note=kept(gettext_noop("Leaves")), now=now)


@receiver(stayed, dispatch_uid="userids.stayed")
def cancel_deactivations(sender: Any, person: Person, note: str, actor: Actor, now: datetime, **kwargs: Any) -> None:
    """Whoever withdrew it over there: where that is not Support, the request is cancelled as what follows from it."""
    why = kept(gettext_noop("The person stays: %(why)s"), why=note)
    deactivations.deactivations_end(person=person, note=why, actor=actor, now=now)
    replacements.replacements_end(person=person, note=why, now=now)
    deactivations.resignation_end(person=person, withdrawn=True, note=note, actor=actor, now=now)
    if shut := deactivations.shut_already(person):
        said = kept(gettext_noop("Stays, and was shut already: %(ids)s"), ids=", ".join(one.user_id for one in shut))
        first_day = local_day(now, person.site.zone)
        id_requests.id_request_open(person=person, first_day=first_day, note=said, actor=actor, now=now)
        tell_of_stay(person, shut, now=now)
    id_requests.request_again(person=person, actor=actor, now=now)


@receiver(joined, dispatch_uid="userids.joined")
def end_resignation(
    sender: Any, person: Person, on: date, returned: bool, actor: Actor, now: datetime, **kwargs: Any
) -> None:
    if returned:
        why = kept(gettext_noop("Came back"))
        deactivations.deactivations_end(person=person, note=why, returned=True, actor=LIFECYCLE, now=now)
        deactivations.resignation_end(person=person, withdrawn=False, note=why, actor=actor, now=now)
        if IdRequest.objects.filter(person=person).exists() or Assignment.objects.filter(person=person).exists():
            id_requests.id_request_open(person=person, first_day=on, note=why, actor=actor, now=now)


@receiver(candidate_hired, dispatch_uid="userids.hired")
def request_id(sender: Any, person: Person, on: date, actor: Actor, now: datetime, **kwargs: Any) -> None:
    """Recruitment hires somebody (MO 4.1.1). Who is imported or entered by hand has an ID already, or is asked for."""
    id_requests.id_request_open(person=person, first_day=on, actor=actor, now=now)


@receiver(accounts.assigned, dispatch_uid="userids.assigned")
def id_is_given(sender: Any, account: Account, person: Person, now: datetime, **kwargs: Any) -> None:
    id_requests.requests_follow(account=account, person=person, now=now)


@receiver(moved, dispatch_uid="userids.moved")
def follow_move(
    sender: Any, person: Person, previous: Place, on: date, actor: Actor, now: datetime, **kwargs: Any
) -> None:
    deactivations.deactivations_follow_move(person=person, actor=actor, now=now)
    id_requests.requests_follow_move(person=person, actor=actor, now=now)
    if previous.site != person.site:
        tell_of_move(person, previous, on, now=now)


@receiver(left, dispatch_uid="userids.left")
def end_suspensions(sender: Any, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    accounts.suspended_end(person=person, actor=actor, now=now)


@receiver(breached, dispatch_uid="userids.breached")
def open_review(sender: Any, obligation: Obligation, now: datetime, **kwargs: Any) -> None:
    if obligation.rule == DEACTIVATE:
        request = obligation.subject
        assert isinstance(request, DeactivationRequest)
        breach_reviews.review_open(request=request, cause=obligation.cause, now=now)


@receiver(shifts_changed, dispatch_uid="userids.shifts_changed")
def follow_shifts(sender: Any, days: set[tuple[int, date]], actor: Actor, now: datetime, **kwargs: Any) -> None:
    """Of all these days only leavers' last ones matter."""
    people = {person_id for person_id, _day in days}
    leavers = Person.objects.filter(pk__in=people, last_working_day__isnull=False).order_by("pk")
    for person_id, day in leavers.values_list("pk", "last_working_day"):
        if day is not None and (person_id, day) in days:
            deactivations.deactivations_follow_shift(person_id=person_id, day=day, actor=actor, now=now)
