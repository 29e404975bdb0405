"""Contract, signing and hiring of a candidate (MO 4.1.1): from then on an employee."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Faults, Invalid
from occ.people.actors import Actor
from occ.people.models import Person, Team, User
from occ.texts import kept
from occ.times import in_reach, local_day
from sdm.choices import EmploymentKind
from sdm.models import Candidate, Employee, Recruitment
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.training import candidate_hired
from sdm.recruiting.workflow import CANDIDATE
from sdm.services import employees
from sdm.services.candidates.records import request_locked
from sdm.services.candidates.steps import stepped
from sdm.services.employments import Terms, limit_check, terms_check


def candidate_contract(
    *, candidate_id: int, contract_number: str, contract_from: date, contract_until: date | None = None, id_card: str,
    note: str = "", actor: Actor, now: datetime,
) -> Candidate:  # fmt: skip
    """Contract and ID card are made. Raises Invalid where the terms cannot be."""
    number, card, faults = " ".join(contract_number.split()), " ".join(id_card.split()), Faults()
    if not number:
        faults.add(_("The contract has a number."), field="contract_number")
    if not card or len(card) > 40:
        faults.add(_("The ID card has a number of at most 40 characters."), field="id_card")
    also = {
        "contract_number": number[:60], "contract_from": contract_from, "contract_until": contract_until,
        "id_card": card[:40],
    }  # fmt: skip
    states = frozenset({R.CONTRACTING})
    with stepped(candidate_id, "contract", states, actor=actor, now=now, note=note, also=also) as (found, row):
        terms = Terms(row.kind, contract_from, contract_until, number)
        before = _worked_here(found)
        with faults.of():
            terms_check(terms, at=now)
            if before is not None:  # found out before it is signed
                limit_check(before.pk, terms, at=now)
        names = {"agreed_until": "contract_until", "number": "contract_number"}
        for one in faults.found:
            one.field = names.get(one.field or "", one.field)
        faults.tell()
    return found


def candidate_sign(*, candidate_id: int, signed_on: date, note: str = "", actor: Actor, now: datetime) -> Candidate:
    """The PKWT was explained and signed. Raises Invalid for a day that has not come."""
    if not in_reach(signed_on):
        raise Invalid(_("The date is not possible."), field="signed_on")
    also = {"signed_on": signed_on}
    with stepped(candidate_id, "sign", None, actor=actor, now=now, note=note, also=also) as (found, _row):
        if signed_on > local_day(now, found.site.zone):
            raise Invalid(_("The date lies in the future."), field="signed_on")
    return found


def candidate_hire(
    *, candidate_id: int, number: str, work_email: str = "", team: Team | None = None, leader: Person | None = None,
    note: str = "", actor: User, now: datetime,
) -> Candidate:  # fmt: skip
    """An active employee, with the contract that was signed; who worked here before is taken on again.

    What identifies the candidate is the employee's from now on, and is kept there only.
    """
    with transaction.atomic():
        row = request_locked(Candidate.objects.values_list("recruitment_id", flat=True).get(pk=candidate_id))
        found = Candidate.objects.select_for_update(of=("self",), no_key=True).get(pk=candidate_id)
        person = None
        if found.status == C.SIGNED and CANDIDATE.find("hire").open_to(actor, row.site):
            person = _employed(found, row, number, work_email, team, leader, actor, now)
        also = {"employee": person, "nik": "", "phone": "", "email": "", "birth_date": ""}
        with stepped(candidate_id, "hire", None, actor=actor, now=now, note=note, also=also) as (found, _row):
            assert person is not None
            candidate_hired.send(
                Candidate, candidate=found, person=person, on=found.contract_from, actor=actor, now=now
            )
    return found


def _worked_here(found: Candidate) -> Employee | None:
    """The employee with the same national ID number."""
    rows = Employee.objects.filter(nik_mark=found.nik_mark).select_related("person")
    return rows.first() if found.nik_mark else None


def _employed(
    found: Candidate, row: Recruitment, number: str, work_email: str, team: Team | None, leader: Person | None,
    actor: User, now: datetime,
) -> Person:  # fmt: skip
    assert found.contract_from is not None
    until = found.contract_until if row.kind == EmploymentKind.PKWT else None
    terms = Terms(row.kind, found.contract_from, until, found.contract_number, signed_on=found.signed_on)
    place: dict[str, Any] = {
        "position": row.position.title, "site": row.site, "team": team, "leader": leader, "contract": terms,
        "actor": actor, "now": now,
    }  # fmt: skip
    before = _worked_here(found)
    if before is not None and before.person.last_working_day is not None:
        employees.employee_rejoin(
            person_id=before.pk,
            on=found.contract_from,
            note=kept(gettext_noop("Taken on again by recruitment")),
            **place,
        )
        person = before.person
        person.refresh_from_db()
        told = {"phone": found.phone} if found.phone else {}
        employees.employee_edit(
            person_id=person.pk, name=person.name, email=work_email or person.email,
            note=kept(gettext_noop("Taken on again by recruitment")), actor=actor, now=now, **told,
        )  # fmt: skip
        return person
    personal: dict[str, Any] = {"nik": found.nik, "phone": found.phone, "skills": [s[:40] for s in found.skills]}
    if found.birth_date:
        personal["birth_date"] = date.fromisoformat(found.birth_date)
    made = employees.employee_hire(
        number=number, name=found.name, email=work_email, joined_on=found.contract_from, **place, **personal
    )
    return made.person
