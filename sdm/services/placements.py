"""Where people work, by date. A change dated from a day on leaves every day before it as it was (SDM-1).

Every function here first takes the person's lock; a change whose day has not come is planned, and beat brings it about.
"""

import logging
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people import lifecycle
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.lifecycle import Place, person_locked
from occ.people.memberships import team_change_withdraw, team_from, teams_end, teams_go_on
from occ.people.models import Person, Site, Team, in_force
from occ.texts import hidden, kept
from occ.times import in_reach, local_day
from sdm.choices import Began
from sdm.models import Placement
from sdm.personal import KEEPERS, MOVERS, may, of_another
from sdm.services import employments

logger = logging.getLogger(__name__)
ONE_DAY = timedelta(days=1)


def place_on(person_id: int, day: date) -> Placement | None:
    rows = Placement.objects.filter(in_force(day), employee_id=person_id)
    return rows.select_related("site", "leader").first()


def place_fits(*, person: Person | None, site: Site, team: Team | None, leader: Person | None, on: date) -> None:
    """Raises Invalid: a team of another site, a leader who is the person or works nowhere on that day."""
    if not in_reach(on):
        raise Invalid(_("The date is not possible."), field="on")
    if team is not None and team.site_id != site.pk:
        raise Invalid(
            _("Team %(team)s belongs to another site.") % {"team": team.name}, field="team", code="team_of_other_site"
        )
    if leader is None:
        return
    if person is not None and leader.pk == person.pk:
        raise Invalid(_("Nobody is their own team leader."), field="leader", code="own_leader")
    if leader.last_working_day is not None and leader.last_working_day < on:
        raise Invalid(_("%(name)s has left by then.") % {"name": leader.name}, field="leader", code="leader_left")


@transaction.atomic
def person_transfer(
    *, person_id: int, on: date, site: Site, position: str, team: Team | None, leader: Person | None, note: str = "",
    actor: Actor, now: datetime,
) -> Placement:  # fmt: skip
    """From that day on the person works there, as that, in that team, under that leader.

    A day that has come takes effect at once (one in the past needs a note), a later one on the day, by beat. Raises
    NotAllowed, Invalid, WrongState (not employed on that day).
    """
    person = person_locked(person_id)
    if not (may(actor, MOVERS, person.site) and may(actor, MOVERS, site)):
        raise NotAllowed
    of_another(actor, person_id)
    today = local_day(now, person.site.zone)
    place_fits(person=person, site=site, team=team, leader=leader, on=on)
    before = _changeable(person, on)
    if on < today and not note.strip():
        raise Invalid(_("The day is over: say why the transfer is recorded only now."), field="note")
    position = position_clean(position)
    same = (before.site_id, before.position, before.leader_id) == (site.pk, position, leader.pk if leader else None)
    if same and person.team_on(on) == team:
        raise Invalid(_("Nothing would change: choose another site, team, position or leader."), code="nothing_changes")
    team_now = person.team_on(today)
    made = Placement(
        employee_id=person_id, site=site, position=position, leader=leader, starts_on=on, ends_on=before.ends_on,
        began=Began.TRANSFERRED, note=note[:300], told_at=now if on <= today else None,
    )  # fmt: skip
    _end(before, on - ONE_DAY, note, actor, now)
    sign(made, actor, note, now=now)
    made.save()
    team_from(person, team, on)
    data = {"from": on, "site": site.code, "position": position, "team": str(team or ""), "note": note}
    record(actor=actor, action="placement.transferred", subject=made, data=data, now=now, site=site)
    if on <= today:
        _mirror(person, team_now, on=on, actor=actor, now=now)
    return made


def _changeable(person: Person, on: date) -> Placement:
    """The placement that a change on that day ends. Raises WrongState, Invalid."""
    before = place_on(person.pk, on)
    if before is None or (person.last_working_day is not None and person.last_working_day < on):
        raise WrongState(_("%(name)s does not work here on that day.") % {"name": person.name})
    if before.starts_on == on:
        words = _("There is a change on that day already. Correct that one instead.")
        raise Invalid(words, field="on", code="change_on_that_day")
    return before


