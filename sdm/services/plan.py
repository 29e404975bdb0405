"""The plan of personnel by date: taken over from the manual's table, changed from a day on (SDM-2; MO 2.2.A)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.times import in_reach, local_day
from sdm.models import PlanLine, Position
from sdm.personal import may
from sdm.positions.choices import PlanSource
from sdm.positions.manual import CLAUSE, PERSONNEL
from sdm.services.positions import reason_clean

PLANNERS = frozenset({Role.MANAGER, Role.HEAD_MANAGER, Role.HR_RECRUITMENT})
MOST = 5_000
ONE_DAY = timedelta(days=1)


@transaction.atomic
def plan_take_over(*, site: Site, starts_on: date, actor: Actor, now: datetime) -> int:
    """Write the manual's table for a site that has no plan yet; how many lines. Raises WrongState, Invalid."""
    if not may(actor, PLANNERS, site):
        raise NotAllowed
    table = PERSONNEL.get(site.name)
    if table is None:
        raise Invalid(_("The manual has no table for %(site)s: plan each position.") % {"site": site.name})
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)  # nobody takes it over twice
    if PlanLine.objects.filter(site=site).exists():
        raise WrongState(_("%(site)s has a plan already.") % {"site": site.name})
    known = {one.code: one for one in Position.objects.filter(code__in=table)}
    for code, number in table.items():
        _write(site, known[code], number, starts_on, PlanSource.MANUAL, CLAUSE, actor, now)
    return len(table)


@transaction.atomic
def plan_set(
    *, site: Site, position: Position, number: int, starts_on: date, reason: str, seen: int | None = None,
    actor: Actor, now: datetime,
) -> PlanLine:  # fmt: skip
    """So many people from a day on; what was planned before ends the day before.

    `seen`: the line that the actor looked at. Raises NotAllowed, Invalid, WrongState.
    """
    if not may(actor, PLANNERS, site):
        raise NotAllowed
    reason = reason_clean(reason)
    if not 0 <= number <= MOST:
        raise Invalid(_("A number from 0 to %(most)s is needed.") % {"most": MOST}, field="number")
    if not in_reach(starts_on) or starts_on < local_day(now, site.zone):
        raise Invalid(_("A plan cannot change the past."), field="starts_on")
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    last = PlanLine.objects.filter(site=site, position=position).order_by("-starts_on").first()
    if seen is not None and (last is None or last.pk != seen):
        raise WrongState(_("Somebody has changed this plan since you looked at it. Look at it first."))
    if last is not None:
        if starts_on <= last.starts_on:
            raise Invalid(_("The present number holds from that day or later: choose a later day."), field="starts_on")
        if last.number == number:
            raise Invalid(_("So many are planned already."), field="number")
        last.ends_on = starts_on - ONE_DAY
        sign(last, actor, reason, now=now)
        last.save(update_fields=["ends_on"])
    return _write(site, position, number, starts_on, PlanSource.CHANGED, reason, actor, now)


def _write(
    site: Site, position: Position, number: int, on: date, source: PlanSource, reason: str, actor: Actor, now: datetime
) -> PlanLine:
    made = PlanLine(
        site=site, position=position, number=number, starts_on=on, source=source, reason=reason, made_at=now,
        made_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip
    sign(made, actor, reason, now=now)
    made.save()
    data = {"position": position.name, "number": number, "from": on, "reason": reason}
    record(actor=actor, action="plan.set", subject=made, data=data, now=now, site=site)
    return made
