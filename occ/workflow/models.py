"""The history of every process: one row a transition, never changed (append-only by trigger)."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.actors import who


class WorkflowStep(models.Model):
    flow = models.CharField(max_length=60)
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey()
    transition = models.CharField(max_length=30, blank=True)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(_("who"), max_length=150)
    note = models.TextField(_("note"), blank=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["content_type", "object_id", "id"], name="workflow_step_subject")]

    def __str__(self) -> str:
        return f"{self.from_state} -> {self.to_state}"

    @property
    def who(self) -> str:
        """Who made it, for people to read; of what the system did because somebody asked, also who that was."""
        return who(self.actor_label, self.evidence.get("asked_by", ""))