def position_clean(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > 80 or hidden(text):
        raise Invalid(_("The position has 1 to 80 characters, all of them visible."), field="position")
    return text


def _end(placement: Placement, last: date | None, why: str, actor: Actor, now: datetime) -> None:
    placement.ends_on = last
    sign(placement, actor, why, now=now)
    placement.save(update_fields=["ends_on"])


def _mirror(person: Person, previous_team: Team | None, *, on: date, actor: Actor, now: datetime) -> None:
    """Let the person's row say where they work today, and tell every module if that is new."""
    today = local_day(now, person.site.zone)
    here = place_on(person.pk, today)
    if here is not None:
        to = Place(here.site, here.position, person.team_on(today))
        lifecycle.person_move(person_id=person.pk, to=to, previous_team=previous_team, on=on, actor=actor, now=now)


@transaction.atomic
def placement_correct(
    *, placement_id: int, starts_on: date, site: Site, position: str, leader: Person | None, note: str, actor: Actor,
    now: datetime,
) -> Placement:  # fmt: skip
    """What was recorded was wrong: put it right, with the reason; what stood there before is in the history.

    A first day that moves takes the end of the placement before along. Teams are corrected by a transfer.
    """
    person_id = Placement.objects.values_list("employee_id", flat=True).get(pk=placement_id)
    person = person_locked(person_id)
    found = Placement.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=placement_id)
    if not all(may(actor, KEEPERS, one) for one in (found.site, person.site, site)):
        raise NotAllowed
    of_another(actor, person_id)
    if not note.strip():
        raise Invalid(_("Say what was wrong."), field="note")
    place_fits(person=person, site=site, team=None, leader=leader, on=starts_on)
    if found.planned:
        raise WrongState(_("It is only planned: withdraw it and plan it anew."))
    today = local_day(now, person.site.zone)
    was = {"from": found.starts_on, "site": found.site.code, "position": found.position, "leader": found.leader_id}
    if starts_on != found.starts_on:
        if found.began != Began.TRANSFERRED and person.joined_on == found.starts_on:
            person.joined_on = starts_on
            person.save(update_fields=["joined_on"])
        _first_day_move(found, starts_on, today, note, actor, now)
    found.site, found.position, found.leader = site, position_clean(position), leader
    sign(found, actor, note, now=now)
    found.save(update_fields=["starts_on", "site", "position", "leader"])
    data = {"was": was, "note": note}
    record(actor=actor, action="placement.corrected", subject=found, data=data, now=now, site=site)
    _mirror(person, person.team_on(today), on=starts_on, actor=actor, now=now)
    return found


