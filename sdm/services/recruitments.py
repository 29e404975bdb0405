"""Requests for people, from the Form JO to the BAPP (SDM-3; MO 4.1.1).

Locks: the request first, then its candidates in the order of their keys, then a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue, document_revise
from occ.documents.types import DocumentType
from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.obligations.models import Obligation
from occ.people.actors import LIFECYCLE, Actor
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import in_reach, local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.services import begin, step
from sdm.choices import EmploymentKind
from sdm.models import Candidate, Position, Recruitment, SchemeCheck
from sdm.models.recruiting import OVER
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.choices import Why
from sdm.recruiting.deadlines import fulfil_due, step_due
from sdm.recruiting.documents import BAPP, JO, bapp_body, jo_body
from sdm.recruiting.personal import OPERATION
from sdm.recruiting.policies import FULFIL, RULES
from sdm.recruiting.timing import time_in_steps
from sdm.recruiting.workflow import GOING, ON_THE_LIST, REQUEST
from sdm.services import candidates as candidate_services
from sdm.services.headcount import standings

MOST = 500


def _due(state: str, site: Site, now: datetime) -> datetime | None:
    if state not in RULES:
        return None
    days = policy_value(RULES[state][1], at=now, site=site)
    return step_due(now, float(days), site.zone)


def label_of(row: Recruitment) -> str:
    return f"{row.people} × {row.position.name} ({row.site.code})"


def title_of(kind: DocumentType, row: Recruitment, language: str) -> str:
    """The document's title in its own language, whoever issues it."""
    with translation.override(language):
        return f"{kind.title}: {label_of(row)}"


def _duties(row: Recruitment, *, actor: Actor, now: datetime, cancelled: bool = False, note: str = "") -> None:
    """End what was owed at the step before, and open what is owed at this one."""
    mine = RULES.get(row.status, ("", ""))[0]
    kind = ContentType.objects.get_for_model(row)
    held = set(
        Obligation.objects.filter(content_type=kind, object_id=row.pk, state="open").values_list("rule", flat=True)
    )
    for rule in sorted(held - {mine}):
        if cancelled:
            obligations.obligation_cancel(subject=row, rule=rule, reason=note, actor=actor, now=now)
        elif rule != FULFIL or row.status == R.HIRED:
            obligations.obligation_fulfil(subject=row, rule=rule, at=now, evidence={}, actor=actor, now=now)
    times: dict[str, Any] = {"label": label_of(row), "site": row.site, "team": None, "starts_at": now}
    if mine and row.due_at is not None:
        obligations.obligation_open(rule=mine, subject=row, due_at=row.due_at, actor=actor, now=now, **times)
    if row.status == R.RECRUITING and FULFIL not in held:
        due_at = fulfil_due(row.needed_by, row.site.zone)
        times["starts_at"] = min(now, due_at)
        obligations.obligation_open(rule=FULFIL, subject=row, due_at=due_at, actor=actor, now=now, **times)


@contextmanager
def _stepped(
    recruitment_id: int, name: str, *, actor: Actor, now: datetime, note: str = "",
    evidence: dict[str, Any] | None = None,
) -> Iterator[Recruitment]:  # fmt: skip
    target = REQUEST.find(name).target
    site = Recruitment.objects.select_related("site").get(pk=recruitment_id).site
    also = {"since": now, "due_at": _due(target, site, now), "ended_at": now if target in OVER else None}
    with step(
        REQUEST, Recruitment, recruitment_id, name, actor=actor, now=now, note=note, evidence=evidence, also=also
    ) as row:
        yield row
        _duties(row, actor=actor, now=now, cancelled=name == "cancel", note=note)


def _checked(people: int, needed_by: date, kind: str, why: str, explanation: str, site: Site, now: datetime) -> str:
    explanation, faults = explanation.strip(), Faults()
    if not 1 <= people <= MOST:
        faults.add(_("A number from 1 to %(most)s is needed.") % {"most": MOST}, field="people")
    if not in_reach(needed_by) or needed_by <= local_day(now, site.zone):
        faults.add(_("The day on which they are needed lies ahead."), field="needed_by")
    if kind not in EmploymentKind.values:
        faults.add(_("A contract is a PKWT or a PKWTT."), field="kind")
    if why not in Why.values:
        faults.add(_("Say why people are needed."), field="why")
    if not explanation or len(explanation) > 1000:
        faults.add(_("Explain it, in at most %(n)s characters.") % {"n": 1000}, field="explanation")
    faults.tell()
    return explanation


