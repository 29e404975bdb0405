"""Why a request's clock starts when it does, and which of two deadlines on one ID holds (UID-4, UID-8)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.people.shifts import ShiftEnd, last_shift
from occ.times import end_of_day, local_day, start_of_day
from userids.choices import DeactivationReason
from userids.models import DeactivationRequest
from userids.services.deactivations.opening import deadline, leaving_recorded


@dataclass(frozen=True)
class Clock:
    """One of the deadlines on the ID; the nearest `holds`."""

    label: str
    starts_at: datetime
    due_at: datetime
    why: str
    holds: bool


def clocks(request: DeactivationRequest) -> list[Clock]:
    """The one that holds first. Needs `person` and `site`."""
    found: list[tuple[str, datetime, datetime, str]] = []
    leavers = _leavers(request)
    if leavers is not None:
        starts_at, due_at = leavers
        day, zone = request.person.last_working_day or request.last_working_day, request.person.site.zone
        why = leaving_said(starts_at, end_of_day(day, zone), zone, last_shift(request.person, day))
        found.append((_("Leaving"), starts_at, due_at, why))
    if request.asked_starts_at is not None and request.asked_due_at is not None:
        found.append(_other(request, request.asked_reason, request.asked_starts_at, request.asked_due_at))
    if not request.of_leaver and (request.starts_at, request.due_at) != leavers:
        found.append(_other(request, request.reason, request.starts_at, request.due_at))
    clock = (request.starts_at, request.due_at)
    found.sort(key=lambda one: (one[1:3] != clock, one[2]))
    return [Clock(*one, holds=i == 0) for i, one in enumerate(found)]


def _leavers(request: DeactivationRequest) -> tuple[datetime, datetime] | None:
    """Start and end of the leaving's own clock: as it was counted where it holds, else as it would be counted."""
    if request.of_leaver and request.due_at != request.asked_due_at:
        return request.starts_at, request.due_at
    if request.person.last_working_day is None or not (request.of_leaver or request.is_open):
        return None
    return deadline(request.person, leaving_recorded(request) or request.recorded_at)


def _other(
    request: DeactivationRequest, reason: str, starts_at: datetime, due_at: datetime
) -> tuple[str, datetime, datetime, str]:
    label = str(DeactivationReason(reason).label)
    return label, starts_at, due_at, other_said(starts_at, request.site.zone)


def leaving_said(starts_at: datetime, midnight: datetime, zone: ZoneInfo, shift: ShiftEnd | None) -> str:
    """What the clock of a leaver's ID starts at. `midnight`: at the end of the last working day.

    `shift`: as it is known now, which need not be what was known when the clock was counted.
    """
    at = starts_at.astimezone(zone)
    values = {
        "day": date_format(at, "j F Y"),
        "time": f"{at:%H:%M}",
        "roster": shift.known_by if shift else "",
    }
    if shift is not None and shift.at == starts_at:
        return _("The end of the last shift, %(time)s on %(day)s, by %(roster)s.") % values
    if starts_at != midnight:
        return (
            _("The end of the last shift, %(time)s on %(day)s, as the roster said it when this was counted.") % values
        )
    if shift is None:
        return _("Midnight at the end of the last working day: no roster knows a shift on it.")
    return _("Midnight at the end of the last working day: no roster knew a shift on it when this was counted.")


def other_said(starts_at: datetime, zone: ZoneInfo) -> str:
    """What the clock of another reason starts at: the end of the last day of use, or the asking."""
    if starts_at == start_of_day(local_day(starts_at, zone), zone):
        return _("Midnight at the end of the last day of use.")
    return _("At once, when it was asked for.")
