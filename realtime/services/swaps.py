"""Two agents who change shifts (RTM-1): asked by one, agreed by the other, approved by the team leader.

What both have on these days is kept when it is asked. Where the roster says something else by the time that it is
agreed or approved, nothing is swapped: it would be another swap. What is approved is published at once as a version of
its own, if no rule of the roster is broken by it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import local_day, month_of
from occ.workflow.services import begin, step
from realtime.choices import DayKind, SwapStatus
from realtime.models import RosterLine, ShiftSwap
from realtime.notices import SWAP_AGREED, SWAP_ASKED, SWAP_ENDED
from realtime.rostering.codes import Cell, codes_of
from realtime.services.rosters import month_locked, roster_amend
from realtime.workflow import SWAP

AHEAD = timedelta(days=62)


@transaction.atomic
def swap_ask(
    *, day: date, other_id: int, other_day: date, reason: str, actor: User, now: datetime
) -> ShiftSwap:  # fmt: skip
    """Raises NotAllowed, Invalid: no shift to give, the past, oneself, another site, a swap that is asked already."""
    person = actor.person
    if person is None or not has_role(actor, {Role.AGENT}):
        raise NotAllowed
    other = Person.objects.filter(pk=other_id).first()
    if other is None or other.pk == person.pk or other.site_id != person.site_id:
        raise Invalid(_("Choose a colleague of your site."), field="other")
    if not reason.strip():
        raise Invalid(_("Say why you would swap."), field="reason")
    today = local_day(now, person.site.zone)
    for name, one in (("day", day), ("other_day", other_day)):
        if not today < one <= today + AHEAD:
            raise Invalid(_("Swaps are for days to come, at most two months ahead."), field=name)
    mine = _cells(person.site_id, (person.pk, other.pk), (day, other_day))
    if mine.get((person.pk, day), Cell("")).kind != DayKind.SHIFT:
        raise Invalid(_("You have no shift on that day."), field="day")
    if mine.get((other.pk, other_day), Cell("")).kind not in (DayKind.SHIFT, DayKind.OFF):
        raise Invalid(_("Your colleague has neither a shift nor a day off then."), field="other_day")
    swap = ShiftSwap(
        site=person.site, person=person, day=day, other=other, other_day=other_day, reason=reason.strip()[:300],
        agreed=_told(person.site, (person.pk, other.pk), mine), requested_at=now,
    )  # fmt: skip
    sign(swap, actor, reason, now=now)
    try:
        with transaction.atomic():
            swap.save()
    except IntegrityError as error:
        raise Invalid(_("You have asked for a swap of this day already."), field="day", code="asked") from error
    begin(SWAP, swap, actor=actor, now=now, note=reason.strip())
    _tell(swap, other, SWAP_ASKED.key, now)
    return swap


def _cells(site_id: int, people: tuple[int, ...], days: tuple[date, ...]) -> dict[tuple[int, date], Cell]:
    rows = RosterLine.objects.in_force().filter(roster__site_id=site_id, person_id__in=people, day__in=days)
    found = rows.values_list("person_id", "day", "kind", "shift_id")
    return {(person, day): Cell(kind, shift) for person, day, kind, shift in found}


def _told(site: Site, people: tuple[int, ...], cells: dict[tuple[int, date], Cell]) -> list[dict[str, Any]]:
    """These cells as a swap keeps them; an empty one is none."""
    codes = codes_of(site)
    return [
        {"day": day.isoformat(), "person": person, "kind": cell.kind, "shift": cell.shift_id, "code": codes.shown(cell),
         "hours": codes.known[cell.shift_id].hours if cell.shift_id is not None else ""}
        for (person, day), cell in sorted(cells.items()) if person in people
    ]  # fmt: skip


def differs(swap: ShiftSwap, cells: dict[tuple[int, date], Cell]) -> bool:
    """Whether the roster says something else of these days than what was agreed."""
    agreed = {(one["person"], one["day"]): (one["kind"], one["shift"]) for one in swap.agreed}
    return agreed != {(person, day.isoformat()): (cell.kind, cell.shift_id) for (person, day), cell in cells.items()}


def _must_be_as_agreed(swap: ShiftSwap, cells: dict[tuple[int, date], Cell]) -> None:
    if differs(swap, cells):
        words = _("The roster is not what it was when this swap was asked. Withdraw it or refuse it, and ask anew.")
        raise WrongState(words, code="changed")


def _days(swap: ShiftSwap) -> tuple[date, ...]:
    return tuple(dict.fromkeys((swap.day, swap.other_day)))


def cells_now(swap: ShiftSwap) -> dict[tuple[int, date], Cell]:
    """What both have on its days by the published roster."""
    return _cells(swap.site_id, (swap.person_id, swap.other_id), _days(swap))


def _is(actor: User, person_id: int) -> None:
    if actor.person_id != person_id:
        raise NotAllowed(_("This step is your colleague's."))


@transaction.atomic
def swap_accept(*, swap_id: int, actor: User, now: datetime) -> ShiftSwap:
    """The other agent agrees; now a team leader decides. Raises NotAllowed, WrongState (the roster changed, too)."""
    with step(SWAP, ShiftSwap, swap_id, "accept", actor=actor, now=now) as swap:
        _is(actor, swap.other_id)
        _must_be_as_agreed(swap, cells_now(swap))
        params = _params(swap)
        to = audience(Role.TEAM_LEADER, site=swap.site, now=now)
        notify(to=to, kind=SWAP_AGREED.key, params=params, key=f"swap:{swap.pk}:agreed", url=swap.get_absolute_url(),
               now=now)  # fmt: skip
        return swap


@transaction.atomic
def swap_decline(*, swap_id: int, note: str, actor: User, now: datetime) -> ShiftSwap:
    with step(SWAP, ShiftSwap, swap_id, "decline", actor=actor, now=now, note=note) as swap:
        _is(actor, swap.other_id)
        _ended(swap, (swap.person,), note, actor, now)
        return swap


@transaction.atomic
def swap_withdraw(*, swap_id: int, note: str, actor: User, now: datetime) -> ShiftSwap:
    with step(SWAP, ShiftSwap, swap_id, "withdraw", actor=actor, now=now, note=note) as swap:
        _is(actor, swap.person_id)
        _ended(swap, (swap.other,), note, actor, now)
        return swap


@transaction.atomic
def swap_refuse(*, swap_id: int, note: str, actor: User, now: datetime) -> ShiftSwap:
    with step(SWAP, ShiftSwap, swap_id, "refuse", actor=actor, now=now, note=note) as swap:
        _ended(swap, (swap.person, swap.other), note, actor, now)
        return swap


@transaction.atomic
def swap_approve(*, swap_id: int, actor: User, now: datetime) -> ShiftSwap:
    """Exchange what both have on these days and publish it. Raises NotAllowed (one's own), WrongState, Invalid."""
    asked = ShiftSwap.objects.select_related("person", "other", "site").get(pk=swap_id)
    for month in sorted({month_of(asked.day), month_of(asked.other_day)}):
        month_locked(asked.site, month)  # what they have is read once nobody else can change it
    asked.refresh_from_db(fields=["status"])
    if not SWAP.find("approve").open_to(actor, asked.site):
        raise NotAllowed
    if actor.person_id is not None and actor.person_id in (asked.person_id, asked.other_id):
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    if asked.status != SwapStatus.ACCEPTED:
        raise WrongState(_("This swap does not wait for an approval."))
    today = local_day(now, asked.site.zone)
    begun = RosterLine.objects.in_force().filter(
        person__in=(asked.person_id, asked.other_id), day__in=(asked.day, asked.other_day), starts_at__lte=now
    )
    if min(asked.day, asked.other_day) < today or begun.exists():
        raise WrongState(_("The day of this swap is over."))
    rosters = [
        roster_amend(asked.site, month, change, reason=_reason(asked), actor=actor, now=now)
        for month, change in _exchanged(asked).items()
    ]
    also = {"decided_at": now, "decided_by": actor, "roster": rosters[0]}
    with step(SWAP, ShiftSwap, swap_id, "approve", actor=actor, now=now, also=also) as swap:
        _ended(swap, (swap.person, swap.other), "", actor, now)
        return swap


EXCHANGED = ("", DayKind.SHIFT, DayKind.OFF)  # leave is nobody else's, and an empty cell is no day of anything


def _exchanged(swap: ShiftSwap) -> dict[date, dict[tuple[int, date], Cell | None]]:
    """By month: on each of the days each has what the other had. Raises WrongState where that is no swap any more."""
    days, cells = _days(swap), cells_now(swap)
    if cells.get((swap.person_id, swap.day), Cell("")).kind != DayKind.SHIFT:
        raise WrongState(_("The roster has changed: there is no shift to swap on that day any more."), code="changed")
    swapped = [cells.get((person, day), Cell("")) for person in (swap.person_id, swap.other_id) for day in days]
    if any(cell.kind not in EXCHANGED for cell in swapped):
        raise WrongState(_("One of you is on leave, sick or excused on one of these days."), code="changed")
    _must_be_as_agreed(swap, cells)
    found: dict[date, dict[tuple[int, date], Cell | None]] = defaultdict(dict)
    for day in days:
        one, two = (swap.person_id, day), (swap.other_id, day)
        found[month_of(day)] |= {one: cells.get(two), two: cells.get(one)}
    return found


def _reason(swap: ShiftSwap) -> str:
    days = " / ".join(day.isoformat() for day in _days(swap))
    said = {"name": swap.person.name[:80], "other": swap.other.name[:80], "days": days}
    return kept(gettext_noop("Swap of %(name)s and %(other)s: %(days)s"), **said)


def _params(swap: ShiftSwap) -> dict[str, Any]:
    return {"name": swap.person.name, "other": swap.other.name, "day": swap.day.isoformat()}


def _tell(swap: ShiftSwap, person: Person, kind: str, now: datetime, **more: Any) -> None:
    users = User.objects.filter(person=person)
    key = f"swap:{swap.pk}:{more.get('msg_state', 'asked')}"
    notify(to=users, kind=kind, params=_params(swap) | more, key=key, url=swap.get_absolute_url(), now=now)


def _ended(swap: ShiftSwap, people: tuple[Person, ...], note: str, actor: User, now: datetime) -> None:
    if swap.decided_at is None:
        swap.decided_at, swap.decided_by = now, actor
        sign(swap, actor, note, now=now)
        swap.save(update_fields=["decided_at", "decided_by"])
    for person in people:
        label = SwapStatus(swap.status)
        _tell(swap, person, SWAP_ENDED.key, now, msg_state=MESSAGES[label], note=note)


MESSAGES = {
    SwapStatus.APPROVED: "Approved", SwapStatus.REFUSED: "Refused", SwapStatus.WITHDRAWN: "Withdrawn",
    SwapStatus.DECLINED: "The other agent declines",
}  # fmt: skip
TRANSITIONS: dict[str, Any] = {
    "accept": swap_accept, "decline": swap_decline, "approve": swap_approve, "refuse": swap_refuse,
    "withdraw": swap_withdraw,
}  # fmt: skip
