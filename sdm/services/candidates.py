"""Candidates: recorded, judged against the specification, trained, approved, under contract, hired; or forgotten
(SDM-3; MO 4.1.1; UU 27/2022). Nothing here asks for or keeps sex or looks.

Locks: the request first, then the candidate, then a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.models import Person, Team, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import FIRST_BIRTH_YEAR, in_reach, local_day
from occ.workflow.services import begin, step
from sdm.choices import EmploymentKind
from sdm.models import Candidate, Criterion, Employee, Recruitment
from sdm.personal import nik_clean, nik_mark
from sdm.positions.choices import Education
from sdm.positions.policies import AGE_BASIS
from sdm.recruiting import training
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import Judgement
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.deadlines import forgotten_since
from sdm.recruiting.judging import Asked, Brought, judge
from sdm.recruiting.personal import phone_clean, phone_mark, reads_id
from sdm.recruiting.policies import KEPT
from sdm.recruiting.training import candidate_gone, candidate_hired, training_begun
from sdm.recruiting.workflow import CANDIDATE, RECRUIT
from sdm.services import employees
from sdm.services.employees import email_clean, name_clean
from sdm.services.employments import Terms, limit_check, terms_check

FIELDS = ("name", "nik", "phone", "email", "birth_date", "education", "study", "experience_months", "skills", "source")
SAFE = ("education", "experience_months", "skills")  # what the ledger may say
LOOKED_FOR = frozenset({R.RECRUITING})


def age_applies(now: datetime) -> str:
    """The legal basis by which an age limit is applied, or "": then nobody's birth date is asked for."""
    rows = policy_value(AGE_BASIS, at=now)
    return str(rows[0]["basis"]) if rows else ""


CLEAN: dict[str, Callable[[str], str]] = {
    "name": name_clean, "nik": nik_clean, "phone": phone_clean, "email": email_clean,
}  # fmt: skip


