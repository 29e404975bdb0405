"""An agent's shifts as an iCalendar feed, by an address that is a secret and can be taken back (RTM-1)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from occ.errors import NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.models import Person, User
from occ.times import local_day
from realtime.choices import DayKind
from realtime.models import CalendarFeed, RosterLine

BACK, AHEAD = timedelta(days=31), timedelta(days=93)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def feed_make(*, actor: User, now: datetime) -> str:
    """A new token, shown once; the one before opens nothing any more. Raises NotAllowed: a log-in without a person."""
    person = _own(actor)
    _revoke(person, actor, now)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(person=person, token_sha256=digest(token), made_at=now)
    record(actor=actor, action="calendar.made", subject=feed, data={}, now=now, site=person.site)
    return token


@transaction.atomic
def feed_revoke(*, actor: User, now: datetime) -> None:
    """Raises NotAllowed, WrongState (there is none)."""
    person = _own(actor)
    if not _revoke(person, actor, now):
        raise WrongState(_("There is no calendar address."))


def _own(actor: User) -> Person:
    if actor.person_id is None:
        raise NotAllowed
    return Person.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=actor.person_id)


def _revoke(person: Person, actor: User, now: datetime) -> bool:
    live = CalendarFeed.objects.filter(person=person, revoked_at=None).first()
    if live is None:
        return False
    live.revoked_at = now
    live.save(update_fields=["revoked_at"])
    record(actor=actor, action="calendar.revoked", subject=live, data={}, now=now, site=person.site)
    return True


def feed_owner(token: str, *, now: datetime) -> Person | None:
    """Whose feed it is; None for a token that opens nothing: revoked, or of somebody who has left or may not log in."""
    feed = CalendarFeed.objects.filter(token_sha256=digest(token), revoked_at=None).select_related("person__site")
    found = feed.first()
    if found is None:
        return None
    person = found.person
    if person.last_working_day is not None and person.last_working_day < local_day(now, person.site.zone):
        return None
    return person if User.objects.filter(person=person, is_active=True).exists() else None


def calendar_of(person: Person, *, now: datetime) -> bytes:
    """Shifts, leave and days off of the published rosters, from a month ago to three months ahead (RFC 5545)."""
    today = local_day(now, person.site.zone)
    rows = RosterLine.objects.in_force().filter(person=person, day__range=(today - BACK, today + AHEAD))
    calendar = Calendar()
    calendar.add("prodid", "-//OCC//roster//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Shifts of %(name)s") % {"name": person.name})
    for line in rows.select_related("shift", "roster__site").order_by("day"):
        calendar.add_component(event_of(line))
    return bytes(calendar.to_ical())


def event_of(line: RosterLine) -> Event:
    """The same UID in every version, and a higher sequence in a later one: calendars then move what they have."""
    event, roster = Event(), line.roster
    event.add("uid", f"{line.person_id}-{line.day.isoformat()}@roster.occ")
    event.add("sequence", roster.version)
    event.add("dtstamp", roster.published_at or roster.made_at)
    if line.kind == DayKind.SHIFT and line.shift is not None and line.starts_at and line.ends_at:
        event.add("summary", f"{line.shift.code} {line.shift.label}")
        event.add("dtstart", line.starts_at)
        event.add("dtend", line.ends_at)
        event.add("location", roster.site.name)
    else:
        event.add("summary", line.get_kind_display())
        event.add("dtstart", line.day)
        event.add("dtend", line.day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    return event
