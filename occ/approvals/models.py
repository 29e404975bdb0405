"""Approvals of frozen lists.

Invariant: a row is never changed and never goes (trigger); calling an approval back is a row of its own. What was
approved is the list whose SHA-256 it names: any other list, however alike, is not approved.
"""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.approvals.choices import Decision
from occ.people.models import User

SHA256 = r"^[0-9a-f]{64}$"


class Approval(models.Model):
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey()
    # Of the list as it was shown to who decided.
    list_sha256 = models.CharField(max_length=64)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("decided by"))
    name = models.CharField(_("name"), max_length=150)
    position = models.CharField(_("position"), max_length=80)
    decided_at = models.DateTimeField(_("decided"))
    # How who decided proved who they are: the password entered again, and a second factor where one is set up.
    second_factor = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("approval")
        constraints = [
            models.CheckConstraint(condition=Q(list_sha256__regex=SHA256), name="approval_sha256"),
            models.CheckConstraint(condition=Q(decision__in=Decision.values), name="approval_decision_known"),
            models.CheckConstraint(
                condition=Q(decision=Decision.APPROVED) | ~Q(reason=""), name="approval_refused_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["content_type", "object_id"], name="approval_subject")]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}, {self.name}"


class Recall(models.Model):
    """An approval called back before what it allows was begun."""

    approval = models.OneToOneField(Approval, models.PROTECT, related_name="recall")
    recalled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recalled_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="recall_has_reason")]

    def __str__(self) -> str:
        return f"{self.approval} ({self.recalled_at:%Y-%m-%d})"