@transaction.atomic
def recruitment_request(
    *, site: Site, position: Position, people: int, needed_by: date, kind: str = EmploymentKind.PKWT, why: str,
    explanation: str, language: str = "id", actor: User, now: datetime,
) -> Recruitment:  # fmt: skip
    """Ask for people and issue the Form JO. Raises NotAllowed, Invalid."""
    if not has_role(actor, OPERATION, site=site):
        raise NotAllowed
    faults, version = Faults(), position.version_on(local_day(now, site.zone))
    with faults.of():
        explanation = _checked(people, needed_by, kind, why, explanation, site, now)
    if version is None:
        faults.add(_("This position has no specification that holds today."), field="position")
    faults.tell()
    assert version is not None
    row = Recruitment(
        site=site, position=position, version=version, people=people, needed_by=needed_by, kind=kind, why=why,
        explanation=explanation, requested_at=now, requested_by=actor, since=now, due_at=_due(R.REQUESTED, site, now),
    )  # fmt: skip
    sign(row, actor, now=now)
    row.save()
    begin(REQUEST, row, actor=actor, now=now)
    _duties(row, actor=actor, now=now)
    document_issue(
        type=JO, site=site, subject=row, title=title_of(JO, row, language), data=_jo(row, language, now),
        language=language, actor=actor, now=now,
    )  # fmt: skip
    return row


def _jo(row: Recruitment, language: str, now: datetime) -> dict[str, Any]:
    found = [
        one for one in standings(sites=[row.site], day=local_day(now, row.site.zone), ahead=1)
        if one.line.position_id == row.position_id
    ]  # fmt: skip
    there = found[0] if found else None
    return jo_body(
        row, requester=str(row.requested_by or ""), planned=there.planned if there else None,
        actual=there.actual if there else None, language=language,
    )  # fmt: skip


def recruitment_verify(*, recruitment_id: int, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """The requirement is whole; payroll is asked for the salary scheme (box 2)."""
    with _stepped(recruitment_id, "verify", actor=actor, now=now, note=note) as row:
        pass
    return row


def recruitment_send_back(*, recruitment_id: int, note: str, actor: Actor, now: datetime) -> Recruitment:
    with _stepped(recruitment_id, "send_back", actor=actor, now=now, note=note) as row:
        pass
    return row


def recruitment_resubmit(
    *, recruitment_id: int, people: int, needed_by: date, kind: str, why: str, explanation: str, language: str = "id",
    actor: User, now: datetime,
) -> Recruitment:  # fmt: skip
    """The request as revised; the Form JO gets a revision (box 1 again)."""
    with _stepped(recruitment_id, "resubmit", actor=actor, now=now) as row:
        row.explanation = _checked(people, needed_by, kind, why, explanation, row.site, now)
        row.people, row.needed_by, row.kind, row.why = people, needed_by, kind, why
        sign(row, actor, kept(gettext_noop("Revised")), now=now)
        row.save(update_fields=["people", "needed_by", "kind", "why", "explanation"])
        document = documents_of(row).filter(type_code=JO.code).order_by("-pk").first()
        assert document is not None
        document_revise(
            document_id=document.pk, type=JO, title=title_of(JO, row, language), data=_jo(row, language, now),
            language=language, reason=kept(gettext_noop("Revised request")), actor=actor, now=now,
        )  # fmt: skip
    return row


def documents_of(row: Recruitment) -> Any:
    return IssuedDocument.objects.filter(subject_type="sdm.recruitment", subject_id=str(row.pk))


def scheme_approve(
    *, recruitment_id: int, bpjs_health: bool, bpjs_labour: bool, pph21: bool, fits_pks: bool, note: str = "",
    actor: User, now: datetime,
) -> Recruitment:  # fmt: skip
    """All of the scheme is right (box 4 "Ya"). Raises Invalid while something of it is not."""
    if not (bpjs_health and bpjs_labour and pph21 and fits_pks):
        words = _("Approve it once BPJS Kesehatan, BPJS Ketenagakerjaan, PPh 21 and the PKS are all right.")
        raise Invalid(words, code="scheme")
    with _stepped(recruitment_id, "approve_scheme", actor=actor, now=now, note=note) as row:
        _scheme(row, (True, True, True, True), True, note, actor, now)
    return row


def scheme_refuse(
    *, recruitment_id: int, bpjs_health: bool = False, bpjs_labour: bool = False, pph21: bool = False,
    fits_pks: bool = False, note: str, actor: User, now: datetime,
) -> Recruitment:  # fmt: skip
    """Box 4 "Tidak": back to the operation, which revises the request."""
    with _stepped(recruitment_id, "refuse_scheme", actor=actor, now=now, note=note) as row:
        _scheme(row, (bpjs_health, bpjs_labour, pph21, fits_pks), False, note, actor, now)
    return row


def _scheme(
    row: Recruitment, items: tuple[bool, bool, bool, bool], approved: bool, note: str, actor: User, now: datetime
) -> None:
    health, labour, pph21, pks = items
    SchemeCheck.objects.create(
        recruitment=row, bpjs_health=health, bpjs_labour=labour, pph21=pph21, fits_pks=pks, approved=approved,
        note=note.strip()[:500], checked_at=now, checked_by=actor,
    )  # fmt: skip


# The list ------------------------------------------------------------------------------------------------------------


def list_digest(recruitment_id: int) -> str:
    """What the operation looks at: exactly these candidates who passed."""
    keys = Candidate.objects.filter(recruitment_id=recruitment_id, status=C.PASSED).order_by("pk")
    return hashlib.sha256(",".join(str(pk) for pk in keys.values_list("pk", flat=True)).encode()).hexdigest()


def _passed(row: Recruitment) -> list[Candidate]:
    rows = Candidate.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(recruitment=row, status=C.PASSED).order_by("pk"))


