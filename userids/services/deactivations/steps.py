"""The steps of a request, from asking the team leader to the documented logbook (SOP-UID 8.1, steps 2 to 6)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.obligations import services as obligations
from occ.people.actors import CONNECTOR, Actor
from occ.people.choices import Role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.services import step
from userids.choices import BINDING, SUSPENDING, DeactivationReason
from userids.models import Account, DeactivationRequest, RemoteAccount
from userids.notices import DOCUMENT, ENFORCED, tell
from userids.policies import BACKDATED, DEACTIVATE
from userids.services import accounts, breach_reviews, orders
from userids.workflow import DEACTIVATION


def deactivation_request(*, request_id: int, actor: Actor, now: datetime) -> DeactivationRequest:
    """Support asks the team leader (step 2)."""
    also = {"requested_at": now}
    with step(DEACTIVATION, DeactivationRequest, request_id, "request", actor=actor, now=now, also=also) as request:
        pass
    return request


def deactivation_start(*, request_id: int, actor: Actor, now: datetime) -> DeactivationRequest:
    with step(DEACTIVATION, DeactivationRequest, request_id, "start", actor=actor, now=now) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now, enforced_too=False)
    return request


def deactivation_fail(*, request_id: int, note: str, actor: Actor, now: datetime) -> DeactivationRequest:
    """ "Berhasil? Tidak": the attempt and its error are kept, the clock runs on (step 4)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "fail", actor=actor, now=now, note=note) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now, enforced_too=False)
    return request


def deactivation_confirm(
    *, request_id: int, evidence: dict[str, Any], inactive_since: datetime | None = None, note: str = "", actor: Actor,
    now: datetime,
) -> DeactivationRequest:  # fmt: skip
    """Record that the application shows the ID as inactive, and close the logbook row (SOP-UID 8.1, step 5).

    `inactive_since` is when the evidence shows it (default now); it ends the clock, and the click is kept beside it.
    One long past, or before a limit that has passed since, needs a file or the application's own list; and what was not
    shown by its limit stays a breach for the coordinator to judge.
    Raises WrongState, NotAllowed, Invalid; nothing is changed then.
    """
    at = _not_ahead(inactive_since, now)
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "confirm", actor=actor, now=now, note=note, evidence=evidence,
        also={"confirmed_at": now, "inactive_since": at},
    ) as request:  # fmt: skip
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
        breach = actor != CONNECTOR and _claimed(request, at, evidence, now)
        _close(request, at, evidence, breach=breach, actor=actor, now=now)
        tell(DOCUMENT, Role.SUPPORT, request, step="deactivated", now=now)
    return request


def deactivation_take_over(*, request_id: int, note: str, actor: Actor, now: datetime) -> DeactivationRequest:
    """The time is up, and the application's policy lets the connector go on from wherever people stand (UID-6)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "take_over", actor=actor, now=now, note=note) as request:
        pass
    return request


def deactivation_shut(
    *, request_id: int, evidence: dict[str, Any] | None = None, inactive_since: datetime | None = None, note: str = "",
    actor: Actor, now: datetime,
) -> DeactivationRequest:  # fmt: skip
    """The connector has shut the ID by itself: the clock ends and the logbook shows it; the team leader confirms."""
    at = _not_ahead(inactive_since, now)
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "shut", actor=actor, now=now, note=note, evidence=evidence,
        also={"inactive_since": at},
    ) as request:  # fmt: skip
        _close(request, at, evidence or {}, actor=actor, now=now)
        tell(ENFORCED, Role.TEAM_LEADER, request, step="shut", now=now)
    return request


def deactivation_acknowledge(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> DeactivationRequest:
    """The team leader, who controls the IDs (SOP-UID 5.2), stands for what the connector did at due time."""
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "acknowledge", actor=actor, now=now, note=note,
        also={"confirmed_at": now},
    ) as request:  # fmt: skip
        tell(DOCUMENT, Role.SUPPORT, request, step="deactivated", now=now)
    return request


def deactivation_document(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> DeactivationRequest:
    """Support signs off that the logbook shows status and date (step 6)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "document", actor=actor, now=now, note=note) as request:
        # The leaver's own holding is looked at: the ID may have passed on since, and be active for somebody else.
        if (
            request.inactive_since is None
            or request.account.assignments.filter(
                Q(ends_at=None) | Q(ends_at__gt=request.inactive_since),
                person=request.person_id,
                starts_at__lt=request.inactive_since,
            ).exists()
        ):
            raise WrongState(_("The logbook does not show the user ID as inactive yet."))
    return request


def _not_ahead(inactive_since: datetime | None, now: datetime) -> datetime:
    at = inactive_since or now
    if at > now:
        raise Invalid(_("The time lies in the future."), field="inactive_since")
    return at


def _claimed(request: DeactivationRequest, at: datetime, evidence: dict[str, Any], now: datetime) -> bool:
    """Whether that instant is said after the limit only, to lie before it. Raises Invalid where nothing shows it."""
    in_time_by_word = at <= request.due_at < now
    allowed = timedelta(minutes=float(policy_value(BACKDATED, at=now, site=request.site)))
    listed = _listed(request, at)
    if (in_time_by_word or now - at > allowed) and not listed and not evidence.get("attachment"):
        words = _(
            "“Inactive since” lies long before this confirmation, or before the limit: attach a file that shows it."
        )
        raise Invalid(words, field="file")
    return in_time_by_word and (not listed or obligations.is_breached(request, rule=DEACTIVATE))


def _listed(request: DeactivationRequest, at: datetime) -> bool:
    """A list of the application shows the ID as inactive since `at` or before, within its holder's time."""
    account = request.account
    holder = account.holder
    rows = RemoteAccount.objects.filter(application_id=account.application_id, user_id__iexact=account.user_id)
    # Forms say instants to the minute.
    rows = rows.filter(active=False, present=True, inactive_since__lt=at + timedelta(minutes=1))
    return holder is not None and rows.filter(inactive_since__gt=holder.starts_at).exists()


def _close(
    request: DeactivationRequest, at: datetime, evidence: dict[str, Any], *, breach: bool = False, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """The ID is inactive from `at` on: the logbook says so, and the clock has ended."""
    account = Account.objects.select_for_update(of=("self",), no_key=True).get(pk=request.account_id)
    gravest = request.asked_reason if request.asked_reason in BINDING else request.reason
    why = kept(DeactivationReason(gravest).label)
    # Whoever leaves does not come back to it, and what is revoked is not for a while.
    suspend = set(request.reasons) <= set(SUSPENDING) and request.person.last_working_day is None
    accounts.close(account, at=at, why=why, suspend=suspend, actor=actor, now=now)
    obligations.obligation_fulfil(
        subject=request, rule=DEACTIVATE, at=at, evidence=evidence, breached=breach, actor=actor, now=now
    )
    breach_reviews.review_check(request=request, actor=actor, now=now)
