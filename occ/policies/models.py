"""Dated policy rows: the procedures' numbers, which a coordinator changes with a reason and from a day on.

A row is never changed: a new one takes over from its `valid_from`. The latest row that has begun holds;
one for the site goes before one for all. One that has not begun yet can be taken back: it stays, and never holds.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site


class PolicyQuerySet(models.QuerySet["Policy"]):
    def standing(self) -> PolicyQuerySet:
        """Without those that were taken back before they began: what reads a value asks these."""
        return self.filter(taken_back=None)


class Policy(models.Model):
    key = models.CharField(_("policy"), max_length=80)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site"))
    value = models.JSONField(_("value"))
    valid_from = models.DateTimeField(_("valid from"))
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(
                fields=["key", "site", "valid_from"], name="policy_one_value_at_a_time", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="policy_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class TakenBack(models.Model):
    """A planned row that is not to hold after all (append-only by trigger)."""

    policy = models.OneToOneField(Policy, models.PROTECT, related_name="taken_back")
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="taken_back_has_reason")]

    def __str__(self) -> str:
        return f"{self.policy} ({self.at:%Y-%m-%d})"