def placement_put_right(
    found: Placement, *, person: Person, site: Site, position: str, team: Team | None, leader: Person | None,
    note: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Other values for a placement from its first day on, planned or not. The caller holds the person's lock."""
    if not all(may(actor, KEEPERS, one) for one in (found.site, person.site, site)):
        raise NotAllowed
    of_another(actor, person.pk)
    today = local_day(now, person.site.zone)
    team_now = person.team_on(today)
    found.site, found.position, found.leader = site, position_clean(position), leader
    sign(found, actor, note, now=now)
    found.save(update_fields=["site", "position", "leader"])
    record(actor=actor, action="placement.corrected", subject=found, data={"note": note}, now=now, site=site)
    team_from(person, team, found.starts_on)
    _mirror(person, team_now, on=found.starts_on, actor=actor, now=now)


def _first_day_move(found: Placement, starts_on: date, today: date, note: str, actor: Actor, now: datetime) -> None:
    rows = Placement.objects.filter(employee_id=found.employee_id)
    before = rows.filter(starts_on__lt=found.starts_on).order_by("-starts_on").first()
    joined_to = before is not None and before.ends_on == found.starts_on - ONE_DAY
    if starts_on > today or (found.ends_on is not None and starts_on > found.ends_on):
        raise Invalid(_("It would end before it begins, or has not begun."), field="starts_on")
    if before is not None and (starts_on <= before.starts_on or (not joined_to and starts_on <= before.ends_on)):  # type: ignore[operator]
        raise Invalid(_("The placement before it would be gone."), field="starts_on")
    sooner = starts_on < found.starts_on
    if before is not None and joined_to and sooner:
        _end(before, starts_on - ONE_DAY, note, actor, now)
    _start(found, starts_on, note, actor, now)
    if before is not None and joined_to and not sooner:
        _end(before, starts_on - ONE_DAY, note, actor, now)


def _start(found: Placement, starts_on: date, note: str, actor: Actor, now: datetime) -> None:
    found.starts_on = starts_on
    sign(found, actor, note, now=now)
    found.save(update_fields=["starts_on"])


@transaction.atomic
def placement_withdraw(*, placement_id: int, note: str, actor: Actor, now: datetime) -> Person:
    """A planned transfer or return does not come. Raises WrongState once its day has come."""
    person_id = Placement.objects.values_list("employee_id", flat=True).get(pk=placement_id)
    person = person_locked(person_id)
    found = Placement.objects.select_related("site").get(pk=placement_id)
    if not (may(actor, MOVERS, person.site) and may(actor, MOVERS, found.site)):
        raise NotAllowed
    of_another(actor, person_id)
    if not found.planned:
        raise WrongState(_("It has taken effect. Transfer the person anew, or correct what was wrong."))
    if not note.strip():
        raise Invalid(_("Say why it is withdrawn."), field="note")
    _cancel(person, found, note, actor, now)
    return person


def _cancel(person: Person, planned: Placement, note: str, actor: Actor, now: datetime) -> None:
    """Remove what is planned; what held before goes on."""
    data = {"from": planned.starts_on, "site": planned.site.code, "note": note}
    record(actor=actor, action="placement.withdrawn", subject=planned, data=data, now=now, site=planned.site)
    on, until, began = planned.starts_on, planned.ends_on, planned.began
    sign(planned, actor, note, now=now)
    planned.delete()
    team_change_withdraw(person, on)
    if began == Began.RETURNED:
        employments.employments_withdraw(person=person, since=on, note=note, actor=actor, now=now)
        return
    before = Placement.objects.filter(employee_id=person.pk, ends_on=on - ONE_DAY).first()
    if before is not None:
        _end(before, until, note, actor, now)


# What time brings ----------------------------------------------------------------------------------------------------


def placements_take_effect(*, now: datetime) -> int:
    """Bring about what was planned for a day that has come, each in a transaction of its own; how many."""
    count = 0
    days = {site.pk: local_day(now, site.zone) for site in Site.objects.all()}
    if not days:
        return 0
    due = Placement.objects.due(max(days.values())).order_by("starts_on", "pk")
    for pk, person_id, site_id, starts_on in list(due.values_list("pk", "employee_id", "site_id", "starts_on")):
        if starts_on > days[site_id]:
            continue
        try:
            count += _take_effect(pk, person_id, now=now)
        except Exception as error:  # one that cannot be brought about stays planned and shows it; its fellows go on
            logger.exception("placement %s not brought about", pk)
            why = str(error) if isinstance(error, Refused) else type(error).__name__
            Placement.objects.filter(pk=pk, told_at=None).update(stuck_because=why[:300])
    return count


@transaction.atomic
def _take_effect(pk: int, person_id: int, *, now: datetime) -> bool:
    """False when somebody else brings it about, or it was withdrawn a moment ago."""
    locked = Person.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    if not locked.filter(pk=person_id).exists():
        return False
    planned = Placement.objects.filter(pk=pk, told_at=None).select_related("site").first()
    if planned is None:
        return False
    placement_effect(planned, actor=BEAT, now=now)
    return True


def placement_effect(planned: Placement, *, actor: Actor, now: datetime) -> None:
    """Its day has come: the person's row says so, and every module is told. The caller holds the person's lock."""
    person_id = planned.employee_id
    person = Person.objects.select_related("site").get(pk=person_id)
    team_before = person.team_on(planned.starts_on - ONE_DAY)
    if planned.began == Began.RETURNED:
        lifecycle.person_left(person_id=person_id, now=now)
        lifecycle.person_return(person_id=person_id, on=planned.starts_on, actor=actor, now=now)
        person.refresh_from_db()
        team_before = None
    planned.told_at, planned.stuck_because = now, ""
    sign(planned, actor, kept(gettext_noop("The day has come")), now=now)
    planned.save(update_fields=["told_at", "stuck_because"])
    _mirror(person, team_before, on=planned.starts_on, actor=actor, now=now)


def stint_end(*, person: Person, actor: Actor, now: datetime) -> None:
    """The last working day is over: nothing goes on beyond it (signal `left`)."""
    last = person.last_working_day
    assert last is not None
    why = kept(gettext_noop("Left"))
    for later in _later(person, last):
        sign(later, actor, why, now=now)
        later.delete()
    here = place_on(person.pk, last)
    if here is not None and here.ends_on != last:
        _end(here, last, why, actor, now)
    _teams_end(person, last)
    employments.employments_end_with(person=person, last=last, actor=actor, now=now)


def _later(person: Person, last: date) -> list[Placement]:
    """What begins after that day and is no planned return."""
    coming_back = _returning(person)
    rows = Placement.objects.filter(employee_id=person.pk, starts_on__gt=last).select_related("site")
    if coming_back is not None:
        rows = rows.filter(starts_on__lt=coming_back.starts_on)
    return list(rows.order_by("-starts_on"))


def _returning(person: Person) -> Placement | None:
    return Placement.objects.filter(employee_id=person.pk, began=Began.RETURNED, told_at=None).first()


def _teams_end(person: Person, last: date) -> None:
    coming_back = _returning(person)
    if coming_back is None:
        teams_end(person, last)
    else:
        rows = person.memberships.filter(starts_on__lt=coming_back.starts_on)
        rows.filter(starts_on__gt=last).delete()
        rows.filter(in_force(last)).update(ends_on=last)


def last_day_follow(*, person: Person, previous: date | None, actor: Actor, now: datetime) -> None:
    """A last working day was set or moved: plans beyond it fall, and a stint that had ended goes on till then.

    Raises Invalid when the person is to come back by then.
    """
    last = person.last_working_day
    assert last is not None
    coming_back = _returning(person)
    if coming_back is not None and last >= coming_back.starts_on:
        words = _("%(name)s is to come back on %(day)s already. Withdraw that first.")
        raise Invalid(words % {"name": person.name, "day": coming_back.starts_on}, field="last_working_day")
    if previous is not None:
        _go_on(person, previous, actor, now)
    for planned in _later(person, last):
        if planned.planned:
            _cancel(person, planned, kept(gettext_noop("Leaves before that day")), actor, now)
    if coming_back is not None:
        stint_end(person=person, actor=actor, now=now)


def stint_goes_on(*, person: Person, previous: date, actor: Actor, now: datetime) -> None:
    """The leaving is withdrawn (signal `stayed`). Raises WrongState when a return is planned."""
    if _returning(person) is not None:
        raise WrongState(_("A return is planned. Withdraw that first."))
    _go_on(person, previous, actor, now)


def _go_on(person: Person, previous: date, actor: Actor, now: datetime) -> None:
    rows = Placement.objects.filter(employee_id=person.pk)
    ended = rows.filter(ends_on=previous).first()
    if ended is None or rows.filter(starts_on__gt=previous).exists():
        return
    _end(ended, None, kept(gettext_noop("Does not leave on that day")), actor, now)
    teams_go_on(person, previous)
    employments.employments_go_on(person=person, previous=previous, actor=actor, now=now)
