"""Alerts over live figures, and the plans by which a missed target is recovered (RTM-13, RTM-14; SOP-RTM 6.6, 8.2).

Invariants: one open alert for each site, kind and what it is about; a plan's situation is what the figures were when it
was opened, and is never changed; who verifies a plan is not who drew it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Channel, Role
from occ.people.models import Site, User
from occ.people.scope import SITE_WIDE, site_filter
from realtime.choices import ActionKind, AlertKind, Cause, PlanStatus

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

FLOOR_READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user: User) -> AlertQuerySet:
        return self.filter(site_filter(user, FLOOR_READERS))

    def open(self) -> AlertQuerySet:
        return self.filter(closed_at=None)


class Alert(models.Model):
    """`figures`: what was seen when it came up; `latest`: what last. `about`: a channel, or a source's code."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=10, choices=AlertKind)
    about = models.CharField(_("about"), max_length=40)
    opened_at = models.DateTimeField(_("since"))
    figures = models.JSONField(default=dict)
    latest = models.JSONField(default=dict)
    seen_at = models.DateTimeField()
    # Better since then; closed once it has stayed so (hysteresis).
    better_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = AlertQuerySet.as_manager()
    if TYPE_CHECKING:
        plans: RelatedManager[RecoveryPlan]

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("alert")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "about"], name="alert_one_open", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_known"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["opened_at", "id"], name="alert_opened")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.about_label})" if self.about else str(self.get_kind_display())

    def get_absolute_url(self) -> str:
        return reverse("realtime:alert", args=[self.pk])

    @property
    def about_label(self) -> str:
        name = self.figures.get("name") if self.kind == AlertKind.OVERRUN else None
        return str(name or dict(Channel.choices).get(self.about, self.about))

    @property
    def status(self) -> str:
        if self.closed_at is not None:
            return "closed"
        return "acknowledged" if self.acknowledged_at else "open"


class PlanQuerySet(models.QuerySet["RecoveryPlan"]):
    def visible_to(self, user: User) -> PlanQuerySet:
        return self.filter(site_filter(user, FLOOR_READERS))


class RecoveryPlan(models.Model):
    """`situation`, `result`, `day`: figures as of its opening, its end, its verification. `expected`: the what-if."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    alert = models.ForeignKey(Alert, models.PROTECT, null=True, blank=True, related_name="plans")
    status = models.CharField(_("status"), max_length=10, choices=PlanStatus, default=PlanStatus.DRAFT)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drawn up by"))
    situation = models.JSONField(default=dict)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause, blank=True)
    analysis = models.TextField(_("analysis"), blank=True)
    expected = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    done_at = models.DateTimeField(_("carried out"), null=True, blank=True)
    outcome = models.TextField(_("intraday evaluation"), blank=True)
    result = models.JSONField(default=dict, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    evaluation = models.TextField(_("end-of-day evaluation"), blank=True)
    day = models.JSONField(default=dict, blank=True)

    objects = PlanQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        actions: RelatedManager[PlanAction]

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("recovery plan")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=PlanStatus.values), name="plan_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["running", "done", "verified"]) | ~Q(cause=""), name="plan_has_cause"
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("opened_by")), name="plan_four_eyes"
            ),
        ]
        indexes = [models.Index(fields=["opened_at", "id"], name="plan_opened")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.opened_at.astimezone(self.site.zone):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:plan", args=[self.pk])


class PlanActionQuerySet(models.QuerySet["PlanAction"]):
    def open(self) -> PlanActionQuerySet:
        return self.filter(done_at=None, dropped_why="")


class PlanAction(models.Model):
    """Open until it was done, or somebody said why it is not carried out (`dropped_why`)."""

    plan = models.ForeignKey(RecoveryPlan, models.PROTECT, related_name="actions")
    kind = models.CharField(_("action"), max_length=12, choices=ActionKind)
    what = models.CharField(_("what exactly"), max_length=200, blank=True)
    who = models.CharField(_("who"), max_length=120)
    due_at = models.DateTimeField(_("by"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    dropped_why = models.CharField(_("not carried out because"), max_length=200, blank=True)

    objects = PlanActionQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ActionKind.values), name="plan_action_known"),
            models.CheckConstraint(condition=Q(done_at=None) | Q(dropped_why=""), name="plan_action_done_or_dropped"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.who}"
