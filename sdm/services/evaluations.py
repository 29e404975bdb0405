"""One person's evaluation: scored, verified or sent back, told, signed (SDM-6; MO 4.1.4, boxes 1 to 3 and 8a).

Lock order: the period, the evaluation, obligations. While the report waits for its approval nothing of it can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue, document_revise
from occ.documents.signing import Signing
from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.notifications.services import notify
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.obligations.services import of as open_duty
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, User, in_force
from occ.people.scope import has_role, roles_of
from occ.policies.services import policy_value
from occ.times import local_day
from occ.workflow.services import step
from sdm.evaluating import notices
from sdm.evaluating.choices import EvaluationStatus as E
from sdm.evaluating.choices import PeriodStatus as P
from sdm.evaluating.deadlines import due_in_days
from sdm.evaluating.documents import PERSONAL, personal_body
from sdm.evaluating.policies import AGAIN_DAYS, scores_rule, telling_rule
from sdm.evaluating.scoring import CENT, HUNDRED, ZERO
from sdm.evaluating.workflow import EVALUATION, PERFORMANCE, VERIFIERS
from sdm.models import Evaluation, EvaluationPeriod, EvaluationResult, EvaluationSheet
from sdm.services.evaluation_reckoning import book_of, last_day, number, reckoned

WORDS = 2_000
OPEN = frozenset({P.COLLECTING, P.RETURNED})  # while scores may change
OUT = frozenset({P.DISTRIBUTED, P.VALIDATED, P.PAID})  # while people sign


def is_own(user: User, evaluation: Evaluation) -> bool:
    return user.person_id is not None and user.person_id == evaluation.person_id


def leads(user: User, evaluation: Evaluation) -> bool:
    """Whether that user is the superior: by the sheet's role, and of team leaders the one whose team it was on the
    month's last day, wherever the person is by now. A coordinator stands in for a team leader. Never of oneself."""
    role, site = evaluation.sheet.role, evaluation.site
    if is_own(user, evaluation):
        return False
    if role != Role.TEAM_LEADER:
        return has_role(user, {role}, site=site)
    if has_role(user, {Role.COORDINATOR}, site=site):
        return True
    held = [one for one in roles_of(user) if one.role == Role.TEAM_LEADER and one.site_id in (None, site.pk)]
    return any(one.team_id is None or one.team_id == evaluation.sheet.team_id for one in held)


def may_verify(user: User, evaluation: Evaluation) -> bool:
    """The performance function, but for what it scored itself and for its own people: there a coordinator."""
    site = evaluation.site
    if is_own(user, evaluation) or (evaluation.scored_by_id == user.pk and evaluation.status == E.SCORED):
        return False
    if has_role(user, PERFORMANCE, site=site):
        return True
    return has_role(user, VERIFIERS, site=site) and stood_in_for(evaluation)


def stood_in_for(evaluation: Evaluation) -> bool:
    if evaluation.sheet.role in PERFORMANCE:
        return True
    held = RoleAssignment.objects.filter(user__person=evaluation.person_id, role__in=PERFORMANCE, ends_on=None)
    return held.exists()


def may(user: User, evaluation: Evaluation, name: str) -> bool:
    """Beyond the flow's roles: who may make that step of this evaluation."""
    if name in {"score", "witness"}:
        return leads(user, evaluation)
    if name == "sign":
        return is_own(user, evaluation)
    return name != "tell" and may_verify(user, evaluation)


def _begun(pk: int, name: str, actor: User, allowed: frozenset[P]) -> Evaluation:
    """The evaluation behind its locked period. Raises NotAllowed, WrongState."""
    period_id = Evaluation.objects.values_list("period_id", flat=True).get(pk=pk)
    period = EvaluationPeriod.objects.select_for_update(no_key=True).get(pk=period_id)
    found = Evaluation.objects.select_related("site", "sheet", "person").get(pk=pk)
    if not EVALUATION.find(name).open_to(actor, found.site) or not may(actor, found, name):
        raise NotAllowed
    if period.status not in allowed:
        raise WrongState(
            _("This cannot be done while the month stands at “%(state)s”.") % {"state": period.get_status_display()}
        )
    return found


