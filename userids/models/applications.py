"""Applications whose user IDs the logbook keeps: how each is reached, and what its connector is asked to do.

A token lies in a row of its own, so that no list, history or export ever loads it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import EncryptedTextField
from occ.people.choices import Role
from occ.people.models import User, within_reach
from occ.people.scope import has_role
from userids.choices import ConnectorKind, EnforcementMode, OrderState

if TYPE_CHECKING:
    from userids.models.logbook import DeactivationRequest, ReplacementRequest


APPLICATION_READERS = frozenset({Role.IT, Role.ADMINISTRATOR, Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.COORDINATOR})


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: User) -> ApplicationQuerySet:
        """An application serves all sites: who reads one reads all."""
        return self if has_role(user, APPLICATION_READERS) else self.none()

    def with_mode(self, at: datetime) -> ApplicationQuerySet:
        """Each with `mode`: what its policy of enforcement says at that instant."""
        rows = Enforcement.objects.filter(application=OuterRef("pk"), valid_from__lte=at).order_by("-valid_from")
        return self.annotate(mode=Coalesce(Subquery(rows.values("mode")[:1]), Value(str(EnforcementMode.REMIND))))


class Application(models.Model):
    """An application whose user IDs the logbook keeps, and how OCC reaches it (UID-10). Its token is kept apart."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    connector = models.CharField(_("connector"), max_length=10, choices=ConnectorKind, default=ConnectorKind.MANUAL)
    base_url = models.CharField(_("address"), max_length=300, blank=True)
    timeout_seconds = models.PositiveSmallIntegerField(_("time limit in seconds"), default=10)
    requests_per_second = models.PositiveSmallIntegerField(_("requests per second"), default=5)

    objects = ApplicationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["code"]
        verbose_name = _("application")
        constraints = [
            models.CheckConstraint(condition=Q(connector__in=ConnectorKind.values), name="application_connector_known"),
            models.CheckConstraint(
                condition=~Q(connector=ConnectorKind.SCIM) | ~Q(base_url=""), name="application_scim_has_address"
            ),
            models.CheckConstraint(
                condition=Q(timeout_seconds__range=(1, 60), requests_per_second__range=(1, 100)),
                name="application_limits_possible",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("userids:application", args=[self.pk])


class ApplicationSecret(models.Model):
    """The token with which OCC speaks to an application: encrypted, never shown, in no history, in no list's query."""

    application = models.OneToOneField("userids.Application", models.PROTECT, related_name="secret")
    token = EncryptedTextField(_("token"))
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.application}"


class Enforcement(models.Model):
    """What happens at due time, from an instant on (UID-6): people are reminded, or the connector shuts the ID itself.

    A row is never changed: the latest one that has begun holds. Without one people are reminded.
    """

    application = models.ForeignKey("userids.Application", models.PROTECT, related_name="enforcements")
    mode = models.CharField(_("at due time"), max_length=10, choices=EnforcementMode)
    valid_from = models.DateTimeField(_("valid from"))
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "valid_from"], name="enforcement_one_at_a_time"),
            models.CheckConstraint(condition=Q(mode__in=EnforcementMode.values), name="enforcement_mode_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="enforcement_has_reason"),
            models.CheckConstraint(condition=within_reach("valid_from"), name="enforcement_date_possible"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.mode}"


OPEN_ORDER = [OrderState.WAITING, OrderState.RUNNING]
# A running order whose worker has not ended it for so long is taken up by another one: far longer than a connector may
# take for one ID (connectors.scim.LIMIT).
SILENT = timedelta(minutes=3)
# So long a page waits for a worker to begin; then it offers the steps by hand again.
SOON = timedelta(minutes=1)


class OrderQuerySet(models.QuerySet["ConnectorOrder"]):
    def open(self) -> OrderQuerySet:
        return self.filter(state__in=OPEN_ORDER)

    def claimable(self, now: datetime) -> OrderQuerySet:
        """Waiting and due, or left by a worker that died."""
        return self.filter(
            Q(state=OrderState.WAITING, next_at__lte=now) | Q(state=OrderState.RUNNING, claimed_at__lt=now - SILENT)
        )


class ConnectorOrder(models.Model):
    """A request that the connector is to carry out, asked for by a team leader, or at due time by the policy (UID-6).

    Invariants: one open order per request; the policy asks once per due time.
    """

    deactivation = models.ForeignKey("userids.DeactivationRequest", models.PROTECT, null=True, related_name="orders")
    replacement = models.ForeignKey("userids.ReplacementRequest", models.PROTECT, null=True, related_name="orders")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    enforced_due_at = models.DateTimeField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=OrderState, default=OrderState.WAITING)
    next_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(
                condition=Q(deactivation__isnull=False, replacement=None)
                | Q(deactivation=None, replacement__isnull=False),
                name="order_has_one_request",
            ),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=False, enforced_due_at=None)
                | Q(asked_by=None, enforced_due_at__isnull=False, deactivation__isnull=False),
                name="order_asked_by_person_or_policy",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_ORDER, next_at__isnull=False, ended_at=None)
                | (~Q(state__in=OPEN_ORDER) & Q(next_at=None, ended_at__isnull=False)),
                name="order_open_has_next",
            ),
            models.UniqueConstraint(
                fields=["deactivation"], name="order_one_open_deactivation", condition=Q(state__in=OPEN_ORDER)
            ),
            models.UniqueConstraint(
                fields=["replacement"], name="order_one_open_replacement", condition=Q(state__in=OPEN_ORDER)
            ),
            models.UniqueConstraint(fields=["deactivation", "enforced_due_at"], name="order_enforced_once"),
        ]
        indexes = [models.Index(fields=["next_at"], name="order_open", condition=Q(state__in=OPEN_ORDER))]

    def __str__(self) -> str:
        return f"{self.request}: {self.state}"

    @property
    def request(self) -> DeactivationRequest | ReplacementRequest:
        found = self.deactivation or self.replacement
        assert found is not None
        return found

    def at_work(self, now: datetime) -> bool:
        """Whether a worker has it, or should any moment: not one that waits for later, or that nobody answers for."""
        if self.state == OrderState.RUNNING:
            return self.claimed_at is not None and self.claimed_at > now - SILENT
        return self.next_at is not None and now - SOON < self.next_at <= now
