"""Requests that end without the ID being shut: cancelled, or not needed any more as the person stays."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import LIFECYCLE, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.times import local_day
from occ.workflow.services import step
from userids.choices import BINDING
from userids.models import DeactivationRequest
from userids.notices import CHECK, tell
from userids.policies import DEACTIVATE
from userids.services import breach_reviews, orders
from userids.workflow import DEACTIVATION


def deactivation_cancel(
    *, request_id: int, note: str, stays: bool = False, returned: bool = False, actor: Actor, now: datetime
) -> DeactivationRequest:
    """Nothing is shut. Raises WrongState for a leaver's ID: whatever else it was asked for, it must be shut, unless the
    leaver `stays`.

    `returned`: they had left and came back; an ID that stood open too long meanwhile is a breach all the same.
    """
    with step(DEACTIVATION, DeactivationRequest, request_id, "cancel", actor=actor, now=now, note=note) as request:
        if BINDING.intersection(request.reasons) and not _coordinates(actor, request.site):
            raise NotAllowed(_("A coordinator takes this one back."))
        if not stays and request.person.last_working_day is not None:
            raise WrongState(
                _("%(name)s is leaving: the user ID has to be shut. If that is not so, withdraw the resignation.")
                % {"name": request.person.name}
            )
        call_off(request, now=now)
        if returned and request.due_at < now:
            evidence = {"text": note}
            obligations.obligation_fulfil(
                subject=request, rule=DEACTIVATE, at=now, evidence=evidence, actor=actor, now=now
            )
            return request
        obligations.obligation_cancel(subject=request, rule=DEACTIVATE, reason=note, actor=actor, now=now)
        breach_reviews.review_check(request=request, actor=actor, now=now)
    return request


@transaction.atomic
def deactivations_end(*, person: Person, note: str, returned: bool = False, actor: Actor, now: datetime) -> None:
    """The person stays, or came back: what was open for the leaving alone is cancelled, the rest goes on by itself.

    Who calls off the leaving may not be who calls off a request: that follows by itself then.
    """
    mine = DeactivationRequest.objects.filter(person=person).open().of_leavers().select_related("site")
    for request in mine.select_for_update(of=("self",), no_key=True).order_by("pk"):
        if request.asked_reason:
            _go_on(request, note, actor=actor, now=now)
            continue
        by = actor if DEACTIVATION.find("cancel").open_to(actor, request.site) else LIFECYCLE
        deactivation_cancel(request_id=request.pk, note=note, stays=True, returned=returned, actor=by, now=now)


def _go_on(request: DeactivationRequest, note: str, *, actor: Actor, now: datetime) -> None:
    """What was asked for besides the leaving stands alone now. A deadline that has passed stays: it was missed."""
    starts_at, due_at = request.asked_starts_at, request.asked_due_at
    assert starts_at is not None and due_at is not None
    if request.due_at < min(due_at, now):
        starts_at, due_at = request.starts_at, request.due_at
    if due_at != request.due_at:
        call_off(request, now=now)
    request.last_working_day = local_day(starts_at - timedelta(seconds=1), request.site.zone)
    request.reason, request.asked_reason = request.asked_reason, ""
    request.starts_at, request.due_at, request.asked_starts_at, request.asked_due_at = starts_at, due_at, None, None
    sign(request, actor, note, now=now)
    request.save(
        update_fields=[
            "reason", "asked_reason", "last_working_day", "starts_at", "due_at", "asked_starts_at", "asked_due_at",
        ]
    )  # fmt: skip
    obligations.obligation_move(
        subject=request, rule=DEACTIVATE, starts_at=starts_at, due_at=due_at, reason=note, actor=actor, now=now
    )


def call_off(request: DeactivationRequest, *, now: datetime) -> None:
    """The connector leaves the request alone. Raises WrongState while it is at work.

    What it was asked before may have been heard, or still be: then somebody looks whether the ID is as it should be.
    """
    orders.stand_back(request, now=now)
    if orders.was_asked(request):
        tell(CHECK, Role.TEAM_LEADER, request, step=f"check:{now.isoformat()}", now=now)


def _coordinates(actor: Actor, site: Site) -> bool:
    return not isinstance(actor, User) or has_role(actor, {Role.COORDINATOR}, site=site)
