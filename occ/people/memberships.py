"""A person's teams by date. The caller holds the person's lock."""

from datetime import date, timedelta

from occ.people.models import Person, Team, TeamMembership, in_force

ONE_DAY = timedelta(days=1)


def team_from(person: Person, team: Team | None, on: date) -> None:
    """From that day on the person is in `team`, until what is planned already; days before stay as they were."""
    rows = TeamMembership.objects.filter(person=person)
    now_in = rows.filter(in_force(on)).first()
    if now_in is not None and now_in.team == team:
        return
    until = now_in.ends_on if now_in is not None else None
    if now_in is None:
        following = rows.filter(starts_on__gt=on).order_by("starts_on").first()
        until = following.starts_on - ONE_DAY if following else None
    elif now_in.starts_on < on:
        now_in.ends_on = on - ONE_DAY
        now_in.save(update_fields=["ends_on"])
    else:
        now_in.delete()
    if team is not None:
        TeamMembership.objects.create(person=person, team=team, starts_on=on, ends_on=until)


def team_change_withdraw(person: Person, on: date) -> None:
    """A change planned for that day does not come: what held the day before goes on as long as it would have."""
    rows = TeamMembership.objects.filter(person=person)
    planned = rows.filter(starts_on=on).first()
    until = planned.ends_on if planned else None
    if planned is None:
        following = rows.filter(starts_on__gt=on).order_by("starts_on").first()
        until = following.starts_on - ONE_DAY if following else None
    else:
        planned.delete()
    before = rows.filter(ends_on=on - ONE_DAY).first()
    if before is not None:
        before.ends_on = until
        before.save(update_fields=["ends_on"])


def teams_end(person: Person, last: date) -> None:
    """No team after that day."""
    rows = TeamMembership.objects.filter(person=person)
    rows.filter(starts_on__gt=last).delete()
    rows.filter(in_force(last)).update(ends_on=last)


def teams_go_on(person: Person, last: date) -> None:
    """The team that ended with that day goes on: the person did not leave."""
    rows = TeamMembership.objects.filter(person=person)
    if not rows.filter(starts_on__gt=last).exists():
        rows.filter(ends_on=last).update(ends_on=None)
