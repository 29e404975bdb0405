"""Joined, moved, leaving, stayed, left: what happens to a person, told to every module inside the transaction.

A receiver that fails undoes the change: a leaver whose user IDs could not be taken up is not a leaver yet.
`joined` is sent when somebody is taken on, or again after having left (`returned`); `moved` when site, position or team
change, on the day on which they do; `leaving` when a last working day is set or moved, `stayed` when that is withdrawn,
`left` once the day is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.ledger.services import record
from occ.people.actors import BEAT, Actor
from occ.people.choices import LeavingReason
from occ.people.models import Person, Site, Team
from occ.times import local_day

FARTHEST = timedelta(days=731)  # a last working day later than that is a slip of the year

# Each sends: person, actor, now; and what stands behind it.
joined = Signal()  # on, returned
moved = Signal()  # on, previous (a Place)
leaving = Signal()  # previous: the last working day before (None the first time)
stayed = Signal()  # previous: the last working day that is withdrawn; note
left = Signal()


@dataclass(frozen=True)
class Place:
    """Where somebody works: what `moved` compares."""

    site: Site
    position: str
    team: Team | None


def person_locked(person_id: int) -> Person:
    """The person's row, locked: whatever changes a person takes this lock before any other of theirs.

    Not joined with the site: who waited for the lock while the person moved would find no row that fits the join.
    """
    return Person.objects.select_for_update(no_key=True).get(pk=person_id)


@contextmanager
def person_join(
    *, number: str, name: str, email: str, position: str, site: Site, joined_on: date, actor: Actor, now: datetime
) -> Iterator[Person]:
    """Make a person; the body writes what belongs to them, then every module is told.

    Raises Invalid when somebody has the number already.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                person = Person.objects.create(
                    number=number, name=name, email=email, position=position, site=site, joined_on=joined_on
                )
        except IntegrityError as error:
            raise _number_taken(number) from error
        data = {"number": number, "joined_on": joined_on, "position": position}
        record(actor=actor, action="person.joined", subject=person, data=data, now=now, site=site)
        yield person
        joined.send(Person, person=person, on=joined_on, returned=False, actor=actor, now=now)


def _number_taken(number: str) -> Invalid:
    other = Person.objects.filter(number=number).first()
    if other is None:
        return Invalid(_("This employee cannot be recorded: a value is not possible."))
    words = _("The employee number %(number)s belongs to %(name)s.")
    return Invalid(words % {"number": number, "name": other.name}, field="number", code="number_taken")


@transaction.atomic
def person_return(*, person_id: int, on: date, actor: Actor, now: datetime) -> Person:
    """Somebody who has left works again from `on`; when they left stays in the ledger. Raises WrongState."""
    person = person_locked(person_id)
    if person.last_working_day is None or person.last_working_day >= on:
        raise WrongState(_("%(name)s has not left.") % {"name": person.name})
    was = {"joined_on": person.joined_on, "last_working_day": person.last_working_day, "reason": person.leaving_reason}
    person.joined_on, person.last_working_day, person.leaving_reason, person.left_announced = on, None, "", False
    person.save(update_fields=["joined_on", "last_working_day", "leaving_reason", "left_announced"])
    record(
        actor=actor, action="person.returned", subject=person, data={"on": on, "was": was}, now=now, site=person.site
    )
    joined.send(Person, person=person, on=on, returned=True, actor=actor, now=now)
    return person


@transaction.atomic
def person_move(
    *, person_id: int, to: Place, previous_team: Team | None, on: date, actor: Actor, now: datetime
) -> Person:
    """Let `to` be where the person works now; told when anything of it is new. The team's rows are the caller's."""
    person = person_locked(person_id)
    previous = Place(person.site, person.position, previous_team)
    if to == previous:
        return person
    person.site, person.position = to.site, to.position
    person.save(update_fields=["site", "position"])
    data = {
        "on": on,
        "was": {"site": previous.site.code, "position": previous.position, "team": str(previous.team or "")},
        "is": {"site": to.site.code, "position": to.position, "team": str(to.team or "")},
    }
    record(actor=actor, action="person.moved", subject=person, data=data, now=now, site=to.site)
    moved.send(Person, person=person, previous=previous, on=on, actor=actor, now=now)
    return person


@transaction.atomic
def person_leave(
    *, person_id: int, last_working_day: date, reason: LeavingReason, actor: Actor, now: datetime
) -> Person:
    """Set or move the last working day. Raises Invalid when it lies before the person joined, or too far ahead."""
    person = person_locked(person_id)
    if last_working_day < person.joined_on:
        raise Invalid(
            _("The last working day lies before the day %(name)s joined.") % {"name": person.name},
            field="last_working_day",
        )
    if last_working_day > now.date() + FARTHEST:
        raise Invalid(
            _("The last working day lies more than two years ahead. Is the year right?"), field="last_working_day"
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
    person = person_locked(person_id)
    if person.last_working_day is None:
        raise WrongState(_("%(name)s is not leaving.") % {"name": person.name})
    was = person.last_working_day
    person.last_working_day, person.leaving_reason, person.left_announced = None, "", False
    person.save(update_fields=["last_working_day", "leaving_reason", "left_announced"])
    record(
        actor=actor, action="person.stayed", subject=person, data={"was": was, "note": note}, now=now, site=person.site
    )
    stayed.send(Person, person=person, previous=was, note=note, actor=actor, now=now)
    return person


def announce_left(*, now: datetime) -> int:
    """Send `left` for everybody whose last working day is over, each in a transaction of its own."""
    due = Person.objects.filter(left_announced=False, last_working_day__lte=now.date()).values_list("pk", flat=True)
    return sum(person_left(person_id=pk, now=now) for pk in list(due))


@transaction.atomic
def person_left(*, person_id: int, now: datetime) -> bool:
    """Send `left` if that person's last working day is over and nobody has; whether this call did."""
    person = Person.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=person_id).first()
    if person is None or person.left_announced or person.last_working_day is None:
        return False
    if person.last_working_day >= local_day(now, person.site.zone):
        return False
    person.left_announced = True
    person.save(update_fields=["left_announced"])
    record(actor=BEAT, action="person.left", subject=person, data={}, now=now, site=person.site)
    left.send(Person, person=person, actor=BEAT, now=now)
    return True
