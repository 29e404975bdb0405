"""What the end of the days, a move and a leaving mean for leaves (SDM-9)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from occ.errors import WrongState
from occ.obligations import services as obligations
from occ.people.actors import BEAT, LIFECYCLE, Actor
from occ.people.history import sign
from occ.people.models import Person, Site, TeamMembership, in_force
from occ.times import local_day
from occ.workflow.services import step
from sdm.absence.choices import WAITING, LeaveStatus
from sdm.absence.policies import (
    CONFIRM,
    DECIDE,
    NOTE,
)
from sdm.absence.workflow import LEAVE
from sdm.models import LeaveRequest
from sdm.services.absence.deciding import leave_cancel

logger = logging.getLogger(__name__)
BATCH = 500


def leaves_end(*, now: datetime) -> int:
    """Beat: what was confirmed and whose last day is over was taken; how many. One that fails stops none of the
    others, and comes up again."""
    days = {site.pk: local_day(now, site.zone) for site in Site.objects.all()}
    over = Q(pk__in=())
    for pk, today in days.items():
        over |= Q(site_id=pk, ends_on__lt=today)
    rows = LeaveRequest.objects.filter(over, status=LeaveStatus.CONFIRMED).order_by("ends_on")
    count = 0
    for pk in list(rows.values_list("pk", flat=True)[:BATCH]):
        try:
            count += _take(pk, now)
        except Exception:
            logger.exception("leave %s could not be ended", pk)
    return count


@transaction.atomic
def _take(pk: int, now: datetime) -> bool:
    try:
        with step(LEAVE, LeaveRequest, pk, "take", actor=BEAT, now=now):
            return True
    except WrongState:  # annulled a moment ago, or another beat was quicker
        return False


def leaves_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """Who moves to another site or team takes along what nobody has decided there yet."""
    team = person.team_on(local_day(now, person.site.zone))
    rows = LeaveRequest.objects.waiting().filter(employee_id=person.pk).select_related("site")
    for one in rows.select_for_update(of=("self",), no_key=True):
        if one.site != person.site:
            one.site = person.site
            sign(one, actor, _("Works at another site"), now=now)
            one.save(update_fields=["site"])
        obligations.obligations_take_along(
            subject=one, rules=[DECIDE, CONFIRM, NOTE], site=person.site, team=team, actor=actor, now=now
        )


def leaves_follow_left(*, person: Person, now: datetime) -> None:
    """Nobody is on leave after the last working day: what lies beyond it ends."""
    last = person.last_working_day
    assert last is not None
    beyond = LeaveRequest.objects.filter(employee_id=person.pk, ends_on__gt=last)
    for one in beyond.filter(status__in=[*WAITING, LeaveStatus.CONFIRMED]).select_for_update(of=("self",), no_key=True):
        if one.starts_on > last or one.status in WAITING:
            leave_cancel(leave_id=one.pk, note=_("Left"), actor=LIFECYCLE, now=now)
        else:
            one.ends_on, one.days = last, [day for day in one.days if day <= last]
            sign(one, LIFECYCLE, _("Left"), now=now)
            one.save(update_fields=["ends_on", "days"])


def colleagues_away(leave: LeaveRequest) -> list[tuple[LeaveRequest, bool]]:
    """Who else of the site in that position is away on these days, or may be, for who decides; and whether they are of
    the person's team."""
    person = leave.person
    team = person.team_on(leave.starts_on)
    rows = LeaveRequest.objects.alive().touching(leave.starts_on, leave.ends_on).filter(site=leave.site)
    rows = rows.exclude(employee_id=person.pk).filter(employee__person__position=person.position)
    found = list(rows.select_related("employee__person", "site").order_by("starts_on", "pk")[:40])
    members = TeamMembership.objects.filter(in_force(leave.starts_on), team=team) if team else None
    mates = set(members.values_list("person_id", flat=True)) if members else set()
    return [(one, one.employee_id in mates) for one in found]
