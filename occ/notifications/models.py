"""Outbox and inbox. A notification is written in the transaction of what it tells of; beat delivers it after.

`key` makes it exactly once: the same event never tells the same user twice, whoever repeats it.
Texts are kept as kind and parameters and said in the reader's language.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.notifications.kinds import KINDS


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: object) -> NotificationQuerySet:
        return self.filter(user=user)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    key = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notifications")
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_inbox"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        return KINDS[self.kind].say(KINDS[self.kind].subject, self.params)

    @property
    def body(self) -> str:
        return KINDS[self.kind].say(KINDS[self.kind].body, self.params)

    @property
    def level(self) -> str:
        return KINDS[self.kind].level


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> DeliveryQuerySet:
        """Waiting ones whose time has come, and claimed ones whose worker never came back."""
        orphaned = Q(state=DeliveryState.SENDING, next_attempt_at__lte=now - timedelta(minutes=10))
        return self.filter(Q(state=DeliveryState.PENDING, next_attempt_at__lte=now) | orphaned)


class Delivery(models.Model):
    """One attempt series to bring a notification to its reader by one channel."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20, default="email")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="delivery_one_per_channel"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(state__in=["pending", "sending"]))
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