def facts_clean(given: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The fields among `given`, checked and in one form. Raises Invalid."""
    found, faults = {name: given[name] for name in FIELDS if name in given}, Faults()
    for name, clean in CLEAN.items():
        if name in found:
            with faults.of():
                found[name] = clean(found[name] or "")
    if "birth_date" in found:
        born = found["birth_date"]
        if born and not age_applies(now):
            words = _("No date of birth is kept: no policy names a law by which the age limit is applied.")
            faults.add(words, field="birth_date", code="age_not_applied")
        elif born and not FIRST_BIRTH_YEAR <= born.year <= now.year - 15:
            faults.add(_("This date of birth is not possible."), field="birth_date")
        found["birth_date"] = born.isoformat() if born else ""
    if found.get("education") and found["education"] not in Education.values:
        faults.add(_("There is no such education."), field="education")
    if not 0 <= int(found.get("experience_months") or 0) <= 600:
        faults.add(_("Experience is 0 to 600 months."), field="experience_months")
    if "skills" in found:
        found["skills"] = sorted({" ".join(one.split()) for one in found["skills"]} - {""}, key=str.casefold)
        if len(found["skills"]) > 30 or any(len(one) > 60 for one in found["skills"]):
            faults.add(_("At most 30 skills of at most 60 characters."), field="skills")
    faults.tell()
    for name in ("study", "source"):
        if name in found:
            found[name] = " ".join((found[name] or "").split())[:80]
    if "nik" in found:
        found["nik_mark"] = nik_mark(found["nik"])
    if "phone" in found:
        found["phone_mark"] = phone_mark(found["phone"])
    return found


def request_locked(recruitment_id: int) -> Recruitment:
    rows = Recruitment.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("site", "position", "version").get(pk=recruitment_id)


def _must(row: Recruitment, states: frozenset[str] | set[str]) -> None:
    if row.status not in states:
        words = _("The request stands at “%(state)s”: this cannot be done now.")
        raise WrongState(words % {"state": row.get_status_display()})


@transaction.atomic
def candidate_add(*, recruitment_id: int, actor: User, now: datetime, **given: Any) -> Candidate:
    """Somebody applies; the criteria are judged at once. Raises NotAllowed, Invalid, WrongState."""
    row = request_locked(recruitment_id)
    if not has_role(actor, RECRUIT, site=row.site):
        raise NotAllowed
    _must(row, LOOKED_FOR)
    facts = facts_clean({"name": "", **given}, now=now)
    made = Candidate(
        recruitment=row, site=row.site, recorded_at=now, recorded_by=actor, since=now, **facts,
    )  # fmt: skip
    _save(made, actor, kept(gettext_noop("Recorded")), now, new=True)
    begin(CANDIDATE, made, actor=actor, now=now)
    criteria_judge(made, row, actor=actor, now=now)
    return made


def _save(made: Candidate, actor: Actor, why: str, now: datetime, *, new: bool = False, fields: Sequence[str] = ()
          ) -> None:  # fmt: skip
    sign(made, actor, why, now=now)
    try:
        with transaction.atomic():
            made.save(force_insert=True) if new else made.save(update_fields=list(fields))
    except IntegrityError as error:
        words = _("Somebody with this national ID number is a candidate of this request already.")
        raise Invalid(words, field="nik", code="twice") from error


@transaction.atomic
def candidate_edit(*, candidate_id: int, actor: User, now: datetime, **given: Any) -> Candidate:
    """Put right what is known of somebody who is still in the pipeline; the criteria are judged anew."""
    row = request_locked(Candidate.objects.values_list("recruitment_id", flat=True).get(pk=candidate_id))
    if not has_role(actor, RECRUIT, site=row.site):
        raise NotAllowed
    found = Candidate.objects.select_for_update(no_key=True).get(pk=candidate_id)
    if found.status not in {C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED}:
        raise WrongState(_("What the list was made of is not changed any more."))
    facts = {name: value for name, value in facts_clean(given, now=now).items() if getattr(found, name) != value}
    for name, value in facts.items():
        setattr(found, name, value)
    if facts:
        _save(found, actor, kept(gettext_noop("Put right")), now, fields=list(facts))
        data = {"changed": sorted(set(facts) - {"nik_mark", "phone_mark"})}
        record(actor=actor, action="candidate.edited", subject=found, data=data, now=now, site=row.site)
        criteria_judge(found, row, actor=actor, now=now)
        if found.status != C.APPLIED and found.unmet:
            words = _("With this the candidate no longer meets the specification: waive it with a reason first.")
            raise Invalid(words, code="no_longer_fits")
    return found


def criteria_judge(found: Candidate, row: Recruitment, *, actor: Actor, now: datetime) -> None:
    """Judge every criterion by what is known now. A waiver stays as long as the same is asked for and not met."""
    version, applies = row.version, bool(age_applies(now))
    asked = Asked(version.education, version.experience_months, version.skills, version.age_limit if applies else None)
    born = date.fromisoformat(found.birth_date) if found.birth_date else None
    brought = Brought(found.education, found.experience_months, found.skills, born)
    held = {one.key: one for one in found.criteria.all()}
    for one in judge(asked, brought, on=local_day(now, row.site.zone)):
        known = held.get(one.key) or Criterion(candidate=found, key=one.key)
        stays = known.outcome == Judgement.WAIVED and not one.met and known.asked == one.asked
        if stays or (known.asked, known.brought, known.outcome) == (one.asked, one.brought, one.outcome):
            continue
        known.kind, known.asked, known.brought, known.outcome = one.kind, one.asked, one.brought, one.outcome
        known.reason, known.judged_at, known.waived_by = "", now, None
        sign(known, actor, now=now)
        known.save()


@transaction.atomic
def criterion_waive(*, criterion_id: int, reason: str, actor: User, now: datetime) -> Criterion:
    """Let a candidate go on without it, for a reason that is kept. Raises NotAllowed, Invalid, WrongState."""
    candidate_id = Criterion.objects.values_list("candidate_id", flat=True).get(pk=criterion_id)
    row = request_locked(Candidate.objects.values_list("recruitment_id", flat=True).get(pk=candidate_id))
    if not has_role(actor, RECRUIT, site=row.site):
        raise NotAllowed
    found = Criterion.objects.select_for_update(of=("self",), no_key=True).select_related("candidate").get(
        pk=criterion_id
    )  # fmt: skip
    if found.candidate.status != C.APPLIED:
        raise WrongState(_("Criteria are waived before the candidate is found to meet the specification."))
    if found.outcome != Judgement.NOT_MET:
        raise WrongState(_("Only what is not met can be waived."))
    reason = " ".join(reason.split())
    if not reason or len(reason) > 300:
        raise Invalid(_("Say why, in at most %(n)s characters.") % {"n": 300}, field="reason")
    found.outcome, found.reason, found.judged_at, found.waived_by = Judgement.WAIVED, reason, now, actor
    sign(found, actor, reason, now=now)
    found.save(update_fields=["outcome", "reason", "judged_at", "waived_by"])
    data = {"criterion": found.key, "reason": reason}
    record(actor=actor, action="candidate.waived", subject=found.candidate, data=data, now=now, site=row.site)
    return found


def nik_read(*, candidate_id: int, actor: User, now: datetime) -> str:
    """The whole national ID number; that it was read, and by whom, is in the ledger. Raises NotAllowed."""
    found = Candidate.objects.select_related("site").get(pk=candidate_id)
    if not reads_id(actor, found.site):
        raise NotAllowed
    record(actor=actor, action="candidate.nik_read", subject=found, data={}, now=now, site=found.site)
    return found.nik


# The steps -----------------------------------------------------------------------------------------------------------


@contextmanager
def _stepped(
    candidate_id: int, name: str, states: frozenset[str] | None, *, actor: Actor, now: datetime, note: str = "",
    evidence: dict[str, Any] | None = None, also: dict[str, Any] | None = None,
) -> Iterator[tuple[Candidate, Recruitment]]:  # fmt: skip
    """`states`: where the request must stand; None for wherever."""
    target = CANDIDATE.find(name).target
    fields = {"since": now, "ended_at": now if target in (C.REJECTED, C.WITHDRAWN, C.HIRED) else None, **(also or {})}
    with transaction.atomic():
        row = request_locked(Candidate.objects.values_list("recruitment_id", flat=True).get(pk=candidate_id))
        with step(
            CANDIDATE, Candidate, candidate_id, name, actor=actor, now=now, note=note, evidence=evidence, also=fields
        ) as found:
            if states is not None:
                _must(row, states)
            yield found, row
        if target in (C.REJECTED, C.WITHDRAWN):
            candidate_gone.send(Candidate, candidate=found, actor=actor, now=now)


def candidate_check(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    """Everything asked for is met or waived. Raises WrongState, naming what is not."""
    with _stepped(candidate_id, "check", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        if unmet := found.unmet:
            words = _("Not met and not waived: %(what)s.")
            raise WrongState(words % {"what": "; ".join(str(one) for one in unmet)})
    return found


def candidate_train(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    with _stepped(candidate_id, "train", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        _begin_training(found, actor, now)
    return found


def candidate_train_again(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    with _stepped(candidate_id, "again", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        _begin_training(found, actor, now)
    return found


def _begin_training(found: Candidate, actor: Actor, now: datetime) -> None:
    if (trainer := training.trainer()) is not None:
        trainer(found, actor, now)
    training_begun.send(Candidate, candidate=found, actor=actor, now=now)


def candidate_pass(
    *, candidate_id: int, training_score: int | None = None, note: str = "", actor: Actor, now: datetime
) -> Candidate:
    """The training softskill is passed; whoever trains tells it here."""
    score = _score(training_score)
    also = {"training_score": score}
    with _stepped(candidate_id, "pass", LOOKED_FOR, actor=actor, now=now, note=note, also=also) as (found, _row):
        pass
    return found


def candidate_fail(
    *, candidate_id: int, training_score: int | None = None, note: str, actor: Actor, now: datetime
) -> Candidate:
    also = {"training_score": _score(training_score)}
    with _stepped(candidate_id, "fail", LOOKED_FOR, actor=actor, now=now, note=note, also=also) as (found, _row):
        pass
    return found


def _score(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= 100:
        raise Invalid(_("A score lies between 0 and 100."), field="training_score")
    return value


def candidate_approve(*, candidate_id: int, actor: Actor, now: datetime) -> Candidate:
    """On the approved list; only as part of it (see recruitments.list_approve)."""
    with _stepped(candidate_id, "approve", frozenset({R.LIST_APPROVED}), actor=actor, now=now) as (found, _row):
        pass
    return found


def candidate_decline(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """The operation takes somebody off the list that it looks at."""
    states = frozenset({R.LISTED})
    with _stepped(candidate_id, "decline", states, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


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
    with _stepped(candidate_id, "contract", states, actor=actor, now=now, note=note, also=also) as (found, row):
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
    with _stepped(candidate_id, "sign", None, actor=actor, now=now, note=note, also=also) as (found, _row):
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
        with _stepped(candidate_id, "hire", None, actor=actor, now=now, note=note, also=also) as (found, _row):
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


def candidate_refuse(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """HR does not take somebody on who is not on an approved list."""
    with _stepped(candidate_id, "refuse", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


def candidate_end(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """The request ended without them."""
    with _stepped(candidate_id, "end", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


def candidate_withdraw(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    with _stepped(candidate_id, "withdraw", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


# Forgetting ----------------------------------------------------------------------------------------------------------


def candidates_forget(*, now: datetime, most: int = 500) -> int:
    """Anonymise whoever was not taken on and whose time is over (UU 27/2022 art. 16, 43-44); how many.

    What remains is that somebody applied, with which outcome: nothing that leads to them.
    """
    before = forgotten_since(now, float(policy_value(KEPT, at=now)))
    done = 0
    for pk in list(Candidate.objects.to_forget(before).order_by("ended_at").values_list("pk", flat=True)[:most]):
        done += _forget(pk, before, now)
    return done


@transaction.atomic
def _forget(candidate_id: int, before: datetime, now: datetime) -> bool:
    rows = Candidate.objects.to_forget(before).select_for_update(of=("self",), no_key=True, skip_locked=True)
    found = rows.filter(pk=candidate_id).select_related("site").first()
    if found is None:
        return False
    empty: dict[str, Any] = dict.fromkeys(("name", "nik", "phone", "email", "birth_date", "study", "source"), "")
    empty |= {"nik_mark": None, "phone_mark": None, "forgotten_at": now}
    for name, value in empty.items():
        setattr(found, name, value)
    sign(found, BEAT, kept(gettext_noop("Anonymised")), now=now)
    found.save(update_fields=list(empty))
    record(actor=BEAT, action="candidate.anonymised", subject=found, data={}, now=now, site=found.site)
    return True


TRANSITIONS: dict[str, Callable[..., Any]] = {
    "check": candidate_check,
    "train": candidate_train,
    "pass": candidate_pass,
    "fail": candidate_fail,
    "again": candidate_train_again,
    "approve": candidate_approve,
    "decline": candidate_decline,
    "contract": candidate_contract,
    "sign": candidate_sign,
    "hire": candidate_hire,
    "refuse": candidate_refuse,
    "end": candidate_end,
    "withdraw": candidate_withdraw,
}
