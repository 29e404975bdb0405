"""What sources tell (RTM-4), kept as it came; append-only by trigger. All else of this app is derived from it.

Invariant: one row for each (source, event id), however often it is told. What waits to be worked in is an `Arrival`,
written in the transaction of its events: an accepted event is worked in, whatever dies in between.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter

SOURCE_READERS = frozenset(
    {Role.RTFM, Role.WFM, Role.IT, Role.COORDINATOR, Role.TEAM_LEADER, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR}
)


class EventSourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> EventSourceQuerySet:
        """The own sites' and those of all sites."""
        seen = site_filter(user, SOURCE_READERS)
        if not seen:
            return self
        return self.filter(seen | Q(site=None)) if has_role(user, SOURCE_READERS) else self.none()


class Source(models.Model):
    """An application or a file that tells events. One that is not known yet is made by its first event."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site"))
    # Silent for longer than this, what is known by it is stale.
    heartbeat_seconds = models.PositiveIntegerField(_("gives a sign of life every (seconds)"), default=60)
    # Whether that is said of each agent: then one of whom nothing was heard for so long is stale by oneself.
    each_agent = models.BooleanField(_("gives a sign of life of each agent"), default=True)
    from_files = models.BooleanField(_("comes as files"), default=False)
    active = models.BooleanField(_("in use"), default=True)
    # Signs of life; written by update(), so that they leave no history.
    received_at = models.DateTimeField(null=True, blank=True, editable=False)
    occurred_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when the source itself says that its feed is down (feed.down); empty while it is up.
    down_since = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EventSourceQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["received_at", "occurred_at", "down_since"])

    class Meta:
        ordering = ["code"]
        verbose_name = _("source")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("realtime:source", args=[self.pk])


class Event(models.Model):
    """`body` is what came, whole; the columns are what it is found by. `parked`: why it takes part in nothing."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    source_event_id = models.CharField(max_length=120)
    seq = models.BigIntegerField(null=True)
    type = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    agent = models.CharField(max_length=80, blank=True)
    interaction = models.CharField(max_length=120, blank=True)
    parked = models.CharField(max_length=40, blank=True)
    body = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "source_event_id"], name="event_once")]
        indexes = [
            models.Index(
                fields=["source", "agent", "occurred_at"], name="event_agent", condition=~Q(agent="") & Q(parked="")
            ),
            models.Index(
                fields=["source", "interaction"], name="event_interaction", condition=~Q(interaction="") & Q(parked="")
            ),
            models.Index(fields=["-received_at"], name="event_parked", condition=~Q(parked="")),
            BrinIndex(fields=["occurred_at"], name="event_occurred"),
            # Seldom: read from the beginning, to know whether a link was up.
            models.Index(
                fields=["occurred_at"], name="event_link", condition=Q(type__in=["link.up", "link.down"], parked="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class Arrival(models.Model):
    """Events that came together and wait to be worked in; gone once they are."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    events = ArrayField(models.BigIntegerField())
    # A bad one never stops the others: it is parked with its error and shown.
    parked_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="arrival_waiting", condition=Q(parked_at=None))]

    def __str__(self) -> str:
        return f"{self.source_id} {self.received_at:%Y-%m-%d %H:%M:%S}"
