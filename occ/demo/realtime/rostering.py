"""What happened to the rosters: a version for sick agents, sign-offs on the day before, swaps, the month to come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import product

from django.db import transaction

from occ.demo.people import Staff
from occ.demo.realtime.rosters import month_made, near, publish
from occ.demo.sdm.absence import told
from occ.errors import Refused
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, User
from occ.times import local_day, month_of, next_month, start_of_day
from realtime.choices import DayKind
from realtime.models import RosterCheck, RosterLine, ShiftSwap
from realtime.services import rosters as services
from realtime.services import swaps
from realtime.services.roster_checks import check_sign, checks_watch

REASONS = ("Acara keluarga", "Kuliah sore", "Kontrol ke dokter")


def rostering(staff: Staff, now: datetime) -> None:
    sites = list(Site.objects.order_by("pk"))
    for site in sites:
        sickness(staff, site, now)
    for back in (3, 2, 1, 0):
        _signed(staff, now, back)
    for site in sites:
        _swaps(staff, site, now)
        _to_come(staff, site, now)


def sickness(staff: Staff, site: Site, now: datetime) -> None:
    """The second version of the month: two agents are sick, one has permission, as the leave module knows it."""
    wfm, at = staff.users["wfm"], now - timedelta(days=4)
    today = local_day(now, site.zone)
    month = month_of(today)
    day = min(today + timedelta(days=1), next_month(month) - timedelta(days=1))
    rows = RosterLine.objects.in_force().filter(
        roster__site=site, day=day, kind=DayKind.SHIFT, shift__code__startswith="P", person__last_working_day=None
    )
    people = [line.person for line in rows.exclude(person__user__isnull=False).order_by("person__number")]
    edits = []
    for kind, code in (("sick", "SK"), ("sick", "SK"), ("permission", "IZ")):
        away = next((one for one in people if told(staff, one, kind, day, at)), None)
        if away is not None:
            people = people[people.index(away) + 1 :]
            edits.append((away.pk, day, code))
    reason = "Dua agent sakit, satu izin"
    roster = services.roster_begin(site=site, month=month, reason=reason, actor=wfm, now=at)
    services.cells_write(roster_id=roster.pk, edits=edits, actor=wfm, now=at)
    publish(roster, wfm, staff.users[f"team_leader.{site.code.lower()}"], at)


def _signed(staff: Staff, now: datetime, back: int) -> None:
    """A day's validations of the next one: by the afternoon, one of them late, one of them not yet."""
    for site in Site.objects.order_by("pk"):
        start = start_of_day(local_day(now, site.zone) - timedelta(days=back), site.zone)
        checks_watch(now=min(now, start + timedelta(minutes=5)))
        leader = staff.users[f"team_leader.{site.code.lower()}"]
        late = start + timedelta(hours=26)  # after the day before is over
        for check in RosterCheck.objects.filter(site=site).waiting().order_by("day", "pk"):
            night = check.shift.code == "M"
            at = late if night and back == 2 else start + timedelta(hours=14)
            at = start + (now - start) / 3 if back == 0 else at
            if at > now or check.blocking or (night and back in (0, 1)):
                continue
            note = "Kekurangan ditutup agent siaga." if check.warnings else ""
            check_sign(check_id=check.pk, digest=check.digest, note=note, actor=leader, now=at)


