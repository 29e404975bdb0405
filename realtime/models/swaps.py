"""Agents' own matters of the roster (RTM-1): two who change shifts, and the calendar feed of one.

Invariants: nobody swaps with oneself; one open swap for each person and day. A feed's token is kept as its SHA-256
only; one of a person is live at most.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Person, Site, User
from occ.people.scope import has_role, site_filter
from realtime.choices import SwapStatus
from realtime.models.roster import ROSTER_READERS, Roster


class SwapQuerySet(models.QuerySet["ShiftSwap"]):
    def visible_to(self, user: User) -> SwapQuerySet:
        """The site's by role; an agent's own, whichever side of it they are."""
        seen = site_filter(user, ROSTER_READERS)
        if not seen or user.person_id is None or not has_role(user, {Role.AGENT}):
            return self.filter(seen)
        return self.filter(seen | Q(person=user.person_id) | Q(other=user.person_id))

    def open(self) -> SwapQuerySet:
        return self.filter(status__in=OPEN)


OPEN = (SwapStatus.REQUESTED, SwapStatus.ACCEPTED)


class ShiftSwap(models.Model):
    """`person` gives the shift of `day` to `other` and takes what `other` has on `other_day`, which may be that day.

    `agreed`: the cells that both had on these days when it was asked, as {"day", "person", "kind", "shift", "code",
    "hours"}. That is what both have agreed to, and nothing else is carried out.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    day = models.DateField(_("day"))
    other = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("with"))
    other_day = models.DateField(_("their day"))
    status = models.CharField(_("status"), max_length=10, choices=SwapStatus, default=SwapStatus.REQUESTED)
    reason = models.CharField(_("reason"), max_length=300)
    agreed = models.JSONField(_("agreed"), default=list)
    requested_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    roster = models.ForeignKey(Roster, models.PROTECT, null=True, blank=True, related_name="+")  # what came of it

    objects = SwapQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        verbose_name = _("swap of shifts")
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("other")), name="swap_with_another"),
            models.CheckConstraint(condition=Q(status__in=SwapStatus.values), name="swap_status_known"),
            models.UniqueConstraint(
                fields=["person", "day"], name="swap_one_open", condition=Q(status__in=["requested", "accepted"])
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(decided_by__isnull=False, roster__isnull=False),
                name="swap_approved_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["requested_at", "id"], name="swap_requested")]

    def __str__(self) -> str:
        return f"{self.person} ⇄ {self.other}, {self.day:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:swap", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class CalendarFeed(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], name="calendar_feed_one_live", condition=Q(revoked_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.made_at:%Y-%m-%d}"
