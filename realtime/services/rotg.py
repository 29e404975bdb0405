"""Violations of the rules: recorded, answered once by the agent, upheld or dropped with a reason (RTM-9; MO 4.3.6).

Lock order: the person, the violation, its obligations. Two who decide at once: one decides, the other is told.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.documents.attachments import attachment_add
from occ.documents.models import Attachment
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.services import notify
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.actors import BEAT
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, PersonQuerySet, RoleAssignment, Site, User, in_force
from occ.people.scope import has_role, site_filter
from occ.policies.services import Values, policy_value
from occ.texts import kept
from occ.times import JAKARTA, local_day
from occ.workflow.services import begin, step
from realtime.choices import Answer, ViolationStatus, WalkStatus
from realtime.models import Rule, RuleVersion, Violation, WalkLine
from realtime.rotg import notices
from realtime.rotg.deadlines import due_in_days
from realtime.rotg.policies import ANSWER, ANSWER_DAYS, DECIDE, DECIDE_DAYS, REMIND_HOURS
from realtime.rotg.workflow import ANSWERERS, RECORDERS, VIOLATION
from realtime.services.rotg_proposals import leads, proposals_open

logger = logging.getLogger(__name__)
OLDEST = timedelta(days=30)  # of what is recorded
EVIDENCE = ("pdf", "png", "jpg")
WHAT, ANSWERED = 1_000, 2_000
BATCH = 200
LONGEST = timedelta(hours=240)  # that the policy of reminders allows


def people_to_name(user: User, now: datetime) -> PersonQuerySet:
    """Whom that user may record a violation of: who works at the own sites, but for oneself."""
    day = local_day(now, JAKARTA)
    rows = Person.objects.filter(site_filter(user, RECORDERS)).working_on(day)
    return rows.exclude(pk=user.person_id) if user.person_id else rows


def rule_on(number: str, day: Any, site: Site) -> RuleVersion:
    """What that rule said on that day. Raises Invalid."""
    found = RuleVersion.objects.in_force(day, site).filter(rule__number=number).select_related("rule").first()
    if found is None:
        words = _("No rule “%(number)s” held on that day.")
        raise Invalid(words % {"number": number}, field="rule", code="no_such_rule")
    return found


@transaction.atomic
def violation_record(
    *, person: Person, rule: Rule, seen_at: datetime, what: str, line_id: int | None = None,
    file: File[bytes] | None = None, actor: User, now: datetime,
) -> Violation:  # fmt: skip
    """Record that somebody did not keep a rule, as it read on that day; the agent is asked for an answer.

    Raises NotAllowed, Invalid (the time, nothing said, the rule did not hold), WrongState (the walk is finished),
    FileRefused.
    """
    what, person = what.strip(), person_locked(person.pk)
    site = person.site
    if not has_role(actor, RECORDERS, site=site):
        raise NotAllowed
    if actor.person_id == person.pk:
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    if not what or len(what) > WHAT:
        raise Invalid(_("Say what was seen, in at most %(n)s characters.") % {"n": WHAT}, field="what")
    if not now - OLDEST <= seen_at <= now:
        words = _("It was seen within the last %(days)s days, and not in the future.")
        raise Invalid(words % {"days": OLDEST.days}, field="seen_at")
    day = local_day(seen_at, site.zone)
    if not person.joined_on <= day <= (person.last_working_day or day):
        raise Invalid(_("This person did not work here on that day."), field="person")
    version = rule_on(rule.number, day, site)
    line = _line(line_id, version, site, now, actor) if line_id is not None else None
    made = Violation(
        site=site, person=person, version=version, line=line, seen_at=seen_at, seen_by=actor, recorded_at=now,
        what=what,
        answer_due_at=due_in_days(now, float(policy_value(ANSWER_DAYS, at=now, site=site)), site.zone),
    )  # fmt: skip
    sign(made, actor, kept(gettext_noop("Recorded")), now=now)
    made.save()
    begin(VIOLATION, made, actor=actor, now=now)
    if file is not None:
        attachment_add(file=file, subject=made, actor=actor, now=now, purpose="evidence", allowed=EVIDENCE)
    obligation_open(
        rule=ANSWER, subject=made, label=str(made), site=site, team=person.team_on(local_day(now, site.zone)),
        starts_at=now, due_at=made.answer_due_at, actor=actor, now=now,
    )  # fmt: skip
    _tell(made, notices.RECORDED.key, {"due_at": made.answer_due_at.isoformat()}, now)
    return made


def _line(line_id: int, version: RuleVersion, site: Site, now: datetime, actor: User) -> WalkLine:
    """The walk's row for that rule, which says from now on that it was violated."""
    line = WalkLine.objects.select_related("walk").filter(pk=line_id).first()
    if line is None or line.walk.site_id != site.pk or line.version_id != version.pk:
        raise Invalid(_("The floor walk does not go by this rule, or not through this site."), field="rule")
    type(line.walk).objects.select_for_update(no_key=True).get(pk=line.walk_id)
    line.walk.refresh_from_db()
    if line.walk.status != WalkStatus.OPEN:
        raise WrongState(_("This floor walk is finished: nothing of it can be changed."))
    if line.answer != Answer.VIOLATION:
        line.answer, line.answered_at, line.answered_by = Answer.VIOLATION, now, actor
        line.save(update_fields=["answer", "answered_at", "answered_by"])
    return line


