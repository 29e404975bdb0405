"""The connector at work on a request: asked for by the team leader, or by the policy at due time (UID-6, UID-10).

Three transactions and the network between them: the request is locked, looked at and begun; the application is asked,
with no transaction open; what was read back is written. A worker killed at any line leaves a running order that another
one takes up after a while: asking again does no harm, since an ID that is inactive already counts when read back.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people.actors import CONNECTOR
from occ.people.choices import Role
from occ.people.models import User
from occ.policies.services import policy_value
from occ.texts import kept, kept_within, worded
from occ.texts import told as _
from userids.choices import ConnectorKind, DeactivationStatus, EnforcementMode, OrderState
from userids.connectors.base import Connector, ConnectorError
from userids.models import Application, Assignment, ConnectorOrder, DeactivationRequest, ReplacementRequest
from userids.models.applications import OPEN_ORDER
from userids.notices import CONNECTOR_FAILED, tell
from userids.policies import ENFORCED_BEFORE
from userids.services import deactivations, replacements
from userids.services.applications import connected, mode_at
from userids.services.orders import Process, end, enqueue, enqueue_on_commit, orders_of, subject
from userids.services.readback import Seen, evidence, evidence_clock
from userids.workflow import DEACTIVATION, REPLACEMENT

logger = logging.getLogger(__name__)
# Waits after the first, second, … failed attempt; after the last the order has failed. Half a day in all.
WAITS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 20, 30, 60, 120, 240, 240)]
LONGEST_LEAD = timedelta(hours=12)  # as the policy of ENFORCED_BEFORE allows


# Asking -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def connector_ask(
    *, request: Process, early: bool = False, sessions_revoked: bool = False, work_handed_over: bool = False,
    actor: User, now: datetime,
) -> ConnectorOrder:  # fmt: skip
    """The team leader has the connector do it; one that waits for another attempt tries at once.

    A leaver who still works is shut out only `early`, said on purpose; a replacement needs its check-list ticked
    beforehand. Raises NotAllowed, WrongState, Invalid.
    """
    found = locked(request)
    start = (DEACTIVATION if isinstance(found, DeactivationRequest) else REPLACEMENT).find("start")
    if not start.open_to(actor, found.site):
        raise NotAllowed
    if not may_be_asked(found):
        raise WrongState(_("The connector can do nothing here now. Somebody may have been quicker."))
    if isinstance(found, DeactivationRequest) and found.starts_at > now and not early:
        raise Invalid(_("%(name)s still works with this user ID.") % {"name": found.person.name}, field="early")
    if isinstance(found, ReplacementRequest):
        replacements.must_be_ticked(sessions_revoked, work_handed_over)
        replacements.replaceable(found, now=now)
        found.sessions_revoked = found.work_handed_over = True
        found.save(update_fields=["sessions_revoked", "work_handed_over"])
    order = orders_of(found).open().select_for_update(no_key=True).first()
    if order is None:
        order = ConnectorOrder.objects.create(**subject(found), asked_by=actor, asked_at=now, next_at=now)
    elif order.state == OrderState.RUNNING:
        raise WrongState(_("The connector is at work on this user ID right now. Look again in a moment."))
    else:
        order.next_at = now
        order.save(update_fields=["next_at"])
    record(actor=actor, action="connector.asked", subject=found, data={"order": order.pk}, now=now, site=found.site)
    enqueue_on_commit(order)
    return order


def may_be_asked(request: Process) -> bool:
    """Whether the request stands where its application's connector could carry it out."""
    states = {"requested", "in_progress", "failed"}
    return request.account.application.connector != ConnectorKind.MANUAL and request.status in states


def locked(request: Process) -> Process:
    """The request as it is now, locked: always before its orders, as people's steps do."""
    rows: Any = type(request).objects.select_for_update(of=("self",), no_key=True)
    found: Process = rows.select_related("account__application", "person", "site").get(pk=request.pk)
    return found


# At due time --------------------------------------------------------------------------------------------------------


