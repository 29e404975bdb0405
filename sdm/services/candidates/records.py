"""Candidates as they are recorded, put right and judged against the specification (SDM-2, SDM-3; UU 27/2022).

Nothing here asks for or keeps sex or looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import FIRST_BIRTH_YEAR, local_day
from occ.workflow.services import begin
from sdm.models import Candidate, Criterion, Recruitment
from sdm.personal import nik_clean, nik_mark
from sdm.positions.choices import Education
from sdm.positions.policies import AGE_BASIS
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import Judgement
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.judging import Asked, Brought, judge
from sdm.recruiting.personal import phone_clean, phone_mark, reads_id
from sdm.recruiting.workflow import CANDIDATE, RECRUIT
from sdm.services.employees import email_clean, name_clean

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


def must(row: Recruitment, states: frozenset[str] | set[str]) -> None:
    if row.status not in states:
        words = _("The request stands at “%(state)s”: this cannot be done now.")
        raise WrongState(words % {"state": row.get_status_display()})


@transaction.atomic
def candidate_add(*, recruitment_id: int, actor: User, now: datetime, **given: Any) -> Candidate:
    """Somebody applies; the criteria are judged at once. Raises NotAllowed, Invalid, WrongState."""
    row = request_locked(recruitment_id)
    if not has_role(actor, RECRUIT, site=row.site):
        raise NotAllowed
    must(row, LOOKED_FOR)
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