@transaction.atomic
def evidence_add(*, violation_id: int, file: File[bytes], actor: User, now: datetime) -> Attachment:
    """Add evidence until it is decided: by who may record, and by the agent. Raises FileRefused, WrongState."""
    found = _locked(violation_id)
    if not may_add_evidence(actor, found):
        raise NotAllowed
    if found.status in (ViolationStatus.UPHELD, ViolationStatus.DROPPED):
        raise WrongState(_("It is decided: evidence comes too late."))
    return attachment_add(file=file, subject=found, actor=actor, now=now, purpose="evidence", allowed=EVIDENCE)


def may_add_evidence(user: User, violation: Violation) -> bool:
    return is_own(user, violation) or has_role(user, RECORDERS, site=violation.site)


def is_own(user: User, violation: Violation) -> bool:
    return user.person_id is not None and user.person_id == violation.person_id


def may_decide(user: User, violation: Violation) -> bool:
    """A coordinator of the site, or the team leader whose people the person is among; never of oneself, and never of
    what one has recorded."""
    if is_own(user, violation) or user.pk == violation.seen_by_id:
        return False
    return leads(user, violation.person_id, violation.site)


def _locked(pk: int) -> Violation:
    return Violation.objects.select_for_update(of=("self",), no_key=True).select_related("site", "person").get(pk=pk)


def violation_answer(*, violation_id: int, note: str, actor: User, now: datetime) -> Violation:
    """The agent's own words, once. Raises NotAllowed (somebody else's), WrongState (answered, too late, decided)."""
    found = Violation.objects.get(pk=violation_id)
    if not is_own(actor, found):
        raise NotAllowed(_("Only the agent answers, in the own session."))
    note = note.strip()
    if len(note) > ANSWERED:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": ANSWERED}, field="note")
    also = {"answer": note, "answered_at": now}
    with step(VIOLATION, Violation, violation_id, "answer", actor=actor, now=now, note=note, also=also) as violation:
        if now >= violation.answer_due_at:
            raise WrongState(_("The time for an answer is over."))
        evidence = {"violation": violation.pk}
        obligation_fulfil(subject=violation, rule=ANSWER, at=now, evidence=evidence, actor=actor, now=now)
        _decision_owed(violation, actor, now)
        return violation


def _decision_owed(violation: Violation, actor: Any, now: datetime) -> None:
    site = violation.site
    violation.decision_due_at = due_in_days(now, float(policy_value(DECIDE_DAYS, at=now, site=site)), site.zone)
    sign(violation, actor, "decision owed", now=now)
    violation.save(update_fields=["decision_due_at"])
    obligation_open(
        rule=DECIDE, subject=violation, label=str(violation), site=site,
        team=violation.person.team_on(local_day(now, site.zone)), starts_at=now,
        due_at=violation.decision_due_at, actor=actor, now=now,
    )  # fmt: skip


def violations_lapse(*, now: datetime) -> int:
    """Beat: agents are reminded once; what was not answered in time goes to the team leader without an answer."""
    rows = Violation.objects.filter(status=ViolationStatus.RECORDED)
    did = 0
    for pk in list(rows.filter(answer_due_at__lte=now).order_by("answer_due_at").values_list("pk", flat=True)[:BATCH]):
        did += _one(_lapse, pk, now)
    hours = Values([REMIND_HOURS], at=now)
    soon = rows.filter(reminded_at=None, answer_due_at__gt=now, answer_due_at__lte=now + LONGEST)
    for pk, site_id, due in list(soon.order_by("answer_due_at").values_list("pk", "site_id", "answer_due_at")):
        if due - timedelta(hours=hours(REMIND_HOURS, site_id)) <= now:
            did += _one(_remind, pk, now)
    return did


