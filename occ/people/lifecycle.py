"""Leaving, stayed, left: what happens to a person, told to every module inside the transaction.

A receiver that fails undoes the change: a leaver whose user IDs could not be taken up is not a leaver yet.
`leaving` is sent when a last working day is set or moved, `stayed` when that is withdrawn, `left` once the day is over.
"""

from datetime import date, datetime

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.ledger.services import record
from occ.people.actors import BEAT, Actor
from occ.people.choices import LeavingReason
from occ.people.models import Person
from occ.times import local_day

# Each sends: person, actor, now; `leaving` also the previous last working day (None the first time).
leaving = Signal()
stayed = Signal()
left = Signal()


@transaction.atomic
def person_leave(
    *, person_id: int, last_working_day: date, reason: LeavingReason, actor: Actor, now: datetime
) -> Person:
    """Set or move the last working day. Raises Invalid when it lies before the person joined."""
    person = Person.objects.select_for_update(of=("self",)).select_related("site").get(pk=person_id)
    if last_working_day < person.joined_on:
        raise Invalid(
            _("The last working day lies before the day %(name)s joined.") % {"name": person.name},
            field="last_working_day",
        )
    previous = person.last_working_day
    person.last_working_day, person.leaving_reason, person.left_announced = last_working_day, reason, False
    person.save(update_fields=["last_working_day", "leaving_reason", "left_announced"])
    data = {"last_working_day": last_working_day, "was": previous, "reason": reason}
    record(actor=actor, action="person.leaving", subject=person, data=data, now=now, site=person.site)
    leaving.send(Person, person=person, previous=previous, actor=actor, now=now)
    return person


@transaction.atomic
def person_stay(*, person_id: int, note: str, actor: Actor, now: datetime) -> Person:
    """Withdraw the leaving. Raises WrongState when nobody was leaving."""
    person = Person.objects.select_for_update(of=("self",)).select_related("site").get(pk=person_id)
    if person.last_working_day is None:
        raise WrongState(_("%(name)s is not leaving.") % {"name": person.name})
    was = person.last_working_day
    person.last_working_day, person.leaving_reason, person.left_announced = None, "", False
    person.save(update_fields=["last_working_day", "leaving_reason", "left_announced"])
    record(
        actor=actor, action="person.stayed", subject=person, data={"was": was, "note": note}, now=now, site=person.site
    )
    stayed.send(Person, person=person, actor=actor, now=now)
    return person


def announce_left(*, now: datetime) -> int:
    """Send `left` for everybody whose last working day is over, each in a transaction of its own."""
    count = 0
    due = Person.objects.filter(left_announced=False, last_working_day__lte=now.date()).values_list("pk", flat=True)
    for pk in list(due):
        with transaction.atomic():
            rows = Person.objects.select_for_update(of=("self",), skip_locked=True).select_related("site")
            person = rows.filter(pk=pk).first()
            if person is None or person.left_announced or person.last_working_day is None:
                continue
            if person.last_working_day >= local_day(now, person.site.zone):
                continue
            person.left_announced = True
            person.save(update_fields=["left_announced"])
            record(actor=BEAT, action="person.left", subject=person, data={}, now=now, site=person.site)
            left.send(Person, person=person, actor=BEAT, now=now)
            count += 1
    return count
