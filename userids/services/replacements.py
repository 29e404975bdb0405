"""A leaver's user ID passed on to a new agent (SOP-UID 8.2)."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.actors import CONNECTOR, LIFECYCLE, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.texts import told as _
from occ.times import local_day
from occ.workflow.services import begin, step
from userids.choices import AccountStatus
from userids.models import OPEN_REPLACEMENT, Account, Assignment, DeactivationRequest, ReplacementRequest
from userids.notices import CHECK, DOCUMENT, REPLACE, tell
from userids.policies import QUARANTINE
from userids.services import accounts, orders
from userids.workflow import REPLACEMENT


@transaction.atomic
def replacement_request(
    *, account_id: int, person_id: int, email: str, actor: User, now: datetime
) -> ReplacementRequest:
    """Support sends the new agent's e-mail (step 1).

    Raises Invalid where the e-mail is used elsewhere or the new agent is none; WrongState where the present holder
    neither left nor is leaving, or a replacement is under way.
    """
    account = Account.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=account_id)
    if not has_role(actor, {Role.SUPPORT}, site=account.site):
        raise NotAllowed
    person = person_locked(person_id)
    _check_new_holder(account, person, email)
    if ReplacementRequest.objects.filter(account=account, status__in=OPEN_REPLACEMENT).exists():
        raise WrongState(_("A replacement of this user ID is under way."))
    holder = account.holder
    if holder is not None and holder.person.last_working_day is None:
        raise WrongState(_("%(name)s holds this user ID and is not leaving.") % {"name": holder.person.name})
    _must_rest_for_nobody(account)
    request = ReplacementRequest(account=account, person=person, email=email, site=account.site, requested_at=now)
    sign(request, actor, now=now)
    request.save()
    begin(REPLACEMENT, request, actor=actor, now=now)
    tell(REPLACE, Role.TEAM_LEADER, request, step="requested", now=now)
    return request


def _must_rest_for_nobody(account: Account) -> None:
    resting = accounts.kept_for(account)
    if resting is not None and resting.last_working_day is None:
        raise WrongState(_("This user ID rests for %(name)s, who comes back to it.") % {"name": resting.name})


def _check_new_holder(account: Account, person: Person, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(_("This is no e-mail address."), field="email") from error
    accounts.email_is_free(email, person=person)
    if person.last_working_day is not None:
        raise Invalid(_("%(name)s is leaving or has left.") % {"name": person.name}, field="person")
    if person.site_id != account.site_id:
        raise Invalid(_("%(name)s works at another site.") % {"name": person.name}, field="person")
    leaving = DeactivationRequest.objects.open().filter(account=OuterRef("account"), person=person)
    held = Assignment.objects.filter(
        ~Exists(leaving), person=person, ends_at=None, account__application=account.application,
        account__status=AccountStatus.ACTIVE,
    )  # fmt: skip
    if (other := held.exclude(account=account).select_related("account").order_by("pk").first()) is not None:
        words = _("%(name)s holds user ID %(id)s already: one person has one user ID of an application.")
        raise Invalid(words % {"name": person.name, "id": other.account.user_id}, field="person")
    asked = ReplacementRequest.objects.filter(person=person, status__in=OPEN_REPLACEMENT).exclude(account=account)
    asked = asked.filter(account__application=account.application).select_related("account").order_by("pk")
    if (first := asked.first()) is not None:
        words = _("%(name)s is being given user ID %(id)s already: one person has one user ID of an application.")
        raise Invalid(words % {"name": person.name, "id": first.account.user_id}, field="person")


def replacement_start(*, request_id: int, actor: Actor, now: datetime) -> ReplacementRequest:
    with step(REPLACEMENT, ReplacementRequest, request_id, "start", actor=actor, now=now) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
    return request


def replacement_fail(*, request_id: int, note: str, actor: Actor, now: datetime) -> ReplacementRequest:
    with step(REPLACEMENT, ReplacementRequest, request_id, "fail", actor=actor, now=now, note=note) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
    return request


def replacement_confirm(
    *, request_id: int, evidence: dict[str, Any], sessions_revoked: bool, work_handed_over: bool, note: str = "",
    actor: Actor, now: datetime,
) -> ReplacementRequest:  # fmt: skip
    """The application shows the new holder: the old one's time has ended, the new one's begins (step 4).

    Raises Invalid while the check-list is open, WrongState while the old holder's ID is active or still resting.
    """
    must_be_ticked(sessions_revoked, work_handed_over)
    also = {"replaced_at": now, "sessions_revoked": True, "work_handed_over": True}
    with step(
        REPLACEMENT, ReplacementRequest, request_id, "confirm", actor=actor, now=now, note=note, evidence=evidence,
        also=also,
    ) as request:  # fmt: skip
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
        account = replaceable(request, now=now)
        why = kept(gettext_noop("Replaced by %(name)s"), name=request.person.name)
        accounts.end_assignment(account, at=now, why=why, actor=actor, now=now)
        accounts.assign(
            account, request.person, request.email, at=now, why=kept(gettext_noop("Replacement")), actor=actor, now=now
        )
        account.status, account.activated_at, account.deactivated_at = AccountStatus.ACTIVE, now, None
        sign(account, actor, why, now=now)
        account.save(update_fields=["status", "activated_at", "deactivated_at"])
        accounts.refresh_search(account)
        tell(DOCUMENT, Role.SUPPORT, request, step="replaced", now=now)
    return request


def must_be_ticked(sessions_revoked: bool, work_handed_over: bool) -> None:
    if not (sessions_revoked and work_handed_over):
        raise Invalid(_("Tick the check-list first: sessions revoked, open work handed over."), field="checklist")


def replaceable(request: ReplacementRequest, *, now: datetime) -> Account:
    """The account, locked, if its next holder may have it now. Raises Invalid, WrongState."""
    account = (
        Account.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=request.account_id)
    )
    _check_old_holder(account, now)
    _check_new_holder(account, person_locked(request.person_id), request.email)
    return account


def hinders(request: ReplacementRequest, name: str, *, now: datetime) -> str:
    """What would refuse the step of that name as the request stands, in words. Locks nothing: the step looks again."""
    if name != "confirm":
        return ""
    try:
        _check_old_holder(request.account, now)
        _check_new_holder(request.account, request.person, request.email)
    except (Invalid, WrongState) as refusal:
        return str(refusal)
    return ""


def _check_old_holder(account: Account, now: datetime) -> None:
    holder = account.holder
    if holder is not None:
        last = holder.person.last_working_day
        if last is None or last >= local_day(now, account.site.zone):
            raise WrongState(_("%(name)s still works with this user ID.") % {"name": holder.person.name})
        raise WrongState(_("Deactivate this user ID for %(name)s first.") % {"name": holder.person.name})
    _must_rest_for_nobody(account)
    rest = timedelta(days=policy_value(QUARANTINE, at=now, site=account.site))
    if account.deactivated_at is not None and account.deactivated_at + rest > now:
        raise WrongState(_("This user ID still rests before its next holder (quarantine)."))


def passes_on_early(account: Account, *, now: datetime) -> bool:
    """Whether the ID goes to its next holder within two years: the page warns, since recordings name the ID."""
    return account.deactivated_at is not None and account.deactivated_at > now - timedelta(days=730)


def replacement_document(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> ReplacementRequest:
    with step(REPLACEMENT, ReplacementRequest, request_id, "document", actor=actor, now=now, note=note) as request:
        pass
    return request


def replacement_cancel(*, request_id: int, note: str, actor: Actor, now: datetime) -> ReplacementRequest:
    with step(REPLACEMENT, ReplacementRequest, request_id, "cancel", actor=actor, now=now, note=note) as request:
        orders.stand_back(request, now=now)
        if orders.was_asked(request):
            tell(CHECK, Role.TEAM_LEADER, request, step="check", now=now)
    return request


@transaction.atomic
def replacements_end(*, person: Person, note: str, now: datetime) -> None:
    """The person stays: the IDs that they hold, or that rest for them, pass to nobody else."""
    held = Account.objects.filter(assignments__person=person)
    for request in ReplacementRequest.objects.open().filter(account__in=held).select_related("account").order_by("pk"):
        holder = request.account.holder
        theirs = holder.person if holder is not None else accounts.kept_for(request.account)
        if theirs == person:
            replacement_cancel(request_id=request.pk, note=note, actor=LIFECYCLE, now=now)


TRANSITIONS = {
    "start": replacement_start,
    "fail": replacement_fail,
    "confirm": replacement_confirm,
    "document": replacement_document,
    "cancel": replacement_cancel,
}