def _said(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > WORDS:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": WORDS}, field=field)
    return text


def judged_clean(judged: Mapping[str, Any], wanted: list[str]) -> dict[str, str]:
    """Points from 0 to 100, to hundredths, of all that the superior judges and nothing else. Raises Invalid."""
    if set(judged) != set(wanted):
        raise Invalid(_("Score each component that is yours to judge."), field="judged")
    found, faults = {}, Faults()
    for key in wanted:
        try:
            points = Decimal(str(judged[key]))
        except InvalidOperation:
            faults.add(_("A number is needed here."), field=key)
            continue
        if not points.is_finite() or not ZERO <= points <= HUNDRED or points != points.quantize(CENT):
            faults.add(_("Points go from 0 to 100, with two decimals at most."), field=key)
            continue
        found[key] = f"{points.quantize(CENT):f}"
    faults.tell()
    return found


@transaction.atomic
def evaluation_score(
    *, evaluation_id: int, judged: Mapping[str, Any], remarks: str = "", improvement: str = "", actor: User,
    now: datetime,
) -> Evaluation:  # fmt: skip
    """The superior's score. Raises NotAllowed (not the own people, oneself), WrongState, Invalid."""
    found = _begun(evaluation_id, "score", actor, OPEN)
    book = book_of(EvaluationPeriod.objects.select_related("site", "scheme").get(pk=found.period_id))
    points = judged_clean(judged, book.judged(found.position))
    found.remarks, found.improvement = _said(remarks, "remarks"), _said(improvement, "improvement")
    content = reckoned(found, book, points)
    also: dict[str, Any] = {
        "judged": points, "remarks": found.remarks, "improvement": found.improvement, "scored_at": now,
        "scored_by": actor, "verified_at": None, "verified_by": None, "reckoned": content,
        "total": number(content["total"]), "amount": number(content["amount"]),
    }  # fmt: skip
    with step(EVALUATION, Evaluation, evaluation_id, "score", actor=actor, now=now, also=also) as row:
        _sheet_scored(row.sheet, actor, now)
        return row


def _sheet_scored(sheet: EvaluationSheet, actor: Actor, now: datetime) -> None:
    if not Evaluation.objects.filter(sheet=sheet).waiting_for_scores().exists():
        evidence = {"evaluations": sheet.evaluations.count()}
        obligation_fulfil(subject=sheet, rule=scores_rule(sheet.role), at=now, evidence=evidence, actor=actor, now=now)


@transaction.atomic
def evaluation_verify(*, evaluation_id: int, actor: User, now: datetime) -> Evaluation:
    """Complete and as needed ("Ya"). Raises NotAllowed (scored by oneself), WrongState, Invalid (no total)."""
    found = _begun(evaluation_id, "verify", actor, OPEN)
    if found.status == E.SCORED and found.total is None:
        raise Invalid(
            _("Too little of %(person)s's month is known for a total: send it back, or say why it is not evaluated.")
            % {"person": found.person.name}
        )
    also = {"verified_at": now, "verified_by": actor}
    with step(EVALUATION, Evaluation, evaluation_id, "verify", actor=actor, now=now, also=also) as row:
        return row


@transaction.atomic
def evaluation_refuse(*, evaluation_id: int, note: str, actor: User, now: datetime) -> Evaluation:
    """Not complete or not as needed ("Tidak"): back to the superior."""
    _begun(evaluation_id, "refuse", actor, OPEN)
    return _back("refuse", evaluation_id, note, actor, now)


@transaction.atomic
def evaluation_reopen(*, evaluation_id: int, note: str, actor: User, now: datetime) -> Evaluation:
    """What was verified, told or left out is scored anew. What was approved of it stays."""
    _begun(evaluation_id, "reopen", actor, OPEN)
    return _back("reopen", evaluation_id, note, actor, now)


def _back(name: str, pk: int, note: str, actor: User, now: datetime) -> Evaluation:
    also = {"verified_at": None, "verified_by": None}
    with step(EVALUATION, Evaluation, pk, name, actor=actor, now=now, note=_said(note, "note"), also=also) as row:
        sheet, site = row.sheet, row.site
        rule = scores_rule(sheet.role)
        if open_duty(sheet, rule=rule) is None:
            due = due_in_days(now, float(policy_value(AGAIN_DAYS, at=now, site=site)), site.zone)
            obligation_open(
                rule=rule, subject=sheet, label=str(sheet), site=site, team=sheet.team, starts_at=now, due_at=due,
                actor=actor, now=now,
            )  # fmt: skip
        if row.scored_by is not None:
            params = {"person": row.person.name, "month": f"{row.period.month:%Y-%m}", "reason": note.strip()[:200]}
            key = f"evaluation:{row.pk}:{name}:{now.timestamp():.0f}"
            notify(to=[row.scored_by], kind=notices.RETURNED.key, params=params, key=key, url=row.get_absolute_url(),
                   now=now)  # fmt: skip
        return row


@transaction.atomic
def evaluation_waive(*, evaluation_id: int, note: str, actor: User, now: datetime) -> Evaluation:
    """Nothing can be evaluated of that month; why is kept. Nothing is paid for it."""
    _begun(evaluation_id, "waive", actor, OPEN)
    also: dict[str, Any] = {"reckoned": {}, "total": None, "amount": None}
    note = _said(note, "note")
    with step(EVALUATION, Evaluation, evaluation_id, "waive", actor=actor, now=now, note=note, also=also) as row:
        _sheet_scored(row.sheet, actor, now)
        if not row.sheet.evaluations.exclude(status__in=[E.WAIVED, E.SIGNED, E.WITNESSED]).exists():
            obligation_cancel(
                subject=row.sheet, rule=telling_rule(row.sheet.role), reason=note[:200], actor=actor, now=now
            )
        return row


def result_told(evaluation: Evaluation) -> EvaluationResult:
    """The result that lies before who signs."""
    assert evaluation.told_number is not None
    return evaluation.results.select_related("approved_by", "scheme").get(number=evaluation.told_number)


@transaction.atomic
def evaluation_sign(
    *, evaluation_id: int, seen: int, signing: Signing, reply: str = "", actor: User, now: datetime
) -> Evaluation:
    """The person was told and signs, in the own session; the evaluation is issued with that signature.

    Raises NotAllowed (somebody else's), WrongState (also: another result was told since).
    """
    found = _begun(evaluation_id, "sign", actor, OUT)
    if signing.user_id != actor.pk or signing.purpose != Purpose.ACKNOWLEDGED:
        raise NotAllowed
    reply = _said(reply, "reply")
    also: dict[str, Any] = {"signed_at": signing.at, "signed_by": actor, "reply": reply}
    with step(EVALUATION, Evaluation, evaluation_id, "sign", actor=actor, now=now, note=reply, also=also) as row:
        if seen != row.told_number:
            raise WrongState(_("Your evaluation was corrected since you looked: read it again."), code="changed")
        _issue(row, (signing,), "", actor, now)
        _sheet_told(found.sheet, actor, now)
        return row


@transaction.atomic
def evaluation_witness(*, evaluation_id: int, note: str, actor: User, now: datetime) -> Evaluation:
    """The superior told it, and the person did not sign: why, and who was there. No dead end (MO 4.1.4, box 8a)."""
    found = _begun(evaluation_id, "witness", actor, OUT)
    note = _said(note, "note")
    also: dict[str, Any] = {"signed_at": None, "signed_by": None, "reply": ""}
    with step(EVALUATION, Evaluation, evaluation_id, "witness", actor=actor, now=now, note=note, also=also) as row:
        _issue(row, (), note, actor, now)
        _sheet_told(found.sheet, actor, now)
        return row


def _sheet_told(sheet: EvaluationSheet, actor: Actor, now: datetime) -> None:
    if not sheet.evaluations.filter(status=E.TOLD).exists():
        evidence = {"signed": sheet.evaluations.filter(status=E.SIGNED).count()}
        rule = telling_rule(sheet.role)
        obligation_fulfil(subject=sheet, rule=rule, at=now, evidence=evidence, actor=actor, now=now)


def _issue(row: Evaluation, signatures: tuple[Signing, ...], unsigned: str, actor: User, now: datetime) -> None:
    language = (get_language() or "id")[:2]
    result = result_told(row)
    data = personal_body(row, result, language=language, unsigned=unsigned)
    given: dict[str, Any] = {
        "type": PERSONAL, "title": str(PERSONAL.title), "data": data, "language": language, "actor": actor, "now": now,
        "period": (row.period.month, last_day(row.period.month)), "signatures": signatures,
    }  # fmt: skip
    standing = documents_of(row).filter(status="valid").first()
    if standing is None:
        document_issue(site=row.site, subject=row, **given)
    else:
        reason = _("Correction %(number)s") % {"number": result.number}
        document_revise(document_id=standing.pk, reason=reason, **given)


def documents_of(row: Evaluation) -> Any:
    return IssuedDocument.objects.filter(subject_type=Evaluation._meta.label_lower, subject_id=str(row.pk))


def can_sign_here(person: Person, now: datetime) -> bool:
    """Whether that person has a log-in in which to sign."""
    held = RoleAssignment.objects.filter(in_force(local_day(now, person.site.zone)), user__person=person)
    return held.filter(user__is_active=True).exists()


TRANSITIONS: dict[str, Any] = {
    "score": evaluation_score, "verify": evaluation_verify, "refuse": evaluation_refuse, "waive": evaluation_waive,
    "reopen": evaluation_reopen, "sign": evaluation_sign, "witness": evaluation_witness,
}  # fmt: skip
