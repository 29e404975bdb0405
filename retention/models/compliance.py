"""What the compliance page shows of a month (RET-14), counted by beat: no page reads fifty million rows."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site, User
from occ.people.scope import site_filter
from retention.choices import RecordKind
from retention.personal import CATALOGUE_READERS

COUNTED = (
    "records", "backed_up", "verified", "unrestorable", "overdue", "held", "proposed", "approved", "destroyed",
    "beyond",
)  # fmt: skip


class MonthFiguresQuerySet(models.QuerySet["MonthFigures"]):
    def visible_to(self, user: User) -> MonthFiguresQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))

    def touched(self, *, site_id: int, first: date | None, last: date | None, kind: str = "") -> int:
        """Something changed what these months show: they are counted again at the next occasion."""
        rows = self.filter(Q(kind=kind) if kind else Q(), site_id=site_id)
        if first is not None:
            rows = rows.filter(month__gte=first.replace(day=1))
        if last is not None:
            rows = rows.filter(month__lte=last)
        return rows.update(counted_at=None)


class MonthFigures(models.Model):
    """Of one site, kind and month of the records' ends; see services.compliance for what each count means."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=10, choices=RecordKind)
    month = models.DateField(_("month"))
    records = models.PositiveBigIntegerField(_("records"), default=0)
    backed_up = models.PositiveBigIntegerField(_("backed up"), default=0)
    verified = models.PositiveBigIntegerField(_("verified"), default=0)
    unrestorable = models.PositiveBigIntegerField(_("backed up, but cannot be restored"), default=0)
    overdue = models.PositiveBigIntegerField(_("overdue"), default=0)
    held = models.PositiveBigIntegerField(_("held"), default=0)
    proposed = models.PositiveBigIntegerField(_("proposed"), default=0)
    approved = models.PositiveBigIntegerField(_("approved"), default=0)
    destroyed = models.PositiveBigIntegerField(_("destroyed"), default=0)
    beyond = models.PositiveBigIntegerField(_("beyond the limit without a reason"), default=0)
    # The latest record of all that had been seen when this month was last found to have new ones.
    seen_record = models.PositiveBigIntegerField(default=0)
    # None: something has changed since.
    counted_at = models.DateTimeField(_("counted"), null=True)

    objects = MonthFiguresQuerySet.as_manager()

    class Meta:
        verbose_name = _("figures of a month")
        constraints = [
            models.UniqueConstraint(fields=["site", "kind", "month"], name="month_figures_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_figures_first"),
        ]
        indexes = [models.Index(fields=["counted_at"], name="month_figures_stale")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.kind} {self.month:%Y-%m}"
