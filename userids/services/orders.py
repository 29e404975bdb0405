"""Orders to connectors, as people's own steps meet them: a person's step goes before what waits, not before what runs.

Everything here runs in its caller's transaction, with the request locked: as the worker locks it before it asks the
application, nothing is shut that was called off a moment before, and nothing called off that is being shut.
"""

from datetime import datetime
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from occ.errors import WrongState
from occ.texts import told as _
from userids.choices import OrderState
from userids.models import ConnectorOrder, DeactivationRequest, ReplacementRequest
from userids.models.applications import SILENT, OrderQuerySet

Process = DeactivationRequest | ReplacementRequest


def subject(request: Process) -> dict[str, Any]:
    return {"deactivation" if isinstance(request, DeactivationRequest) else "replacement": request}


def orders_of(request: Process) -> OrderQuerySet:
    return ConnectorOrder.objects.filter(**subject(request))


def stand_back(request: Process, *, now: datetime, enforced_too: bool = True) -> None:
    """Drop what waits, since a person takes the next step. Raises WrongState while a worker asks the application.

    `enforced_too` False: what the policy asked for at due time stays, as starting by hand shuts nothing yet.
    """
    for order in orders_of(request).open().select_for_update(no_key=True):
        if order.state == OrderState.RUNNING and order.claimed_at is not None and order.claimed_at > now - SILENT:
            raise WrongState(_("The connector is at work on this user ID right now. Look again in a moment."))
        if enforced_too or order.enforced_due_at is None:
            end(order, OrderState.DROPPED, error=_("Somebody took the next step by hand.").kept(), now=now)


def was_asked(request: Process) -> bool:
    """Whether the application may have heard of the request already."""
    return orders_of(request).filter(attempts__gt=0).exists()


def end(order: ConnectorOrder, state: OrderState, *, error: str = "", now: datetime) -> None:
    order.state, order.error, order.next_at, order.ended_at = state, error, None, now
    order.save(update_fields=["state", "error", "next_at", "ended_at"])


def enqueue_on_commit(order: ConnectorOrder) -> None:
    transaction.on_commit(lambda: enqueue(order.pk))


def enqueue(pk: int) -> None:
    try:
        current_app.send_task("userids.tasks.order_run", args=[pk])
    except OperationalError:  # the broker is away: beat takes the order up
        return
