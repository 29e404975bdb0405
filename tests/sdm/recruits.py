"""A request for people brought to any state, and candidates brought to any stage, by the services alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

from occ.people.choices import Role
from occ.people.models import User
from sdm.models import Candidate, Position, Recruitment
from sdm.services import candidates, recruitments
from tests.factories import DAY, NOW, Floor, user

NEEDED = DAY + timedelta(days=40)
_numbers = count(1)
FITTING: dict[str, Any] = {"education": "s1", "experience_months": 30, "skills": ["aplikasi  office"]}
CONTRACT: dict[str, Any] = {
    "contract_number": "PKWT/1", "contract_from": DAY + timedelta(days=20), "contract_until": date(2027, 12, 9),
    "id_card": "ID-1",
}  # fmt: skip


def staff(role: Role) -> User:
    return user(role)


def requested(floor: Floor, **values: Any) -> Recruitment:
    given: dict[str, Any] = {
        "site": floor.jkt, "position": Position.objects.get(code="agent"), "people": 2, "needed_by": NEEDED,
        "why": "replacement", "explanation": "Dua agent mengundurkan diri.", "actor": user(Role.COORDINATOR, floor.jkt),
        "now": NOW,
    }  # fmt: skip
    return recruitments.recruitment_request(**given | values)


def recruiting(floor: Floor, **values: Any) -> Recruitment:
    row = requested(floor, **values)
    recruitments.recruitment_verify(recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
    recruitments.scheme_approve(
        recruitment_id=row.pk, bpjs_health=True, bpjs_labour=True, pph21=True, fits_pks=True,
        actor=staff(Role.HR_PAYROLL), now=NOW,
    )  # fmt: skip
    row.refresh_from_db()
    return row


def applied(row: Recruitment, **values: Any) -> Candidate:
    number = next(_numbers)
    given = FITTING | {
        "name": f"Pelamar {number}",
        "nik": f"317101010190{number:04}",
        "phone": f"0812 3456 {number:04}",
    }
    return candidates.candidate_add(
        recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW, **given | values
    )  # fmt: skip


def passed(row: Recruitment, **values: Any) -> Candidate:
    found = applied(row, **values)
    trains: dict[str, Any] = {"candidate_id": found.pk, "actor": staff(Role.HR_TRAINING), "now": NOW}
    candidates.candidate_check(candidate_id=found.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)
    candidates.candidate_train(**trains)
    candidates.candidate_pass(training_score=88, **trains)
    return found


def listed(floor: Floor, row: Recruitment) -> None:
    recruitments.list_submit(recruitment_id=row.pk, actor=staff(Role.HR_RECRUITMENT), now=NOW)


def contracting(floor: Floor, row: Recruitment) -> None:
    listed(floor, row)
    operation: dict[str, Any] = {"recruitment_id": row.pk, "actor": user(Role.COORDINATOR, floor.jkt), "now": NOW}
    recruitments.list_approve(list_digest=recruitments.list_digest(row.pk), **operation)
    recruitments.final_send(**operation)


def signed(found: Candidate) -> None:
    step: dict[str, Any] = {"candidate_id": found.pk, "actor": staff(Role.HR_RELATIONS), "now": NOW}
    candidates.candidate_contract(**step, **CONTRACT)
    candidates.candidate_sign(signed_on=DAY, **step)


def hired(found: Candidate, number: str = "") -> Candidate:
    return candidates.candidate_hire(
        candidate_id=found.pk, number=number or f"R{found.pk:05}", actor=staff(Role.HR_RELATIONS), now=NOW
    )


def request_at(floor: Floor, state: str) -> Recruitment:
    """A request that stands there, by its path."""
    operation, hr = user(Role.COORDINATOR, floor.jkt), staff(Role.HR_RECRUITMENT)
    if state in {"requested", "revision", "scheme", "cancelled"}:
        row = requested(floor)
        if state == "revision":
            recruitments.recruitment_send_back(recruitment_id=row.pk, note="x", actor=hr, now=NOW)
        if state == "scheme":
            recruitments.recruitment_verify(recruitment_id=row.pk, actor=hr, now=NOW)
        if state == "cancelled":
            recruitments.recruitment_cancel(recruitment_id=row.pk, note="x", actor=operation, now=NOW)
    else:
        row = recruiting(floor)
        one = passed(row)
        order: list[tuple[str, Callable[[], Any]]] = [
            ("with_operation", lambda: listed(floor, row)),
            ("list_approved", lambda: recruitments.list_approve(
                recruitment_id=row.pk, list_digest=recruitments.list_digest(row.pk), actor=operation, now=NOW)),
            ("contracting", lambda: recruitments.final_send(recruitment_id=row.pk, actor=operation, now=NOW)),
            ("hired", lambda: (signed(one), hired(one), recruitments.recruitment_finish(
                recruitment_id=row.pk, note="Cukup satu.", actor=staff(Role.HR_RELATIONS), now=NOW))),
            ("bapp", lambda: recruitments.bapp_make(recruitment_id=row.pk, actor=hr, now=NOW)),
            ("received", lambda: recruitments.bapp_receive(recruitment_id=row.pk, actor=operation, now=NOW)),
        ]  # fmt: skip
        for name, deed in order:
            if state == "recruiting":
                break
            deed()
            if name == state:
                break
    row.refresh_from_db()
    assert row.status == state
    return row
