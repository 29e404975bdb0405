"""Whatever a procedure makes somebody do by a time: one row each, in one table.

Invariants: one open obligation per rule and subject, of each who owes it by name; a ladder's step is taken once per
due time (unique constraint on the event), whoever sweeps how often. `next_at` is the only thing the sweep looks for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Case, F, Q, QuerySet, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from occ.obligations.rules import RULES
from occ.people.choices import Role
from occ.people.models import Site, Team, User
from occ.people.scope import SITE_WIDE, roles_of, site_filter
from occ.texts import said


class State(models.TextChoices):
    OPEN = "open", _("Open")
    FULFILLED = "fulfilled", _("Fulfilled")
    CANCELLED = "cancelled", _("Cancelled")


# By its own time, or with a breach that stays whatever was said afterwards.
FULFILLED_LATE = Q(state=State.FULFILLED) & (Q(fulfilled_at__gt=F("due_at")) | Q(breached_at__isnull=False))
FULFILLED_IN_TIME = Q(state=State.FULFILLED, fulfilled_at__lte=F("due_at"), breached_at=None)


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def visible_to(self, user: User) -> ObligationQuerySet:
        """By site for the roles that see a site; a team leader's also for the site, as IDs are shut on every shift."""
        return self.filter(site_filter(user, {*SITE_WIDE, Role.TEAM_LEADER}))

    def open(self) -> ObligationQuerySet:
        return self.filter(state=State.OPEN)

    def due_for_sweep(self, now: datetime) -> ObligationQuerySet:
        return self.filter(state=State.OPEN, parked_at=None, next_at__lte=now)

    def breached(self) -> ObligationQuerySet:
        """Fulfilled too late, or open past its time as the sweep saw it."""
        return self.exclude(state=State.CANCELLED).filter(
            Q(state=State.OPEN, breached_at__isnull=False) | FULFILLED_LATE
        )

    def own_first(self, user: User) -> ObligationQuerySet:
        """Each with `others`: whether only other roles owe it, or another team; the own ones before those."""
        return self.annotate(
            others=Case(When(owed_by(user), then=False), default=True, output_field=models.BooleanField())
        ).order_by("others", "due_at", "pk")


def owed_by(user: User) -> Q:
    """What the user owes by name, or one of the roles; of a leader of one team, not what another team's does."""
    mine = Q(owner=user)
    for held in roles_of(user):
        one = Q(owner=None, owner_role=held.role)
        if held.site_id is not None:
            one &= Q(site_id=held.site_id)
        if held.team_id is not None:
            one &= Q(team=None) | Q(team_id=held.team_id)
        mine |= one
    return mine


def still_owed(model: type[models.Model], where: Q) -> QuerySet[Any]:
    """The keys of what `where` (of obligations) owes still: a site that something has left, since it was late there."""
    kind = ContentType.objects.get_for_model(model)
    return Obligation.objects.open().filter(where, content_type=kind).values("object_id")


class Obligation(models.Model):
    others: bool  # as `own_first` says
    rule = models.CharField(_("rule"), max_length=60)
    clause = models.CharField(_("clause"), max_length=60)
    content_type = models.ForeignKey(ContentType, models.PROTECT)
    object_id = models.BigIntegerField()
    subject = GenericForeignKey()
    subject_label = models.CharField(_("subject"), max_length=200)
    url = models.CharField(max_length=200, blank=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    owner_role = models.CharField(_("owed by"), max_length=20, choices=Role)
    # Who alone can do it, where that is one person; the role is then whose business it is.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(_("opened"))
    starts_at = models.DateTimeField(_("clock starts"))
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    fulfilled_at = models.DateTimeField(_("fulfilled"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    evidence = models.JSONField(default=dict)
    breached_at = models.DateTimeField(_("breached"), null=True)
    cause = models.CharField(_("cause"), max_length=40, blank=True)
    next_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("obligation")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "content_type", "object_id", "owner"],
                name="obligation_one_open",
                condition=Q(state="open"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("starts_at")), name="obligation_due_after_start"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="obligation_state_known"),
            models.CheckConstraint(
                condition=Q(state="fulfilled", fulfilled_at__isnull=False)
                | (~Q(state="fulfilled") & Q(fulfilled_at__isnull=True)),
                name="obligation_fulfilled_has_time",
            ),
        ]
        indexes = [
            # What a sweep costs depends on what is due: only open rows with a next step are in this index.
            models.Index(fields=["next_at"], name="obligation_sweep", condition=Q(state="open", parked_at=None)),
            models.Index(fields=["site", "due_at"], name="obligation_open_site", condition=Q(state="open")),
            models.Index(fields=["due_at", "id"], name="obligation_due"),
            models.Index(fields=["content_type", "object_id"], name="obligation_subject"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return gettext(RULES[self.rule].title) % {"subject": said(self.subject_label)}

    @property
    def owed_by(self) -> str:
        """The person, or the role and its team."""
        if self.owner is not None:
            return str(self.owner)
        return f"{self.get_owner_role_display()}, {self.team}" if self.team else str(self.get_owner_role_display())

    @property
    def on_time(self) -> bool:
        return self.fulfilled_at is not None and self.fulfilled_at <= self.due_at and self.breached_at is None

    @property
    def shown_later(self) -> bool:
        """Done before it was shown: both times are said."""
        return None not in (self.fulfilled_at, self.closed_at) and self.fulfilled_at != self.closed_at


class EventKind(models.TextChoices):
    OPENED = "opened", _("Opened")
    MOVED = "moved", _("Deadline moved")
    STEP = "step", _("Ladder step")
    FULFILLED = "fulfilled", _("Fulfilled")
    CANCELLED = "cancelled", _("Cancelled")
    PARKED = "parked", _("Parked with an error")
    RESUMED = "resumed", _("Resumed")


class ObligationEvent(models.Model):
    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=EventKind)
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    step = models.CharField(max_length=40, blank=True)
    superseded = models.BooleanField(default=False)
    actor_label = models.CharField(max_length=150, blank=True)
    data: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["obligation", "step", "due_at"], name="obligation_step_once", condition=Q(kind="step")
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.step}"
