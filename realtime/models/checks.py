"""The roster validated on the day before (RTM-2; SOP-RTM 8.2 no 1; MO 4.3.6): one row for each site, day and shift.

Invariants: one for each; signed has a name and a time. What was signed is kept by its digest: a roster that says
something else of that shift reopens it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site, User
from occ.people.scope import site_filter
from occ.times import month_of
from realtime.choices import CheckStatus
from realtime.models.roster import ROSTER_READERS, Roster, Shift


class CheckQuerySet(models.QuerySet["RosterCheck"]):
    def visible_to(self, user: User) -> CheckQuerySet:
        return self.filter(site_filter(user, ROSTER_READERS))

    def waiting(self) -> CheckQuerySet:
        return self.filter(status__in=(CheckStatus.OPEN, CheckStatus.REOPENED))


class RosterCheck(models.Model):
    """`findings`: see realtime.rostering.checking.Finding; `cover`: need and cover by half-hour, as judged last."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    day = models.DateField(_("day"))
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="+", verbose_name=_("shift"))
    status = models.CharField(_("status"), max_length=10, choices=CheckStatus, default=CheckStatus.OPEN)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    judged_at = models.DateTimeField(_("checked"))
    findings = models.JSONField(default=list)
    cover = models.JSONField(default=list)
    blocking = models.PositiveSmallIntegerField(_("blocking"), default=0)
    warnings = models.PositiveSmallIntegerField(_("warnings"), default=0)
    people = models.PositiveSmallIntegerField(_("people"), default=0)
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField(_("signed off"), null=True, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    signed_digest = models.CharField(max_length=64, blank=True)

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "shift__starts", "pk"]
        verbose_name = _("roster validation")
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "shift"], name="roster_check_once"),
            models.CheckConstraint(condition=Q(status__in=CheckStatus.values), name="roster_check_known"),
            models.CheckConstraint(
                condition=~Q(status="signed")
                | (Q(signed_by__isnull=False, signed_at__isnull=False) & ~Q(signed_digest="")),
                name="roster_check_signed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["day", "id"], name="roster_check_day")]

    def __str__(self) -> str:
        return f"{self.site.code} {self.day:%Y-%m-%d} {self.shift.code}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:check", args=[self.pk])

    def planners(self) -> set[int]:
        """The keys of the users who wrote the version that holds."""
        month = Roster.objects.filter(site=self.site_id, month=month_of(self.day), amends=False)
        written = month.filter(published_at__isnull=False).order_by("-published_at", "-pk").first()
        return set(written.hands.values_list("pk", flat=True)) if written else set()
