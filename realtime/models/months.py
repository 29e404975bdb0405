"""The month in the client's terms (RTM-12): frozen once, each later correction a revision with what changed and why.

Invariants, by trigger: a frozen month and its revisions are never changed or removed; it is over when it is frozen;
revisions follow each other, and each says what changed and why.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_filter
from realtime.models.recovery import FLOOR_READERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

MONTH_READERS = FLOOR_READERS | {Role.CLIENT}


class ServiceMonthQuerySet(models.QuerySet["ServiceMonth"]):
    def visible_to(self, user: User) -> ServiceMonthQuerySet:
        return self.filter(site_filter(user, MONTH_READERS))


class ServiceMonth(models.Model):
    """`month` is the first of it."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    month = models.DateField(_("month"))

    objects = ServiceMonthQuerySet.as_manager()
    if TYPE_CHECKING:
        revisions: RelatedManager[MonthRevision]

    class Meta:
        ordering = ["-month", "site"]
        verbose_name = _("month of service")
        constraints = [
            models.UniqueConstraint(fields=["site", "month"], name="service_month_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="service_month_is_first"),
        ]
        indexes = [models.Index(fields=["month", "id"], name="service_month_of")]

    def __str__(self) -> str:
        return f"{self.site.code} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:month", args=[self.pk])

    @property
    def label(self) -> str:
        return date_format(date(self.month.year, self.month.month, 1), "F Y")


class MonthRevision(models.Model):
    """`figures`: see services.months.rows_of; `changes`: of a later one, [{"key", "old", "new"}]. 0 is the first."""

    month = models.ForeignKey(ServiceMonth, models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveSmallIntegerField(_("revision"))
    figures = models.JSONField()
    outages = models.JSONField(default=list, blank=True)
    frozen_at = models.DateTimeField(_("frozen"))
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    changes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["month", "number"], name="month_revision_once")]

    def __str__(self) -> str:
        return f"{self.month} rev. {self.number}"
