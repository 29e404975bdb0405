"""Dated policy rows: the procedures' numbers, which a coordinator changes with a reason and from a day on.

A row is never changed: a new one takes over from its `valid_from`. The latest row that has begun holds;
one for the site goes before one for all.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site


class Policy(models.Model):
    key = models.CharField(_("policy"), max_length=80)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site"))
    value = models.JSONField(_("value"))
    valid_from = models.DateTimeField(_("valid from"))
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

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
