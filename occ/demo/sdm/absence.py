"""A year of leave in the demo, and requests at each step today (SDM-9)."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

import typst
from django.core.files.base import ContentFile

from occ.demo.people import Staff
from occ.errors import Refused
from occ.people.models import Person, User
from occ.times import JAKARTA, local_day
from sdm.models import LeaveRequest
from sdm.services import absence

REASONS = {
    "permission": ["Mengurus dokumen kependudukan.", "Mengantar orang tua ke rumah sakit."],
    "unpaid": ["Keperluan keluarga di luar kota."],
    "sick": ["Demam dan flu.", "Radang tenggorokan.", "Sakit gigi."],
}
KINDS = ("annual", "annual", "annual", "sick", "sick", "permission", "marries", "death", "birth", "unpaid")
AHEAD = ("requested", "requested", "requested", "approved", "approved", "confirmed", "confirmed", "refused")


def leave(staff: Staff, now: datetime) -> None:
    """Before the rosters of the floor: who is away is not planned."""
    rng, today = random.Random(17), local_day(now, JAKARTA)  # noqa: S311 - invented people
    people = list(
        Person.objects.filter(position__in=["Agent", "Verifikator"], last_working_day=None, joined_on__lt=today)
        .select_related("site").order_by("pk")
    )  # fmt: skip
    for i, person in enumerate(people):
        for kind in rng.sample(KINDS, 1 + i % 2):
            first = today - timedelta(days=rng.randrange(20, 330))
            if first > person.joined_on:
                _lived(staff, person, kind, first, rng)
    for state, person in zip(AHEAD, _known_first(staff, people), strict=False):
        first = today + timedelta(days=rng.randrange(6, 24))
        _brought(staff, person, state, first, now - timedelta(hours=rng.randrange(2, 30)))
    _ill_today(staff, people[-1], today, now)


def _known_first(staff: Staff, people: list[Person]) -> list[Person]:
    """Who has a log-in first, so that each of them finds something."""
    with_log_in = {user.person_id for user in staff.users.values() if user.person_id}
    return sorted(people, key=lambda one: (one.pk not in with_log_in, one.pk))


def _ask(person: Person, kind: str, first: date, days: int, now: datetime, rng: random.Random) -> LeaveRequest | None:
    hr, user = User.objects.get(username="hr_relations"), User.objects.filter(person=person).first()
    given: dict[str, Any] = {"reason": rng.choice(REASONS.get(kind, [""]))}
    if kind == "sick":
        pdf = typst.compile(b"= Surat Keterangan Dokter\n\nYang bersangkutan perlu beristirahat.")
        assert isinstance(pdf, bytes)
        given["file"] = ContentFile(pdf, "surat-dokter.pdf")
    last = first + timedelta(days=days - 1)
    try:
        return absence.leave_ask(
            person_id=person.pk, kind=kind, starts_on=first, ends_on=last, actor=user or hr, now=now, **given
        )
    except Refused:  # no working day, or no leave left: then not
        return None


def _leader(staff: Staff, leave: LeaveRequest, day: date) -> User:
    """The leader of that day, where they still lead the person; else the site's coordinator."""
    person = leave.employee.person
    team = person.team_on(day)
    found = User.objects.filter(person=staff.leaders[team.pk]).first() if team and team.pk in staff.leaders else None
    if found is not None and absence.may_decide(found, leave):
        return found
    return staff.users[f"coordinator.{leave.site.code.lower()}"]


def told(staff: Staff, person: Person, kind: str, day: date, now: datetime) -> bool:
    """Somebody is away on that day: told of, agreed to and confirmed. False where that is refused."""
    made = _ask(person, kind, day, 1, now, random.Random(person.pk))  # noqa: S311
    if made is None:
        return False
    step: dict[str, Any] = {"leave_id": made.pk, "now": now + timedelta(minutes=20)}
    absence.leave_approve(actor=_leader(staff, made, local_day(now, JAKARTA)), **step)
    absence.leave_confirm(actor=staff.users["wfm"], **step)
    return True


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), JAKARTA)


def _lived(staff: Staff, person: Person, kind: str, first: date, rng: random.Random) -> None:
    """Asked for, decided, confirmed and taken, each on its day."""
    asked = first if kind in ("sick", "death") else first - timedelta(days=rng.randrange(4, 12))
    limit = {"annual": 4, "sick": 2, "marries": 3, "death": 2, "birth": 2, "permission": 1}.get(kind, 2)
    made = _ask(person, kind, first, rng.randrange(1, limit + 1), at(asked, 8), rng)
    if made is None:
        return
    leader = _leader(staff, made, asked)
    if rng.random() < 0.08 and kind in ("annual", "unpaid"):
        absence.leave_refuse(leave_id=made.pk, note="Jadwal sudah penuh.", actor=leader, now=at(asked, 10))
        return
    late = timedelta(days=4) if rng.random() < 0.06 else timedelta(0)
    absence.leave_approve(leave_id=made.pk, actor=leader, now=at(asked, 10) + late)
    absence.leave_confirm(leave_id=made.pk, actor=staff.users["wfm"], now=at(asked, 14) + late)
    absence.leaves_end(now=at(made.ends_on + timedelta(days=1), 7))


def _brought(staff: Staff, person: Person, state: str, first: date, now: datetime) -> None:
    made = _ask(person, "annual", first, 2, now, random.Random(first.toordinal()))  # noqa: S311
    if made is None:
        return
    leader = _leader(staff, made, local_day(now, JAKARTA))
    step: dict[str, Any] = {"leave_id": made.pk, "now": now + timedelta(minutes=40)}
    if state == "refused":
        absence.leave_refuse(actor=leader, note="Terlalu banyak yang cuti pada hari itu.", **step)
    if state in ("approved", "confirmed"):
        absence.leave_approve(actor=leader, **step)
    if state == "confirmed":
        absence.leave_confirm(actor=staff.users["wfm"], **step)


def _ill_today(staff: Staff, person: Person, today: date, now: datetime) -> None:
    """Somebody is ill since this morning; the doctor's note has not come."""
    hr = staff.users["hr_relations"]
    absence.leave_ask(
        person_id=person.pk, kind="sick", starts_on=today, ends_on=today, reason="Demam.", actor=hr,
        now=now - timedelta(minutes=50),
    )  # fmt: skip
