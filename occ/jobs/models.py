"""Work that takes longer than a click: claimed by one worker, seen by its owner, left and found again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.jobs.kinds import KINDS

# A running job whose worker has not been heard of for so long is taken up by another one.
SILENT = timedelta(minutes=3)
ATTEMPTS = 3
KEPT = timedelta(days=30)


class State(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> JobQuerySet:
        return self.filter(owner=user)

    def claimable(self, now: datetime) -> JobQuerySet:
        """Waiting, or left by a worker that died."""
        return self.filter(Q(state=State.QUEUED) | Q(state=State.RUNNING, heard_at__lt=now - SILENT))


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs")
    language = models.CharField(max_length=2)
    params: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    input_file = models.CharField(max_length=200, blank=True)
    input_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    result: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    output_file = models.CharField(max_length=200, blank=True)
    output_name = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_percent"),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_owner"),
            models.Index(fields=["heard_at"], name="job_open", condition=Q(state__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("exports:job", args=[self.pk])

    @property
    def label(self) -> str:
        return str(KINDS[self.kind].label) if self.kind in KINDS else self.kind

    @property
    def leads_on(self) -> bool:
        return self.kind in KINDS and KINDS[self.kind].leads_on

    @property
    def is_cleared(self) -> bool:
        """Of one that leaves a result: it was kept for as long as such things are."""
        return self.state == State.DONE and not self.result

    @property
    def is_open(self) -> bool:
        return self.state in {State.QUEUED, State.RUNNING}
