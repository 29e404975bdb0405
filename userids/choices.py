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


class FindingKind(models.TextChoices):
    """What a reconciliation finds, the gravest first."""

    ACTIVITY_AFTER_LAST_DAY = "activity_after_last_day", _("Activity after the last day")
    ACTIVE_AFTER_LEAVING = "active_after_leaving", _("Active, but the holder has left")
    UNKNOWN = "unknown", _("Not in the logbook")
    ACTIVE_IN_APPLICATION = "active_in_application", _("Active only in the application")
    MISSING = "missing", _("Not in the application")
    INACTIVE_IN_APPLICATION = "inactive_in_application", _("Inactive in the application")
    HOLDER_DIFFERS = "holder_differs", _("Holder differs")
    TWO_IDS = "two_ids", _("Two user IDs for one person")
    EMAIL_DIFFERS = "email_differs", _("E-mail differs")
    DORMANT = "dormant", _("No log-in for a long time")


class FindingStatus(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")
    ACCEPTED = "accepted", _("Accepted")
    GONE = "gone", _("No longer found")


class ListSource(models.TextChoices):
    FILE = "file", _("File")
    CONNECTOR = "connector", _("Connector")


class Sight(models.TextChoices):
    """What became of a finding in a run."""

    NEW = "new", _("New")
    AGAIN = "again", _("Found again")
    REOPENED = "reopened", _("Came back")
    GONE = "gone", _("No longer found")


class BreachCause(models.TextChoices):
    LATE_NOTICE = "late_notice", _("Late notice")
