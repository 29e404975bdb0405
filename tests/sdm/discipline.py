"""Cases of pembinaan brought to any state by their path, for the tests of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from occ.approvals.proving import Proof
from occ.documents.choices import Purpose
from occ.documents.signing import Signing
from occ.people.choices import Role
from occ.people.models import Person, User
from sdm.discipline.choices import CaseStatus, Matter
from sdm.discipline.levels import TERMINATION
from sdm.models import DisciplineCase, WarningLetter
from sdm.services import discipline, discipline_letters, leavings
from tests.documents.test_pages import PNG
from tests.factories import NOW, Floor, user

DAYS = timedelta(days=1)
WITNESSES = [{"name": "Saksi Satu", "position": "Team Leader"}, {"name": "Saksi Dua", "position": "Admin"}]


def signing(actor: User, purpose: str, now: datetime = NOW) -> Signing:
    return Signing(actor.pk, str(actor), "Jabatan", purpose, now)


def proof(actor: User, now: datetime = NOW) -> Proof:
    return Proof(actor.pk, False, now)


def agent_user(person: Person) -> User:
    """The person's own log-in."""
    found = User.objects.filter(person=person).first()
    if found is None:
        found = user(Role.AGENT, person.site, name=f"own.{person.number.lower()}")
        found.person = person
        found.save(update_fields=["person"])
    return found


def relations() -> User:
    return user(Role.HR_RELATIONS)


def opened(floor: Floor, person: Person | None = None, *, matter: str = Matter.DISCIPLINE, now: datetime = NOW,
           actor: User | None = None) -> DisciplineCase:  # fmt: skip
    return discipline.case_open(
        person=person or floor.agent, matter=matter, about="Rahasia: terlambat tiga kali", actor=actor or floor.leader,
        now=now,
    )  # fmt: skip


def given(floor: Floor, case: DisciplineCase, name: str, actor: User, now: datetime) -> dict[str, Any]:
    """What a step asks for, complete."""
    today = now.astimezone(case.site.zone).date()
    if name == "coach":
        return {"method": "coaching", "note": "Rahasia: dibicarakan", "target": "Tepat waktu",
                "improve_until": today + 14 * DAYS}  # fmt: skip
    if name == "request":
        return {"violated_on": today, "reason": "Rahasia: terlambat lagi", "clause": "PP pasal 12 ayat 3",
                "signing": signing(actor, Purpose.PREPARED, now)}  # fmt: skip
    if name == "issue":
        return {"signing": signing(actor, Purpose.APPROVED, now)}
    if name == "receive":
        return {"proof": proof(actor, now)}
    if name == "refuse":
        return {"note": "Rahasia: menolak", "witnesses": WITNESSES}
    if name == "paper":
        return {"note": "Rahasia: ditandatangani", "file": SimpleUploadedFile("surat.png", PNG)}
    if name == "exit":
        return {"last_working_day": today + 3 * DAYS, "note": "Rahasia: disepakati"}
    return {"note": "Rahasia: catatan"}


SERVICES: dict[str, Any] = {
    "coach": discipline.case_coach, "appreciate": discipline.case_appreciate, "cancel": discipline.case_cancel,
    "improve": discipline.case_improve, "proceed": discipline.case_proceed, "verify": discipline.case_verify,
    "identify": discipline.case_identify, "file": discipline.case_file,
    "request": discipline_letters.warning_request, "issue": discipline_letters.warning_issue,
    "finalise": discipline_letters.case_finalise, "return": discipline_letters.warning_return,
    "receive": discipline_letters.warning_receive, "refuse": discipline_letters.warning_refuse,
    "paper": discipline_letters.warning_on_paper,
    "exit": discipline_letters.case_exit, "spare": discipline_letters.case_spare, "end": discipline_letters.case_end,
}  # fmt: skip


def do(
    floor: Floor, case: DisciplineCase, name: str, actor: User, now: datetime = NOW, **change: Any
) -> DisciplineCase:
    SERVICES[name](case_id=case.pk, actor=actor, now=now, **given(floor, case, name, actor, now) | change)
    case.refresh_from_db()
    return case


def watch(floor: Floor, case: DisciplineCase, now: datetime = NOW) -> None:
    discipline.monitoring_add(case_id=case.pk, note="Rahasia: diamati", actor=floor.leader, now=now)


def letters(floor: Floor, person: Person, levels: int, now: datetime) -> None:
    """So many letters in force, one above the other, each after a violation on the day after the last."""
    case = at_problem(floor, opened(floor, person, now=now), now)
    for n in range(levels):
        moment = now + n * 2 * DAYS
        do(floor, case, "request", floor.leader, moment)
        do(floor, case, "issue", relations(), moment)
        do(floor, case, "refuse", relations(), moment)
        do(floor, case, "proceed", floor.leader, moment + 5 * DAYS)
        watch(floor, case, moment + 5 * DAYS)
        do(floor, case, "identify", floor.leader, moment + 5 * DAYS)
    assert WarningLetter.objects.standing().filter(person=person).count() == levels


def at_problem(floor: Floor, case: DisciplineCase, now: datetime = NOW) -> DisciplineCase:
    do(floor, case, "coach", floor.leader, now)
    do(floor, case, "improve", agent_user(case.person), now)
    watch(floor, case, now)
    return do(floor, case, "identify", floor.leader, now)


def brought(floor: Floor, state: str, person: Person | None = None) -> DisciplineCase:
    """A case that stands there, by its path; `final` and beyond after SP 1 to 3."""
    S, person, hr = CaseStatus, person or floor.agent, relations()
    agent = agent_user(person)
    if state in {S.FINAL, S.EXITING, S.ENDED}:
        case = at_problem(floor, opened(floor, person, now=NOW - 40 * DAYS), NOW - 40 * DAYS)
        for n in range(3):
            moment = NOW - (30 - 9 * n) * DAYS
            do(floor, case, "request", floor.leader, moment)
            do(floor, case, "issue", hr, moment)
            do(floor, case, "receive", agent, moment)
            do(floor, case, "improve", agent, moment)
            watch(floor, case, moment)
            do(floor, case, "identify", floor.leader, moment)
        do(floor, case, "request", floor.leader, NOW)
        assert discipline_letters.expected(case, NOW) == TERMINATION
        do(floor, case, "finalise", hr)
        if state != S.FINAL:
            do(floor, case, "exit", hr)
        if state == S.ENDED:
            leavings.interview_waive(leaving_id=case.leaving_id or 0, note="x", actor=hr, now=NOW)
            do(floor, case, "end", hr)
        return case
    case = opened(floor, person)
    if state == S.APPRECIATED:
        return do(floor, case, "appreciate", floor.leader)
    if state == S.CANCELLED:
        return do(floor, case, "cancel", floor.leader)
    if state == S.ASSESSED:
        return case
    do(floor, case, "coach", floor.leader)
    if state == S.COACHED:
        return case
    do(floor, case, "improve", agent)
    if state == S.IMPROVING:
        return case
    watch(floor, case)
    if state in {S.IMPROVED, S.FILED}:
        do(floor, case, "verify", floor.leader)
        return do(floor, case, "file", hr) if state == S.FILED else case
    do(floor, case, "identify", floor.leader)
    if state in {S.SP_REQUESTED, S.SP_ISSUED}:
        do(floor, case, "request", floor.leader)
    if state == S.SP_ISSUED:
        do(floor, case, "issue", hr)
    assert case.status == state
    return case
