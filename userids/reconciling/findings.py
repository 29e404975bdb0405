"""What people do with a finding: resolve it with evidence, or answer for leaving it as it is until a day."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import Actor, SystemActor
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import local_day
from occ.workflow.services import step
from userids.choices import FindingStatus
from userids.models.reconciliation import Finding
from userids.reconciling.flow import FINDING
from userids.reconciling.keeping import findings_reopen
from userids.reconciling.policies import RULE

LONGEST = timedelta(days=366)


def finding_resolve(*, finding_id: int, evidence: dict[str, Any], actor: Actor, now: datetime) -> Finding:
    """It was put right, as the evidence shows. The next list that still has the difference opens it again, with the due
    time that it had: what was said to be put right was not.

    Raises NotAllowed, WrongState (a leaver's ID whose deactivation is open is settled there), Invalid (no evidence, or
    a word for one).
    """
    finding = Finding.objects.select_related("site").get(pk=finding_id)
    if not may_resolve(actor, finding):
        raise NotAllowed(_("It is for %(role)s to resolve this one.") % {"role": finding.get_owner_role_display()})
    also = {"settled_at": now, "accepted_until": None}
    with step(FINDING, Finding, finding_id, "resolve", actor=actor, now=now, evidence=evidence, also=also) as row:
        if not evidence.get("attachment") and not says_something(str(evidence.get("text", ""))):
            words = _("Say in a sentence what was done and what shows it, or attach a file: a word is not enough.")
            raise Invalid(words, field="text")
        if Finding.objects.filter(pk=row.pk).exclude(pk__in=Finding.objects.uncovered().values("pk")).exists():
            raise WrongState(
                _("Its deactivation is open: shut the user ID and confirm it there. The next list then shows it.")
            )
        obligations.obligation_fulfil(
            subject=row, rule=RULE[row.owner_role], at=now, evidence=evidence, actor=actor, now=now
        )
    return row


def says_something(text: str) -> bool:
    """Whether it is a sentence, which somebody else can check, and not a word."""
    return len(text.split()) >= 3 and len(text.strip()) >= 15


def may_resolve(actor: Actor, finding: Finding) -> bool:
    """Of the roles that resolve findings, the one that owns this kind."""
    return isinstance(actor, SystemActor) or has_role(actor, {finding.owner_role}, site=finding.site)


def finding_accept(*, finding_id: int, note: str, until: date, actor: Actor, now: datetime) -> Finding:
    """It stays as it is until the end of a day, for a reason. Raises NotAllowed, WrongState, Invalid."""
    finding = Finding.objects.select_related("site").get(pk=finding_id)
    today = local_day(now, finding.site.zone)
    if until < today:
        raise Invalid(_("The day lies in the past."), field="until")
    if until > today + LONGEST:
        raise Invalid(_("At most a year ahead: then it is looked at again."), field="until")
    also = {"settled_at": now, "accepted_until": until}
    with step(FINDING, Finding, finding_id, "accept", actor=actor, now=now, note=note, also=also) as row:
        if not says_something(note):
            raise Invalid(_("Say in a sentence why it may stay as it is: a word is not enough."), field="note")
        obligations.obligation_cancel(subject=row, rule=RULE[row.owner_role], reason=note, actor=actor, now=now)
    return row


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


STEPS: dict[str, Callable[..., Finding]] = {"resolve": finding_resolve, "accept": finding_accept}
