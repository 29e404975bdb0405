"""Each ID that was shut too late is looked at (UID-7): cause, correction, corrective action, closed by whom.

SOP-UID 8.3 names the risk (misuse) and the control (team leader); ISO 9001 10.2, to which the procedure belongs, asks
for the rest. A review whose breach turns out to be none is void: by itself where the connector's evidence shows it,
else by the coordinator.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, WrongState
from occ.obligations import services as obligations
from occ.people.actors import BEAT, CONNECTOR, Actor
from occ.people.history import sign
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, in_reach, local_day
from occ.workflow.services import begin, step
from userids.choices import BreachCause, BreachReviewStatus
from userids.models import BreachReview, DeactivationRequest
from userids.policies import CORRECTIVE_ACTION, DEACTIVATE, REVIEW_BREACH, REVIEW_WITHIN
from userids.workflow import BREACH_REVIEW


def review_open(*, request: DeactivationRequest, cause: str, now: datetime) -> BreachReview:
    """The breach step was taken: the request gets its review, once; a void one lives again."""
    found = BreachReview.objects.filter(request=request).first()
    if found is not None and found.status != BreachReviewStatus.VOID:
        return found
    if found is None:
        review = BreachReview(
            request=request, site=request.site, cause=cause, missed_at=request.due_at, opened_at=now
        )  # fmt: skip
        sign(review, BEAT, now=now)
        review.save()
        begin(BREACH_REVIEW, review, actor=BEAT, now=now)
    else:
        note = kept(gettext_noop("Late again after the deadline had moved."))
        also = {"missed_at": request.due_at}
        with step(BREACH_REVIEW, BreachReview, found.pk, "again", actor=BEAT, now=now, note=note, also=also) as review:
            pass
    _owe_review(review, now=now)
    return review


def _owe_review(review: BreachReview, *, now: datetime) -> None:
    within = timedelta(hours=policy_value(REVIEW_WITHIN, at=now, site=review.site))
    _owe(review, REVIEW_BREACH, now + within, actor=BEAT, now=now)


def _owe(review: BreachReview, rule: str, due_at: datetime, *, actor: Actor, now: datetime) -> None:
    request = review.request
    obligations.obligation_open(
        rule=rule, subject=review, label=f"{request.account.user_id} ({request.person.name})", site=review.site,
        team=request.team, starts_at=now, due_at=due_at, actor=actor, now=now,
    )  # fmt: skip


def review_check(*, request: DeactivationRequest, actor: Actor, now: datetime) -> None:
    """To be called when a request has ended: without a breach there is nothing to review."""
    review = BreachReview.objects.open().filter(request=request).first()
    if review is None or not _was_none(review, request, actor):
        return
    note = kept(gettext_noop("The application shows that it was shut in time."))
    review_void(review_id=review.pk, note=note, actor=BEAT, now=now)


def _was_none(review: BreachReview, request: DeactivationRequest, actor: Actor) -> bool:
    """The application itself shows that it was shut in time.

    What the person at fault says, a day that moved after the breach and a resignation withdrawn after it are the
    coordinator's to judge: each of them could wash a breach away.
    """
    in_time = request.inactive_since is not None and not request.late and request.due_at == review.missed_at
    return in_time and actor == CONNECTOR


def review_void(*, review_id: int, note: str, actor: Actor, now: datetime) -> BreachReview:
    """There was no breach after all, as `note` says."""
    with step(BREACH_REVIEW, BreachReview, review_id, "void", actor=actor, now=now, note=note) as review:
        for rule in (REVIEW_BREACH, CORRECTIVE_ACTION):
            obligations.obligation_cancel(subject=review, rule=rule, reason=note, actor=actor, now=now)
        obligations.obligation_acquit(subject=review.request, rule=DEACTIVATE, reason=note, actor=actor, now=now)
    return review


def review_analyse(
    *, review_id: int, cause: str, cause_note: str, correction: str, corrective_action: str, action_due: date,
    actor: Actor, now: datetime,
) -> BreachReview:  # fmt: skip
    """The coordinator says why it was late, what was put right, and what will be done until when."""
    _complete(cause, correction)
    if not corrective_action.strip():
        raise Invalid(_("Say what will be done."), field="corrective_action")
    also = {"cause": cause, "cause_note": cause_note, "correction": correction,
            "corrective_action": corrective_action, "action_due": action_due}  # fmt: skip
    told = _told(correction, corrective_action, action_due)
    with step(
        BREACH_REVIEW, BreachReview, review_id, "analyse", actor=actor, now=now, note=cause_note, evidence=told,
        also=also,
    ) as review:  # fmt: skip
        due_at = _action_due(review, action_due, now)
        obligations.obligation_fulfil(
            subject=review, rule=REVIEW_BREACH, at=now, evidence={"cause": cause}, actor=actor, now=now
        )
        _owe(review, CORRECTIVE_ACTION, due_at, actor=actor, now=now)
    return review


def _told(correction: str, action: str = "", action_due: date | None = None) -> dict[str, Any]:
    """What the history of the review keeps of an answer: a later one overwrites the review's own fields."""
    told = [[kept(gettext_noop("Correction")), correction]]
    if action:
        due = kept("%(day)s", day=action_due)
        told += [[kept(gettext_noop("Corrective action")), action], [kept(gettext_noop("Corrective action due")), due]]
    return {"told": told}


