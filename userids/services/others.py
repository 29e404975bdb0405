"""An ID that is shut although nobody leaves (UID-8): transfer, long leave, discipline, not used, access review.

The same flow and obligation as a leaver's, with a time limit of its own for each reason.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Site
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import in_reach, local_day
from userids.choices import BINDING, OTHER_REASONS, WEIGHT, AccountStatus, DeactivationReason, DeactivationStatus
from userids.deadlines import other_start
from userids.models import Account, DeactivationRequest
from userids.notices import SHUT, tell
from userids.policies import DEACTIVATE, within_policy
from userids.services.deactivations import request_open

ASKERS = {Role.SUPPORT, Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER}


def may_ask(actor: Actor, site: Site) -> bool:
    return isinstance(actor, SystemActor) or has_role(actor, ASKERS, site=site)


@transaction.atomic
def deactivation_ask(
    *, account_id: int, reason: str, last_day: date | None = None, note: str, actor: Actor, now: datetime
) -> DeactivationRequest:
    """Ask the team leader to shut an ID whose holder stays. `last_day`: the last one of use; None: at once.

    Where a request is open already this joins it. Raises NotAllowed, Invalid (another kind of reason, no holder, no
    note), WrongState (not active, or asked for already by an earlier time and with as much force).
    """
    before = Account.objects.with_holder().get(pk=account_id).holder
    if before is not None:
        person_locked(before.person_id)  # before the account: whoever records a leaving takes them in this order
    account = Account.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=account_id)
    if not may_ask(actor, account.site):
        raise NotAllowed
    if reason not in OTHER_REASONS:
        raise Invalid(_("For somebody who leaves, record the leaving."), field="reason")
    if not note.strip():
        raise Invalid(_("Please write a note: it is kept in the history."), field="note")
    today = local_day(now, account.site.zone)
    if last_day is not None and not (in_reach(last_day) and abs((last_day - today).days) <= 400):
        raise Invalid(_("The date is not possible."), field="last_day")
    if account.status != AccountStatus.ACTIVE:
        raise WrongState(_("This user ID is not active."))
    holder = account.holder
    if holder is None:
        raise Invalid(_("User ID %(id)s has no holder.") % {"id": account.user_id})
    if before is None or holder.person_id != before.person_id:
        raise WrongState(_("The user ID has changed hands a moment ago. Look at it again."))
    starts_at = other_start(last_day, account.site.zone, now)
    within = timedelta(hours=policy_value(within_policy(reason), at=now, site=account.site))
    asked = account.deactivations.open().select_for_update(of=("self",), no_key=True).first()
    if asked is not None:
        return _join(asked, starts_at, starts_at + within, reason, note, actor=actor, now=now)
    request = DeactivationRequest(
        account=account, person=holder.person, reason=DeactivationReason(reason), status=DeactivationStatus.REQUESTED,
        last_working_day=last_day or today, starts_at=starts_at, due_at=starts_at + within, requested_at=now,
    )  # fmt: skip
    request_open(request, note=note, actor=actor, now=now)
    tell(SHUT, Role.TEAM_LEADER, request, step="asked", now=now)
    return request


def _join(
    request: DeactivationRequest, starts_at: datetime, due_at: datetime, reason: str, note: str, *, actor: Actor,
    now: datetime,
) -> DeactivationRequest:  # fmt: skip
    """The open request is for this reason too: the nearer deadline rules, and what binds does so from now on.

    Raises WrongState when it changes neither.
    """
    nearer = due_at < request.due_at
    if not nearer and (reason not in BINDING or BINDING.intersection(request.reasons)):
        raise WrongState(_("Its deactivation has been asked for already."))
    why = f"{DeactivationReason(reason).label}: {note}"
    asked = [DeactivationReason(one) for one in (request.asked_reason, reason) if one]
    request.asked_reason = max(asked, key=WEIGHT.index)
    if request.asked_due_at is None or due_at < request.asked_due_at:
        request.asked_starts_at, request.asked_due_at = starts_at, due_at
    if nearer:
        request.starts_at, request.due_at = starts_at, due_at
    sign(request, actor, why, now=now)
    request.save(update_fields=["asked_reason", "asked_starts_at", "asked_due_at", "starts_at", "due_at"])
    obligations.obligation_move(
        subject=request, rule=DEACTIVATE, starts_at=request.starts_at, due_at=request.due_at, reason=why, actor=actor,
        now=now,
    )  # fmt: skip
    tell(SHUT, Role.TEAM_LEADER, request, step=f"joined:{reason}:{due_at.isoformat()}", now=now)
    return request
