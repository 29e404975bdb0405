from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel as Channel


class AccountStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")


class DeactivationStatus(models.TextChoices):
    RECORDED = "recorded", _("Recorded")
    REQUESTED = "requested", _("Requested")
    IN_PROGRESS = "in_progress", _("In progress")
    FAILED = "failed", _("Failed")
    DEACTIVATED = "deactivated", _("Deactivated")
    DOCUMENTED = "documented", _("Documented")
    CANCELLED = "cancelled", _("Cancelled")


class ReplacementStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    IN_PROGRESS = "in_progress", _("In progress")
    FAILED = "failed", _("Failed")
    REPLACED = "replaced", _("Replaced")
    DOCUMENTED = "documented", _("Documented")
    CANCELLED = "cancelled", _("Cancelled")


class BreachCause(models.TextChoices):
    LATE_NOTICE = "late_notice", _("Late notice")
