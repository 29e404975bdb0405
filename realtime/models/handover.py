"""The note by which the team leader of one shift hands the floor over to that of the next (RTM-15, MO 4.3.6).

Invariants: one note for each shift of a day; who takes over is not who hands over; what was signed is not changed, and
a note that both have signed stays as it is (trigger).
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.models import Site, User
from occ.people.scope import site_filter
from realtime.choices import HandoverStatus
from realtime.models.recovery import FLOOR_READERS
from realtime.models.roster import Shift


class HandoverQuerySet(models.QuerySet["Handover"]):
    def visible_to(self, user: User) -> HandoverQuerySet:
        return self.filter(site_filter(user, FLOOR_READERS))


class Handover(models.Model):
    """`content`: what the system drew up, as it was signed; empty until then. Names and positions: as they signed."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    day = models.DateField(_("day"))
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="+", verbose_name=_("shift"))
    to_shift = models.ForeignKey(Shift, models.PROTECT, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    status = models.CharField(_("status"), max_length=10, choices=HandoverStatus, default=HandoverStatus.DRAFT)
    opened_at = models.DateTimeField(_("opened"))
    content = models.JSONField(default=dict, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    note = models.TextField(_("notes"), blank=True)
    handed_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    handed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    handed_name = models.CharField(max_length=150, blank=True)
    handed_position = models.CharField(max_length=150, blank=True)
    taken_at = models.DateTimeField(_("taken over"), null=True, blank=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    taken_name = models.CharField(max_length=150, blank=True)
    taken_note = models.TextField(_("remarks of who takes over"), blank=True)

    objects = HandoverQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        verbose_name = _("shift handover")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "day", "shift"], name="handover_once", condition=~Q(status="cancelled")
            ),
            models.CheckConstraint(condition=Q(status__in=HandoverStatus.values), name="handover_status_known"),
            models.CheckConstraint(condition=Q(taken_by=None) | ~Q(taken_by=F("handed_by")), name="handover_four_eyes"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"], handed_at=None, handed_by=None)
                | Q(status__in=["handed", "taken"], handed_at__isnull=False, handed_by__isnull=False)
                & ~Q(content_sha256=""),
                name="handover_handed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="taken", taken_at__isnull=False, taken_by__isnull=False)
                | ~Q(status="taken") & Q(taken_at=None, taken_by=None),
                name="handover_taken_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["starts_at", "id"], name="handover_started")]

    def __str__(self) -> str:
        return f"{self.shift.code} {self.shift.label}, {self.site.code} {self.day}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:handover", args=[self.pk])

    @property
    def signed_at(self) -> datetime | None:
        return self.taken_at or self.handed_at
