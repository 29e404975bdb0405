"""Quarters of an hour: what arrived, what became of it, and what the floor's time went into (RTM-10, RTM-11).

Counts go to the quarter in which the interaction arrived; an agent's time is cut at the quarter's borders. Durations
are milliseconds. All is recomputed from interactions and segments: a late event corrects it, and that stays known.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel
from occ.people.models import Site

FORMULA = 2  # of the counts below; changes with them, and each row keeps the one it was made by


class Interval(models.Model):
    """`answered` counts calls, `handled` agents' turns with them whose times are no fault: what AHT divides by."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    starts_at = models.DateTimeField()
    offered = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    abandoned = models.PositiveIntegerField(default=0)
    short_abandoned = models.PositiveIntegerField(default=0)  # among the abandoned
    menu_only = models.PositiveIntegerField(default=0)  # not among the offered
    waiting = models.PositiveIntegerField(default=0)  # offered, and neither answered nor abandoned yet
    within = models.PositiveIntegerField(default=0)  # answered within the service level's seconds
    wait_ms = models.BigIntegerField(default=0)  # of the answered
    lost_wait_ms = models.BigIntegerField(default=0)  # of the abandoned
    handled = models.PositiveIntegerField(default=0)
    talk_ms = models.BigIntegerField(default=0)
    hold_ms = models.BigIntegerField(default=0)
    wrapup_ms = models.BigIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    untimed = models.PositiveIntegerField(default=0)  # answered, and how long they waited cannot be true
    cases = models.PositiveIntegerField(default=0)
    submitted = models.PositiveIntegerField(default=0)
    on_target = models.PositiveIntegerField(default=0)
    within_limit = models.PositiveIntegerField(default=0)
    response_ms = models.BigIntegerField(default=0)
    unmeasured = models.PositiveIntegerField(default=0)  # submitted, and the response time cannot be true
    sources = ArrayField(models.BigIntegerField(), default=list, blank=True)  # who told of them
    formula = models.PositiveSmallIntegerField(default=FORMULA)
    computed_at = models.DateTimeField()
    # A figure that a late event changed after its quarter had been closed for an hour: when last, and how often.
    corrected_at = models.DateTimeField(null=True)
    corrections = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "channel", "starts_at"], name="interval_once")]
        indexes = [models.Index(fields=["starts_at"], name="interval_starts")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.channel} {self.starts_at:%Y-%m-%d %H:%M}"


class Correction(models.Model):
    """What a late event made of a quarter that had been closed: its counts before and after. Only grows (trigger)."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel)
    starts_at = models.DateTimeField()
    at = models.DateTimeField()
    was = models.JSONField()
    became = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["site", "channel", "starts_at", "id"], name="correction_of")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.channel} {self.starts_at:%Y-%m-%d %H:%M}"


class StaffInterval(models.Model):
    """What the floor's time went into in a quarter of an hour, all channels together."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    available_ms = models.BigIntegerField(default=0)
    busy_ms = models.BigIntegerField(default=0)  # with a customer, also one on hold
    wrapup_ms = models.BigIntegerField(default=0)
    aux_ms = models.BigIntegerField(default=0)
    unknown_ms = models.BigIntegerField(default=0)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "starts_at"], name="staff_interval_once")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.starts_at:%Y-%m-%d %H:%M}"


class Stale(models.Model):
    """A quarter of an hour that must be computed anew; `channel` "" is the staff's."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, blank=True)
    starts_at = models.DateTimeField()
    since = models.DateTimeField()
    late = models.BooleanField(default=False)  # told later than an hour after it happened

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "channel", "starts_at"], name="stale_once"),
            models.CheckConstraint(condition=Q(channel="") | Q(channel__in=Channel.values), name="stale_channel_known"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.channel} {self.starts_at:%Y-%m-%d %H:%M}"
