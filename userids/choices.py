from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")


class Channel(models.TextChoices):
    VOICE = "voice", _("Voice")
    WHATSAPP = "whatsapp", "WhatsApp"
    SOCIAL = "social", _("Social media")
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Live chat")
    VIDEO = "video", _("Video call")


class ConnectorKind(models.TextChoices):
    MANUAL = "manual", _("By hand, with proof")
    SCIM = "scim", "SCIM 2.0"


class EnforcementMode(models.TextChoices):
    REMIND = "remind", _("People are reminded")
    ENFORCE = "enforce", _("The connector deactivates")


class OrderState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Dropped")


class DeactivationStatus(models.TextChoices):
    RECORDED = "recorded", _("Recorded")
    REQUESTED = "requested", _("Requested")
    IN_PROGRESS = "in_progress", _("In progress")
    FAILED = "failed", _("Failed")
    SHUT = "shut", _("Shut by the connector")
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