def enforcement_open(*, now: datetime) -> int:
    """Order the connector for what is due where the policy lets it act by itself; returns how many orders.

    The policy must hold now and have held at due time: one that is set later does not reach back.
    """
    count = 0
    for application in Application.objects.exclude(connector=ConnectorKind.MANUAL):
        if mode_at(application, now) == EnforcementMode.ENFORCE:
            for request in _falling_due(application, now):
                count += _enforce_apart(request, now=now)
    return count


def _falling_due(application: Application, now: datetime) -> list[DeactivationRequest]:
    """Open requests whose time is up, for which the connector has not been ordered yet."""
    ordered = ConnectorOrder.objects.filter(deactivation=OuterRef("pk"))
    ordered = ordered.filter(Q(state__in=OPEN_ORDER) | Q(enforced_due_at=OuterRef("due_at")))
    due = DeactivationRequest.objects.open().filter(
        ~Exists(ordered), account__application=application, due_at__lte=now + LONGEST_LEAD
    )
    return [one for one in due.select_related("site").order_by("due_at") if enforced_at(one, now) <= now]


def _enforce_apart(request: DeactivationRequest, *, now: datetime) -> bool:
    """One that cannot be ordered stops no other; the next beat tries it again."""
    try:
        return _enforce(request, now=now)
    except (OperationalError, InterfaceError):  # the database, not the row
        raise
    except Exception:
        logger.exception("not enforced", extra={"data": {"request": request.pk}})
        return False


def enforced_at(request: DeactivationRequest, now: datetime) -> datetime:
    """When the connector begins by itself: the due time, less the lead that the policy gives it."""
    lead = timedelta(minutes=policy_value(ENFORCED_BEFORE, at=now, site=request.site))
    return request.due_at - lead


@transaction.atomic
def _enforce(request: DeactivationRequest, *, now: datetime) -> bool:
    found = locked(request)
    assert isinstance(found, DeactivationRequest)
    if not enforceable(found, now) or orders_of(found).open().exists():
        return False
    if orders_of(found).filter(enforced_due_at=found.due_at).exists():
        return False  # it was tried for this due time, and given up: people have been told
    try:
        with transaction.atomic():
            order = ConnectorOrder.objects.create(
                **subject(found), asked_at=now, next_at=now, enforced_due_at=found.due_at
            )
    except IntegrityError:  # the other beat was quicker
        return False
    data = {"order": order.pk, "due_at": found.due_at}
    record(actor=CONNECTOR, action="connector.enforced", subject=found, data=data, now=now, site=found.site)
    enqueue_on_commit(order)
    return True


def enforceable(request: DeactivationRequest, now: datetime) -> bool:
    begins = enforced_at(request, now)
    application = request.account.application
    modes = {mode_at(application, now), mode_at(application, min(begins, now))}
    return request.is_open and begins <= now and modes == {EnforcementMode.ENFORCE}


def orders_take_up(*, now: datetime) -> int:
    """Enqueue what has come due again, what a dead worker left, and what was never heard of."""
    pks = list(ConnectorOrder.objects.claimable(now).order_by("next_at").values_list("pk", flat=True)[:200])
    for pk in pks:
        enqueue(pk)
    return len(pks)


def connect(*, now: datetime) -> int:
    """All that beat and its tasks would do, here: what the policy asks for, and every order that is due."""
    enforcement_open(now=now)
    pks = list(ConnectorOrder.objects.claimable(now).order_by("next_at").values_list("pk", flat=True))
    return sum([order_run(order_id=pk, now=now) for pk in pks])


# The work -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """What a worker has claimed: by `claimed_at` it knows later whether the order is still its own."""

    order_id: int
    claimed_at: datetime
    request: Process
    held_since: datetime | None