def _swaps(staff: Staff, site: Site, now: datetime) -> None:
    """One that was approved, for a shift of tomorrow that had been signed off; one that waits for the team leader, one
    that waits for the agent's answer."""
    leader = staff.users[f"team_leader.{site.code.lower()}"]
    agent = staff.users[f"agent.{site.code.lower()}"]
    tomorrow = local_day(now, site.zone) + timedelta(days=1)
    later = now - timedelta(hours=1)
    for one, two in _pairs(site, tomorrow):
        asked = _ask(one, two, tomorrow, REASONS[0], later)
        if asked is None:
            continue
        swaps.swap_accept(swap_id=asked.pk, actor=_user(two), now=later)
        try:
            with transaction.atomic():
                swaps.swap_approve(swap_id=asked.pk, actor=leader, now=later + timedelta(minutes=20))
            break
        except Refused:
            note = "Istirahat antar shift kurang."
            swaps.swap_refuse(swap_id=asked.pk, note=note, actor=leader, now=later + timedelta(minutes=20))
    for ahead in range(3, 12):
        day = tomorrow + timedelta(days=ahead)
        pair = next(iter(_pairs(site, day)), None)
        asked = _ask(*pair, day, REASONS[1], later) if pair else None
        if asked is not None:
            swaps.swap_accept(swap_id=asked.pk, actor=_user(asked.other), now=now - timedelta(minutes=40))
            break
    for ahead in range(2, 12):
        day = tomorrow + timedelta(days=ahead)
        mine = RosterLine.objects.in_force().filter(person=agent.person, day=day, kind=DayKind.SHIFT).first()
        others = RosterLine.objects.in_force().filter(roster__site=site, day=day, kind=DayKind.SHIFT)
        free = others.filter(shift__leads=False, person__user=None, person__last_working_day=None)
        other = free.exclude(shift=mine.shift).order_by("person__number").first() if mine else None
        if other is not None and agent.person and _ask(other.person, agent.person, day, REASONS[2], later):
            break


def _pairs(site: Site, day: date) -> Iterable[tuple[Person, Person]]:
    """People of the morning and of the afternoon of that day; those first who would have their rest."""
    worked = RosterLine.objects.in_force().filter(roster__site=site, kind=DayKind.SHIFT)
    rows = worked.filter(day=day, person__last_working_day=None).select_related("person__site")
    before = worked.filter(day=day - timedelta(days=1)).values("person_id")
    after = worked.filter(day=day + timedelta(days=1), shift__code__startswith="P").values("person_id")
    mornings = rows.filter(shift__code__startswith="P").exclude(person__in=after).order_by("-person__number")[:4]
    afternoons = rows.filter(shift__code__startswith="S").exclude(person__in=before).order_by("-person__number")[:4]
    return product([one.person for one in mornings], [one.person for one in afternoons])


def _ask(one: Person, two: Person, day: date, reason: str, now: datetime) -> ShiftSwap | None:
    if ShiftSwap.objects.filter(person=one, day=day).exists():
        return None
    return swaps.swap_ask(day=day, other_id=two.pk, other_day=day, reason=reason, actor=_user(one), now=now)


def _user(person: Person) -> User:
    """An agent's log-in; the demo prints none of these."""
    found = User.objects.filter(person=person).first()
    if found is None:
        first, _space, last = person.name.partition(" ")
        found = User(username=f"agent.{person.number}", person=person, first_name=first, last_name=last)
        found.set_unusable_password()
        found.save()
        RoleAssignment.objects.create(user=found, role=Role.AGENT, site=person.site, starts_on=person.joined_on)
    return found


def _to_come(staff: Staff, site: Site, now: datetime) -> None:
    """The month to come: validated at one site; at the other a draft with findings that block."""
    wfm, today = staff.users["wfm"], local_day(now, site.zone)
    month = next_month(next_month(today) if near(today) else today)
    roster = month_made(site, month, wfm, now - timedelta(days=1))
    if site.code == "JKT":
        kept = services.roster_findings(roster, now=now)
        blocked = {(one["person"], date.fromisoformat(one["day"])) for one in kept if one["blocks"] and one["person"]}
        edits = [(person_id, day, "OFF") for person_id, day in blocked]
        services.cells_write(roster_id=roster.pk, edits=edits, actor=wfm, now=now - timedelta(hours=2))
        services.roster_validate(roster_id=roster.pk, actor=staff.users["team_leader.jkt"], now=now)
        return
    rows = RosterLine.objects.filter(roster=roster, kind=DayKind.SHIFT, shift__code__startswith="P", day__gt=month)
    for line in rows.filter(person__last_working_day=None).order_by("person__number", "day")[:2]:
        before = line.day - timedelta(days=1)
        services.cells_write(roster_id=roster.pk, edits=[(line.person_id, before, "M")], actor=wfm, now=now)
