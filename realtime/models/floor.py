"""What agents and customers did, derived from events: a function of all that is known, in whatever order it came."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel
from occ.people.models import Person, Site, User
from occ.people.scope import has_role, site_filter
from realtime.choices import AgentState, Category, Fault, Outcome
from realtime.models.events import Source
from realtime.models.recovery import FLOOR_READERS


class AgentSegment(models.Model):
    """A time in which an agent was in one state; half-open. `agent` is the name by which the source knows them.

    `person` is who held that name when the segment began; null where nobody is known to have.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    agent = models.CharField(max_length=80)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=AgentState)
    reason = models.CharField(max_length=40, blank=True)
    # Between two events that do not fit together nobody knows what was: UNKNOWN, and said so.
    gap = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "agent", "starts_at"], name="segment_once"),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="segment_order"),
            models.CheckConstraint(condition=Q(state__in=AgentState.values), name="segment_state_known"),
        ]
        indexes = [
            models.Index(fields=["person", "starts_at"], name="segment_person", condition=~Q(person=None)),
            models.Index(fields=["site", "starts_at"], name="segment_site"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.state} {self.starts_at:%Y-%m-%d %H:%M:%S}"


class AgentNow(models.Model):
    """The latest that is known of an agent. `heard_at`: when anything was last heard of them, a heartbeat too."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    agent = models.CharField(max_length=80)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=20, choices=Channel, blank=True)
    state = models.CharField(max_length=10, choices=AgentState)
    reason = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField()
    heard_at = models.DateTimeField()
    interaction = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "agent"], name="agent_now_once"),
            models.CheckConstraint(condition=Q(state__in=AgentState.values), name="agent_now_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.state}"


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, user: User) -> InteractionQuerySet:
        """The own sites'; what belongs to no site is seen by whoever sees all of them."""
        return self.filter(site_filter(user, FLOOR_READERS)) if has_role(user, FLOOR_READERS) else self.none()

    def faulty(self) -> InteractionQuerySet:
        return self.exclude(faults=[])


class Interaction(models.Model):
    """A call, chat or case from its arrival to its end. Durations are milliseconds; null while they go on."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(_("number"), max_length=120)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    category = models.CharField(_("category"), max_length=12, choices=Category, blank=True)
    # A case waits for an answer that is submitted; a call or chat for an agent who answers.
    is_case = models.BooleanField(default=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    arrived_at = models.DateTimeField(_("arrived"))
    queued_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    agent = models.CharField(max_length=80, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    wait_ms = models.BigIntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)
    hold_ms = models.BigIntegerField(null=True)
    wrapup_ms = models.BigIntegerField(null=True)
    # How many agents took it: a transferred call is one call offered and two handled.
    handled = models.PositiveSmallIntegerField(default=0)
    faults = ArrayField(models.CharField(max_length=10, choices=Fault), default=list, blank=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="interaction_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="interaction_outcome_known"),
        ]
        indexes = [
            models.Index(fields=["site", "channel", "arrived_at"], name="interaction_arrived"),
            models.Index(fields=["person", "arrived_at"], name="interaction_person", condition=~Q(person=None)),
            models.Index(fields=["channel", "arrived_at"], name="interaction_waiting", condition=Q(outcome="open")),
            models.Index(fields=["-arrived_at"], name="interaction_faulty", condition=~Q(faults=[])),
            # Whose calls overlap is asked of an agent's calls around a time.
            models.Index(
                fields=["source", "agent", "answered_at"],
                name="interaction_agent",
                condition=~Q(agent="") & Q(channel="voice", talk_ms__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("realtime:interaction", args=[self.pk])