def _complete(cause: str, correction: str) -> None:
    if cause not in BreachCause.values:
        raise Invalid(_("Choose the cause."), field="cause")
    if not correction.strip():
        raise Invalid(_("Say what was put right."), field="correction")


def _action_due(review: BreachReview, day: date, now: datetime) -> datetime:
    if not in_reach(day) or day < local_day(now, review.site.zone):
        raise Invalid(_("The date lies in the past."), field="action_due")
    return end_of_day(day, review.site.zone)


def review_settle(
    *, review_id: int, cause: str, correction: str, note: str, actor: Actor, now: datetime
) -> BreachReview:
    """Closed without a corrective action; `note` says why none is needed. Raises WrongState while the ID is active."""
    _complete(cause, correction)
    also = {"cause": cause, "cause_note": note, "correction": correction, "closed_at": now, "closed_by": actor}
    with step(
        BREACH_REVIEW, BreachReview, review_id, "settle", actor=actor, now=now, note=note, evidence=_told(correction),
        also=also,
    ) as review:  # fmt: skip
        _must_be_shut(review)
        obligations.obligation_fulfil(
            subject=review, rule=REVIEW_BREACH, at=now, evidence={"cause": cause}, actor=actor, now=now
        )
    return review


def review_close(
    *, review_id: int, evidence: dict[str, Any], note: str = "", actor: Actor, now: datetime
) -> BreachReview:
    """The corrective action is done and works, as the evidence shows."""
    also = {"closed_at": now, "closed_by": actor}
    with step(
        BREACH_REVIEW, BreachReview, review_id, "close", actor=actor, now=now, note=note, evidence=evidence, also=also
    ) as review:
        _must_be_shut(review)
        obligations.obligation_fulfil(
            subject=review, rule=CORRECTIVE_ACTION, at=now, evidence=evidence, actor=actor, now=now
        )
    return review


def _must_be_shut(review: BreachReview) -> None:
    if why := hinders(review, "close"):
        raise WrongState(why)


def hinders(review: BreachReview, name: str) -> str:
    """What would refuse the step of that name as the review stands, in words."""
    if name in {"settle", "close"} and review.request.is_open:
        return _("The user ID is still active. It has to be shut before its breach is closed.")
    return ""


def review_postpone(*, review_id: int, action_due: date, note: str, actor: Actor, now: datetime) -> BreachReview:
    """Another date for the corrective action; the old one stays in the history."""
    with step(
        BREACH_REVIEW, BreachReview, review_id, "postpone", actor=actor, now=now, note=note,
        also={"action_due": action_due},
    ) as review:  # fmt: skip
        obligations.obligation_move(
            subject=review, rule=CORRECTIVE_ACTION, starts_at=now, due_at=_action_due(review, action_due, now),
            reason=note, actor=actor, now=now,
        )  # fmt: skip
    return review


def review_reopen(*, review_id: int, note: str, actor: Actor, now: datetime) -> BreachReview:
    """What was closed did not hold: it is reviewed anew, under a new deadline."""
    also = {"closed_at": None, "closed_by": None}
    with step(BREACH_REVIEW, BreachReview, review_id, "reopen", actor=actor, now=now, note=note, also=also) as review:
        _owe_review(review, now=now)
    return review


TRANSITIONS: dict[str, Callable[..., BreachReview]] = {
    "analyse": review_analyse,
    "settle": review_settle,
    "close": review_close,
    "postpone": review_postpone,
    "reopen": review_reopen,
    "void": review_void,
}