def order_run(*, order_id: int, now: datetime, connecting: Any = connected) -> bool:
    """Carry out the order, if it is due and nobody else does; whether this call did.

    Raises RuntimeError inside a transaction: none may be open while the network is waited for (KER-8).
    """
    begun = time.monotonic()
    with transaction.atomic(durable=True):
        pass

    def clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - begun)

    try:
        work = _claim(order_id, now=now)
        if work is not None:
            _carry_out(work, clock, connecting)
    except (OperationalError, InterfaceError):  # the database, not the order: it is taken up again
        raise
    except Exception:  # the order, with its error, is shown and told; its fellows go on
        logger.exception("connector failed", extra={"data": {"order": order_id}})
        _park(order_id, now=now)
        return True
    return work is not None


def _carry_out(work: Work, clock: Callable[[], datetime], connecting: Any) -> None:
    try:
        with connecting(work.request.account.application) as connector:
            seen = _ask(connector, work.request, clock)
    except ConnectorError as error:
        _failed(work, error, now=clock())
    else:
        _succeeded(work, seen, now=clock())


@transaction.atomic(durable=True)
def _claim(order_id: int, *, now: datetime) -> Work | None:
    """Lock, look again, begin. None when there is nothing to do, or somebody else does it."""
    due = ConnectorOrder.objects.claimable(now).filter(pk=order_id)
    order = due.select_related("deactivation", "replacement").first()
    if order is None:
        return None
    request = locked(order.request)
    order = due.select_for_update(of=("self",), no_key=True).first()
    if order is None:
        return None
    if why := _obstacle(order, request, now):
        end(order, OrderState.DROPPED, error=kept_within(why), now=now)
        data = {"order": order.pk, "why": kept_within(why)}
        record(actor=CONNECTOR, action="connector.dropped", subject=request, data=data, now=now, site=request.site)
        return None
    if order.attempts > len(WAITS):  # its worker died each time
        _give_up(order, request, _("The connector's work broke off several times. Tell Team IT."), now=now)
        return None
    if order.state == OrderState.WAITING:
        _begin(order, request, now)
    order.state, order.claimed_at, order.attempts = OrderState.RUNNING, now, order.attempts + 1
    order.save(update_fields=["state", "claimed_at", "attempts"])
    present = Assignment.objects.filter(account=request.account, ends_at=None).first()
    return Work(order.pk, now, request, present.starts_at if present else None)


def _obstacle(order: ConnectorOrder, request: Process, now: datetime) -> str:
    """Why the application must not be asked after all; "" where it may."""
    if request.account.application.connector == ConnectorKind.MANUAL:
        return _("The application has no connector any more.")
    if not request.is_open:
        return _("The request is not open any more.")
    if isinstance(request, ReplacementRequest):
        try:
            replacements.replaceable(request, now=now)
        except Refused as refusal:
            return worded(refusal.message)
        return ""
    holder = request.account.holder
    if holder is None or holder.person_id != request.person_id:
        return _("The leaver does not hold this user ID any more.")
    if order.enforced_due_at is not None and (order.enforced_due_at != request.due_at or not enforceable(request, now)):
        return _("The time is not up any more, or the policy has changed.")
    return ""


def _begin(order: ConnectorOrder, request: Process, now: datetime) -> None:
    arguments: dict[str, Any] = {"request_id": request.pk, "actor": CONNECTOR, "now": now}
    if order.enforced_due_at is not None:
        note = kept(
            gettext_noop(
                "The time is up: the connector deactivates the user ID by itself, as the application's policy says."
            )
        )
        deactivations.deactivation_take_over(note=note, **arguments)
    elif request.status in {DeactivationStatus.REQUESTED, DeactivationStatus.FAILED}:
        service: Any = deactivations.deactivation_start
        if isinstance(request, ReplacementRequest):
            service = replacements.replacement_start
        service(**arguments)
    request.refresh_from_db(fields=["status"])


