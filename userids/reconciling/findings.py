"""What people do with a finding: say how it is settled, confirm or refuse that, or answer for leaving it as it is."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import Actor, SystemActor
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import local_day
from occ.workflow.drawing import history
from occ.workflow.services import step
from userids.choices import SAYABLE, FindingStatus, Way
from userids.models.reconciliation import Finding, Pull
from userids.reconciling.flow import FINDING
from userids.reconciling.keeping import UNSAID, findings_reopen
from userids.reconciling.policies import RULE

LONGEST = timedelta(days=366)
SOON = timedelta(minutes=30)


def finding_resolve(
    *, finding_id: int, way: str, evidence: dict[str, Any], until: date | None = None, actor: User, now: datetime
) -> Finding:
    """Its owner says in which way it is settled, as the evidence shows; its clock runs on.

    Put right: the next list made after that resolves it, or opens it again. What no list shows, and what is to stay as
    it is `until` a day, somebody else decides. Raises NotAllowed, WrongState (a leaver's ID whose deactivation is open
    is settled there), Invalid (no evidence, or a word for one; no way; no day).
    """
    finding = Finding.objects.select_related("site").get(pk=finding_id)
    must_own(actor, finding)
    stays = way == Way.AS_IT_IS
    also = {"way": way, "said_at": now, "said_by": actor, "accepted_until": until if stays else None}
    if way not in SAYABLE:
        raise Invalid(_("Choose how it is settled."), field="way")
    note = kept(Way(way).label)
    with step(
        FINDING, Finding, finding_id, "resolve", actor=actor, now=now, note=note, evidence=evidence, also=also
    ) as row:
        if stays:
            _until_possible(row, until, now)
        if not evidence.get("attachment") and not says_something(str(evidence.get("text", ""))):
            words = _("Say in a sentence what was done and what shows it, or attach a file: a word is not enough.")
            raise Invalid(words, field="text")
        if Finding.objects.filter(pk=row.pk).exclude(pk__in=Finding.objects.uncovered().values("pk")).exists():
            raise WrongState(
                _("Its deactivation is open: shut the user ID and confirm it there. The next list then shows it.")
            )
        if row.awaits_list:
            _list_soon(row, now)
    return row


def _list_soon(finding: Finding, now: datetime) -> None:
    """Where the application gives its list by a connector it is asked soon, once for all that is said until then."""
    waiting = Pull.objects.filter(application=finding.application_id, attempts=0, next_at__gt=now + SOON)
    waiting.update(next_at=now + SOON)


def finding_confirm(*, finding_id: int, note: str, actor: User, now: datetime) -> Finding:
    """Another person has looked at what no list shows, and it is settled. Raises NotAllowed (the own word), WrongState,
    Invalid."""
    also = {"settled_at": now, "settled_by": actor}
    with step(FINDING, Finding, finding_id, "confirm", actor=actor, now=now, note=note, also=also) as row:
        said = next(one.evidence for one in reversed(history(row)) if one.transition == "resolve")
        evidence = said | {"confirmed": note.strip()}
        obligations.obligation_fulfil(
            subject=row, rule=RULE[row.owner_role], at=now, evidence=evidence, actor=actor, now=now
        )
    return row


def finding_refuse(*, finding_id: int, note: str, actor: User, now: datetime) -> Finding:
    """Somebody has looked, and what was said of it is not so. Raises NotAllowed, WrongState, Invalid."""
    with step(FINDING, Finding, finding_id, "refuse", actor=actor, now=now, note=note, also=UNSAID) as row:
        return row


def says_something(text: str) -> bool:
    """Whether it is a sentence, which somebody else can check, and not a word."""
    return len(text.split()) >= 3 and len(text.strip()) >= 15


def may_resolve(actor: Actor, finding: Finding) -> bool:
    """Of the roles that resolve findings, the one that owns this kind."""
    return isinstance(actor, SystemActor) or has_role(actor, {finding.owner_role}, site=finding.site)


def must_own(actor: Actor, finding: Finding) -> None:
    """Raises NotAllowed, before anything is asked of somebody who may not answer."""
    if not may_resolve(actor, finding):
        raise NotAllowed(_("It is for %(role)s to resolve this one.") % {"role": finding.get_owner_role_display()})


def finding_accept(*, finding_id: int, note: str, until: date, actor: User, now: datetime) -> Finding:
    """It stays as it is until the end of a day, for a reason; a grave one where its owner, who is somebody else, asks
    for it. Raises NotAllowed, WrongState, Invalid."""
    also = {"way": Way.AS_IT_IS, "settled_at": now, "settled_by": actor, "accepted_until": until}
    with step(FINDING, Finding, finding_id, "accept", actor=actor, now=now, note=note, also=also) as row:
        _until_possible(row, until, now)
        if not says_something(note):
            raise Invalid(_("Say in a sentence why it may stay as it is: a word is not enough."), field="note")
        # Decided is dealt with: late, where the decision came after the due time.
        obligations.obligation_fulfil(
            subject=row, rule=RULE[row.owner_role], at=now, evidence={"text": note, "until": until.isoformat()},
            actor=actor, now=now,
        )  # fmt: skip
    return row


def _until_possible(finding: Finding, until: date | None, now: datetime) -> None:
    today = local_day(now, finding.site.zone)
    if until is None:
        raise Invalid(_("Say until when it may stay as it is."), field="until")
    if until < today:
        raise Invalid(_("The day lies in the past."), field="until")
    if until > today + LONGEST:
        raise Invalid(_("At most a year ahead: then it is looked at again."), field="until")


def findings_wake(*, now: datetime) -> int:
    """Open again what was accepted until a day that is over; returns how many. For beat: it takes what is due now."""
    due = Finding.objects.filter(status=FindingStatus.ACCEPTED, accepted_until__lt=now.date() + timedelta(days=1))
    over = [
        one.pk
        for one in due.select_related("site")
        if one.accepted_until and one.accepted_until < local_day(now, one.site.zone)
    ]
    note = kept(gettext_noop("The time for which it was accepted is over."))
    rows = Finding.objects.filter(pk__in=over, status=FindingStatus.ACCEPTED)
    return len(findings_reopen(rows, note=note, now=now)) if over else 0


STEPS: dict[str, Callable[..., Finding]] = {
    "resolve": finding_resolve, "confirm": finding_confirm, "accept": finding_accept, "refuse": finding_refuse,
}  # fmt: skip