def list_submit(*, recruitment_id: int, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """Send the memo with those who passed to the operation (box 7). Raises Invalid while nobody has."""
    with transaction.atomic():
        Recruitment.objects.select_for_update(of=("self",), no_key=True).get(pk=recruitment_id)
        listed = Candidate.objects.filter(recruitment_id=recruitment_id, status=C.PASSED).order_by("pk")
        evidence = {"candidates": list(listed.values_list("pk", flat=True)), "sha256": list_digest(recruitment_id)}
        with _stepped(recruitment_id, "submit_list", actor=actor, now=now, note=note, evidence=evidence) as row:
            if not evidence["candidates"]:
                raise Invalid(_("Nobody has passed the training softskill yet."), code="empty_list")
    return row


def list_approve(*, recruitment_id: int, list_digest: str, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """Approve exactly the list that was looked at (box 9 "Ya"). Raises WrongState when it is another one by now."""
    evidence = {"sha256": list_digest}
    with _stepped(recruitment_id, "approve_list", actor=actor, now=now, note=note, evidence=evidence) as row:
        passed = _passed(row)
        if list_digest != _digest(recruitment_id):
            words = _("The list has changed since you looked at it. Look at it again.")
            raise WrongState(words, code="list_changed")
        if not passed:
            raise Invalid(_("Nobody is left on the list: send it back."), code="empty_list")
        taken = row.candidates.filter(status__in=[*ON_THE_LIST, C.HIRED]).count()
        if len(passed) + taken > row.people:
            words = _("%(n)s are on the list and %(people)s are needed: say first who does not fit.")
            raise Invalid(words % {"n": len(passed) + taken, "people": row.people}, code="too_many")
        for one in passed:
            candidate_services.candidate_approve(candidate_id=one.pk, actor=actor, now=now)
    return row


_digest = list_digest  # the parameter of list_approve is called as the field that brings it


def list_refuse(*, recruitment_id: int, note: str, actor: Actor, now: datetime) -> Recruitment:
    """Box 9 "Tidak": back to recruitment."""
    with _stepped(recruitment_id, "refuse_list", actor=actor, now=now, note=note) as row:
        pass
    return row


def final_send(*, recruitment_id: int, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """The operation sends the final participants; HR makes contracts and ID cards (boxes 10, 11)."""
    with _stepped(recruitment_id, "send_final", actor=actor, now=now, note=note) as row:
        pass
    return row


def recruitment_reopen(*, recruitment_id: int, note: str, actor: Actor, now: datetime) -> Recruitment:
    """Some of the list withdrew: others are recruited; who is on the list already goes on."""
    with _stepped(recruitment_id, "reopen", actor=actor, now=now, note=note) as row:
        pass
    return row


def recruitment_finish(*, recruitment_id: int, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """Everybody on the list is hired; who else was in the pipeline is told that the request is fulfilled (box 12)."""
    with _stepped(recruitment_id, "finish", actor=actor, now=now, note=note) as row:
        waiting = row.candidates.filter(status__in=ON_THE_LIST).count()
        if waiting:
            raise WrongState(_("%(n)s of the list are not hired yet, and have not withdrawn.") % {"n": waiting})
        if not row.candidates.filter(status=C.HIRED).exists():
            raise WrongState(_("Nobody is hired: look for further candidates."))
        hired = row.candidates.filter(status=C.HIRED).count()
        if hired < row.people and not note.strip():
            words = _("%(n)s of %(people)s are hired: look for further candidates, or say why no more are needed.")
            raise Invalid(words % {"n": hired, "people": row.people}, field="note", code="fewer_hired")
        _refuse_rest(row, kept(gettext_noop("The request is fulfilled")), now)
    return row


def _refuse_rest(row: Recruitment, why: str, now: datetime) -> None:
    for pk in list(row.candidates.filter(status__in=GOING).order_by("pk").values_list("pk", flat=True)):
        candidate_services.candidate_end(candidate_id=pk, note=why, actor=LIFECYCLE, now=now)


def recruitment_cancel(*, recruitment_id: int, note: str, actor: Actor, now: datetime) -> Recruitment:
    """Nobody is needed any more. Who is under contract already is hired or withdraws first."""
    with _stepped(recruitment_id, "cancel", actor=actor, now=now, note=note) as row:
        if row.candidates.filter(status__in=[C.CONTRACT, C.SIGNED, C.HIRED]).exists():
            raise WrongState(_("Somebody has a contract by this request: it cannot be cancelled any more."))
        _refuse_rest(row, kept(gettext_noop("The request was cancelled")), now)
    return row


# The BAPP ------------------------------------------------------------------------------------------------------------


def bapp_make(*, recruitment_id: int, language: str = "id", note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """Issue the BAPP with the people and how long each step took (box 13)."""
    with _stepped(recruitment_id, "make_bapp", actor=actor, now=now, note=note) as row:
        hired = list(row.candidates.filter(status=C.HIRED).select_related("employee").order_by("pk"))
        with translation.override(language):
            steps = [(str(R(state).label), words_of(span)) for state, span in times_of(row, now=now).items()]
        document_issue(
            type=BAPP, site=row.site, subject=row, title=title_of(BAPP, row, language),
            data=bapp_body(row, hired, steps=steps, language=language), language=language, actor=actor, now=now,
        )  # fmt: skip
    return row


def bapp_receive(*, recruitment_id: int, note: str = "", actor: Actor, now: datetime) -> Recruitment:
    """The operation has received the BAPP; the request is closed (box 14)."""
    with _stepped(recruitment_id, "receive", actor=actor, now=now, note=note) as row:
        pass
    return row


def times_of(row: Recruitment, *, now: datetime) -> dict[str, timedelta]:
    """State -> how long it stood there, in the chart's order."""
    kind = ContentType.objects.get_for_model(row)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=row.pk).order_by("pk")
    found = time_in_steps(steps.values_list("to_state", "at"), now=now, final=OVER)
    return {state: found[state] for state in R.values if state in found}


def words_of(span: timedelta) -> str:
    """Days and hours, in the active language."""
    hours = int(span.total_seconds() // 3600)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days, rest = divmod(hours, 24)
    found = ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    return f"{found} {ngettext('%(n)s hour', '%(n)s hours', rest) % {'n': rest}}" if rest else found


def words_of_hours(hours: float) -> str:
    return words_of(timedelta(hours=hours))


TRANSITIONS: dict[str, Callable[..., Any]] = {
    "verify": recruitment_verify,
    "send_back": recruitment_send_back,
    "approve_scheme": scheme_approve,
    "refuse_scheme": scheme_refuse,
    "resubmit": recruitment_resubmit,
    "submit_list": list_submit,
    "approve_list": list_approve,
    "refuse_list": list_refuse,
    "send_final": final_send,
    "finish": recruitment_finish,
    "reopen": recruitment_reopen,
    "make_bapp": bapp_make,
    "receive": bapp_receive,
    "cancel": recruitment_cancel,
}