def _ask(connector: Connector, request: Process, clock: Callable[[], datetime]) -> Seen:
    user_id = request.account.user_id
    if isinstance(request, ReplacementRequest):
        user = connector.replace(user_id, name=request.person.name, email=request.email)
        return Seen(user, None, clock())
    before = connector.get(user_id)
    if before is None:
        raise ConnectorError(_("The application knows no user ID %(id)s.") % {"id": user_id}, temporary=False)
    if not before.active:
        return Seen(before, None, clock())
    active_at = clock()
    return Seen(connector.deactivate(user_id), active_at, clock())


def _mine(work: Work) -> tuple[ConnectorOrder, Process] | None:
    """The order and its request, locked; None when another worker has it by now."""
    request = locked(work.request)
    rows = ConnectorOrder.objects.select_for_update(of=("self",), no_key=True)
    order = rows.filter(pk=work.order_id, state=OrderState.RUNNING, claimed_at=work.claimed_at).first()
    return (order, request) if order else None


@transaction.atomic(durable=True)
def _failed(work: Work, error: ConnectorError, *, now: datetime) -> None:
    """The attempt is a step like a person's; what may mend itself is tried again later, the rest goes to people."""
    mine = _mine(work)
    if mine is None:
        return
    order, request = mine
    if not error.temporary or order.attempts > len(WAITS):
        _give_up(order, request, error.kept, now=now)
        return
    _note_failure(request, error.kept, now=now)
    wait = max(WAITS[order.attempts - 1], timedelta(seconds=error.retry_after or 0))
    order.state, order.next_at, order.error = OrderState.WAITING, now + wait, error.kept
    order.save(update_fields=["state", "next_at", "error"])


def _give_up(order: ConnectorOrder, request: Process, words: str, *, now: datetime) -> None:
    error: str = kept_within(words)
    _note_failure(request, error, now=now)
    end(order, OrderState.FAILED, error=error, now=now)
    for role in (Role.TEAM_LEADER, Role.IT):
        tell(CONNECTOR_FAILED, role, request, step=f"connector:{order.pk}", now=now, error=error)


@transaction.atomic
def _park(order_id: int, *, now: datetime) -> None:
    order = ConnectorOrder.objects.select_related("deactivation", "replacement").get(pk=order_id)
    request = locked(order.request)
    found = ConnectorOrder.objects.open().select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    if found is not None:
        _give_up(found, request, _("OCC made a mistake here. Tell Team IT."), now=now)


def _note_failure(request: Process, error: str, *, now: datetime) -> None:
    if request.status == DeactivationStatus.IN_PROGRESS:
        service: Any = deactivations.deactivation_fail
        if isinstance(request, ReplacementRequest):
            service = replacements.replacement_fail
        service(request_id=request.pk, note=error, actor=CONNECTOR, now=now)


@transaction.atomic(durable=True)
def _succeeded(work: Work, seen: Seen, *, now: datetime) -> None:
    mine = _mine(work)
    if mine is None:
        return
    order, request = mine
    try:
        with transaction.atomic():
            _write(order, request, seen, work.held_since, now)
    except Refused as refusal:
        words = _("The application shows it done, but the logbook does not take it: %(why)s") % {
            "why": worded(refusal.message)
        }
        request.refresh_from_db(fields=["status"])
        _give_up(order, request, words, now=now)
    else:
        end(order, OrderState.DONE, now=now)


def _write(order: ConnectorOrder, request: Process, seen: Seen, held_since: datetime | None, now: datetime) -> None:
    found = evidence(request, seen)
    arguments: dict[str, Any] = {"request_id": request.pk, "evidence": found, "actor": CONNECTOR, "now": now}
    if isinstance(request, ReplacementRequest):
        arguments |= {"sessions_revoked": request.sessions_revoked, "work_handed_over": request.work_handed_over}
        replacements.replacement_confirm(**arguments)
        return
    since = evidence_clock(seen.user, held_since=held_since, active_at=seen.active_at, read_back_at=seen.read_back_at)
    enforced = order.enforced_due_at is not None
    service = deactivations.deactivation_shut if enforced else deactivations.deactivation_confirm
    service(inactive_since=since, **arguments)