def _one(work: Any, pk: int, now: datetime) -> int:
    """A bad row stops none of its fellows; it comes up again with the next beat."""
    try:
        return int(work(pk, now))
    except Exception:
        logger.exception("violation %s could not be worked on", pk)
        return 0


def _lapse(pk: int, now: datetime) -> bool:
    try:
        with step(VIOLATION, Violation, pk, "lapse", actor=BEAT, now=now) as violation:
            reason = kept(gettext_noop("no answer in time"))
            obligation_cancel(subject=violation, rule=ANSWER, reason=reason, actor=BEAT, now=now)
            _decision_owed(violation, BEAT, now)
    except WrongState:  # answered or dropped meanwhile, or another beat was quicker
        return False
    return True


@transaction.atomic
def _remind(pk: int, now: datetime) -> bool:
    violation = _locked(pk)
    if violation.status != ViolationStatus.RECORDED or violation.reminded_at:
        return False
    violation.reminded_at = now
    sign(violation, BEAT, "reminded", now=now)
    violation.save(update_fields=["reminded_at"])
    _tell(violation, notices.REMINDED.key, {"due_at": violation.answer_due_at.isoformat()}, now)
    return True


@transaction.atomic
def violation_uphold(*, violation_id: int, note: str, actor: User, now: datetime) -> Violation:
    """It stands. Repeated ones propose a coaching or a pembinaan, in the same transaction.

    Raises NotAllowed (of oneself, recorded by oneself, or another team's), WrongState, Invalid (no reason).
    """
    person_locked(Violation.objects.values_list("person_id", flat=True).get(pk=violation_id))
    violation = _decide("uphold", violation_id, note, actor, now)
    proposals_open(violation, actor=actor, now=now)
    return violation


@transaction.atomic
def violation_drop(*, violation_id: int, note: str, actor: User, now: datetime) -> Violation:
    """It does not stand; one recorded by mistake may be dropped before the answer. Raises as `violation_uphold`."""
    return _decide("drop", violation_id, note, actor, now)


OUTCOMES = {"uphold": gettext_noop("The violation was upheld"), "drop": gettext_noop("The violation was dropped")}


def _decide(name: str, pk: int, note: str, actor: User, now: datetime) -> Violation:
    found = Violation.objects.select_related("site").get(pk=pk)
    if actor.pk == found.seen_by_id:
        raise NotAllowed(_("You have recorded it: somebody else decides whether it stands."))
    if not may_decide(actor, found):
        raise NotAllowed
    note = note.strip()
    if len(note) > ANSWERED:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": ANSWERED}, field="note")
    also = {"decision": note, "decided_at": now, "decided_by": actor}
    with step(VIOLATION, Violation, pk, name, actor=actor, now=now, note=note, also=also) as violation:
        evidence = {"violation": violation.pk, "outcome": violation.status}
        obligation_cancel(subject=violation, rule=ANSWER, reason=note, actor=actor, now=now)
        obligation_fulfil(subject=violation, rule=DECIDE, at=now, evidence=evidence, actor=actor, now=now)
        _tell(violation, notices.DECIDED.key, {"msg_outcome": OUTCOMES[name], "reason": note}, now)
        return violation


TRANSITIONS: dict[str, Any] = {"answer": violation_answer, "uphold": violation_uphold, "drop": violation_drop}


def _tell(violation: Violation, kind: str, params: dict[str, Any], now: datetime) -> None:
    """The agent, if there is a log-in; each matter once."""
    user = User.objects.filter(person_id=violation.person_id, is_active=True).first()
    if user is None:
        return
    params = {"rule": violation.version.rule.number, "site_zone": violation.site.timezone, **params}
    notify(to=[user], kind=kind, params=params, key=f"{kind}:{violation.pk}", url=violation.get_absolute_url(), now=now)


def can_answer_here(person: Person, now: datetime) -> bool:
    """Whether that person has a log-in by which to answer."""
    held = RoleAssignment.objects.filter(in_force(local_day(now, JAKARTA)), user__person=person, role__in=ANSWERERS)
    return held.filter(user__is_active=True).exists()
