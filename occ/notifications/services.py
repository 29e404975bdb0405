"""Telling somebody: a row in the same transaction, delivered later, each exactly once."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation

from occ.notifications.addressees import gone
from occ.notifications.kinds import KINDS
from occ.notifications.models import Delivery, DeliveryState, Notification
from occ.people.models import User
from occ.times import JAKARTA, local_day

logger = logging.getLogger(__name__)
# Waits after the first, second, … failed attempt; after the last the delivery is given up and shown as failed.
# Their sum is a bit over two days: a mail server that was away for one is caught up with.
RETRIES = [timedelta(minutes=m) for m in (1, 2, 5, 10, 30, 60, 120, 240, 480, 960, 1440)]


def notify(
    *, to: Iterable[User], kind: str, params: dict[str, Any], key: str, url: str = "", now: datetime
) -> list[Notification]:
    """Put a notification into each user's inbox and, where an address is known, into the mail.

    A user who was told under this key already is not told again.
    """
    KINDS[kind]
    told: list[Notification] = []
    for user in to:
        notification, created = Notification.objects.get_or_create(
            user=user, key=key, defaults={"kind": kind, "params": params, "url": url, "created_at": now}
        )
        if not created:
            continue
        told.append(notification)
        if getattr(settings, "EMAIL_CONFIGURED", False) and address(user):
            Delivery.objects.create(notification=notification, channel="email", next_attempt_at=now)
    return told


def address(user: User) -> str:
    return user.email or (user.person.email if user.person else "")


def deliver_due(*, now: datetime, limit: int = 500) -> tuple[int, int]:
    """Deliver what is due; returns (sent, failed). A failed one waits; its fellows go on."""
    sent = failed = 0
    for pk in list(Delivery.objects.due(now).order_by("next_attempt_at").values_list("pk", flat=True)[:limit]):
        done = deliver(delivery_id=pk, now=now)
        sent += done is True
        failed += done is False
    return sent, failed


def deliver(*, delivery_id: int, now: datetime) -> bool | None:
    """Send one; None when somebody else has claimed it, or its reader has left since it was written.

    No transaction is open while the mail server is talked to.
    """
    # A conditional update is the claim: of two workers one changes the row, and the other sees that it did not.
    claimed = Delivery.objects.due(now).filter(pk=delivery_id).update(state=DeliveryState.SENDING, next_attempt_at=now)
    if not claimed:
        return None
    delivery = Delivery.objects.select_related("notification__user__person__site").get(pk=delivery_id)
    reader = delivery.notification.user
    if gone(reader, local_day(now, reader.person.site.zone if reader.person else JAKARTA)):
        Delivery.objects.filter(pk=delivery_id).update(state=DeliveryState.FAILED, error="the reader has left")
        return None
    try:
        send_email(delivery.notification)
    except Exception as error:  # whatever the mail server or the address did, the row is kept and tried again
        logger.warning("delivery %s failed: %s", delivery.pk, error.__class__.__name__)
        _postpone(delivery, error, now)
        return False
    Delivery.objects.filter(pk=delivery_id).update(state=DeliveryState.SENT, sent_at=now, error="")
    return True


def _postpone(delivery: Delivery, error: Exception, now: datetime) -> None:
    attempts = delivery.attempts + 1
    give_up = attempts > len(RETRIES)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.FAILED if give_up else DeliveryState.PENDING,
        attempts=attempts,
        next_attempt_at=now if give_up else now + RETRIES[attempts - 1],
        error=f"{error.__class__.__name__}: {error}"[:300],
    )


def send_email(notification: Notification) -> None:
    user = notification.user
    with translation.override(user.language):
        link = f"\n\n{settings.BASE_URL}{notification.url}" if notification.url else ""
        message = EmailMessage(
            subject=" ".join(notification.subject.split()),
            body=f"{notification.body}{link}\n",
            to=[address(user)],
            # The same message repeated after a crash carries the same id, so that mail programs show it once.
            headers={"Message-ID": f"<occ-{notification.pk}@{settings.BASE_URL.split('//')[-1].split(':')[0]}>"},
        )
    message.send()


@transaction.atomic
def notification_read(*, notification_id: int, actor: User, now: datetime) -> None:
    Notification.objects.filter(pk=notification_id, user=actor, read_at=None).update(read_at=now)


@transaction.atomic
def notifications_read_all(*, actor: User, now: datetime) -> int:
    return Notification.objects.filter(user=actor, read_at=None).update(read_at=now)
