"""Backups declared lost (RET-6): of which the key cannot be unwrapped, and what became of their records.

Invariants, kept by triggers: what was packed leaves its table only for `LostPacked`, key and all, and only with a loss
that somebody else confirmed than declared it; so nothing is erased by it, and a key that is found again opens what it
opened. The key goes when the record is destroyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.models import Site, User
from occ.people.scope import site_filter
from retention.choices import LossStatus
from retention.models.bags import Bag, Pack
from retention.models.checks import Finding
from retention.models.records import Record
from retention.personal import CATALOGUE_READERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class LossQuerySet(models.QuerySet["Loss"]):
    def visible_to(self, user: User) -> LossQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))


class Loss(models.Model):
    """Declared by Team IT for a finding, confirmed or refused by a manager: an incident once it is confirmed."""

    number = models.CharField(_("number"), max_length=30, unique=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="losses", verbose_name=_("finding"))
    bag = models.ForeignKey(Bag, models.PROTECT, related_name="losses", verbose_name=_("bag"))
    status = models.CharField(_("status"), max_length=10, choices=LossStatus, default=LossStatus.DECLARED)
    reason = models.CharField(_("why it is lost"), max_length=300)
    records_count = models.PositiveIntegerField(_("records"), default=0)
    bytes_count = models.PositiveBigIntegerField(_("volume"), default=0)
    declared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("declared by"))
    declared_at = models.DateTimeField(_("declared"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = LossQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        lost: RelatedManager[LostPacked]

    class Meta:
        verbose_name = _("loss")
        verbose_name_plural = _("losses")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LossStatus.values) & ~Q(reason=""), name="loss_says_why"),
            models.CheckConstraint(
                condition=Q(status=LossStatus.DECLARED, decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(status=LossStatus.DECLARED),
                name="loss_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("declared_by")), name="loss_four_eyes"
            ),
            models.UniqueConstraint(
                fields=["finding"], condition=Q(status=LossStatus.DECLARED), name="loss_declared_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("retention:loss", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status == LossStatus.DECLARED


class LostPacked(models.Model):
    """What was known of a record in its package (see Packed) when its backup was declared lost."""

    loss = models.ForeignKey(Loss, models.PROTECT, related_name="lost")
    record = models.ForeignKey(Record, models.PROTECT, related_name="lost")
    pack = models.ForeignKey(Pack, models.PROTECT, related_name="lost")
    name = models.CharField(max_length=120)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    sha512 = models.CharField("SHA-512", max_length=128)
    key = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["loss", "record"], name="lost_once"),
            models.UniqueConstraint(fields=["pack", "offset"], name="lost_place_once"),
            models.CheckConstraint(
                condition=Q(key=None, erased_at__isnull=False) | Q(key__isnull=False, erased_at=None),
                name="lost_key_or_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loss}: {self.name}"
